// What requests do inside the writer's transaction, and what must happen once it is committed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sqlite-store/call.hpp"
#include "sqlite-store/connection.hpp"
#include "sqlite-store/record_cache.hpp"
#include "storage-sql/collection.hpp"

namespace streamwall::sqlite {

// An event written in this transaction. Its views end with the request that brought it.
struct WrittenEvent {
    std::string id;
    std::string subject;
    std::string_view type;
    std::string_view version;
    std::string_view data;
    std::string_view changes;
    std::string_view metadata;
    RecordText record;  // holds `data` where that is a record
    const storage::Origin* origin = nullptr;
    std::int64_t sequence = 0;
};

struct WrittenRecord {
    storage::CollectionPtr collection;
    std::int64_t id = 0;
    RecordText text;  // null: deleted
};

// One transaction. The writer's thread only.
class Batch {
  public:
    Batch(Connection& connection, RecordCache& cache, const std::string& epoch,
          std::int64_t last_sequence, std::int64_t now_ms,
          std::shared_ptr<const storage::Schema> schema)
        : database(connection),
          cache(cache),
          epoch(epoch),
          now_ms(now_ms),
          last_sequence(last_sequence),
          schema(std::move(schema)) {}

    // Where to go back to when a request fails.
    struct Mark {
        std::size_t events;
        std::size_t records;
        std::int64_t last_sequence;
        std::size_t searches;
        std::shared_ptr<const storage::Schema> schema;
    };
    Mark mark() const {
        return {events.size(), records.size(), last_sequence, database.search_changes().mark(),
                schema};
    }
    void rewind(const Mark& mark) {
        events.resize(mark.events);
        records.resize(mark.records);
        last_sequence = mark.last_sequence;
        database.search_changes().rewind(mark.searches);
        schema = mark.schema;
    }

    Connection& database;
    RecordCache& cache;  // as of the last commit
    const std::string& epoch;
    const std::int64_t now_ms;
    std::int64_t last_sequence;
    std::shared_ptr<const storage::Schema> schema;
    std::vector<WrittenEvent> events;
    std::vector<WrittenRecord> records;
};

// One write request. Read and checked on the caller's thread, run on the writer's.
class Job {
  public:
    virtual ~Job() = default;

    // May be run again after the transaction of an earlier run was rolled back.
    virtual Answer run(Batch& batch) = 0;
    // True where a failure can't leave anything behind, so that no savepoint is needed.
    virtual bool undoes_itself() const { return false; }
    // True where the work was cut into pieces and the next one is to be run in a later transaction.
    virtual bool unfinished() const { return false; }

    std::unique_ptr<Call> call;
};

}  // namespace streamwall::sqlite
