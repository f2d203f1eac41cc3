// The services `store` and `journal` on one SQLite file. Knows nothing of the plugin boundary.
//
// call() may be used from every thread. What takes only memory (records in the cache, positions,
// refusals of malformed requests) is answered before it returns; the rest goes to the writer or to
// a reader, and never blocks the caller.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sqlite-store/call.hpp"
#include "sqlite-store/file_lock.hpp"
#include "sqlite-store/leases.hpp"
#include "sqlite-store/readers.hpp"
#include "sqlite-store/record_cache.hpp"
#include "sqlite-store/writer.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::sqlite {

struct Options {
    std::string path;
    std::size_t readers = 2;
    std::size_t max_queued = 4096;  // for the writer, and again for the readers
    std::size_t cache_bytes = 8 << 20;
    std::optional<std::int64_t> keep_events;
    std::optional<std::int64_t> keep_days;
    WriterOptions writer;  // path and max_queued are taken from above
};

using storage::Method;
using storage::method_names;

class Store {
  public:
    // An error says in its message what to do about the file.
    static storage::Result<std::unique_ptr<Store>> open(Options options, Hooks hooks);
    ~Store();  // answers everything that is queued, writes the positions
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // The answer, or nothing where `defer` was called and its Call gets the answer.
    std::optional<Answer> call(Method method, std::string_view body, storage::Origin origin,
                               const Defer& defer);

    // How SQLite would run a `query`: {"list":[text…],"count":[text…]}. Blocks; for tests.
    Answer explain(std::string_view query) const;

    const std::string& epoch() const { return writer_->epoch(); }
    std::uint64_t commits() const { return writer_->commits(); }

  private:
    using Inline = std::optional<Answer>;
    using DocumentPtr = std::unique_ptr<storage::Document>;

    Store(Options options, Hooks hooks);

    Inline declare(const storage::Document& document, const Defer& defer);
    Inline get(DocumentPtr document, const Defer& defer);
    Inline query(DocumentPtr document, const Defer& defer);
    Inline apply(DocumentPtr document, storage::Origin origin, const Defer& defer);
    Inline append(DocumentPtr document, storage::Origin origin, const Defer& defer);
    Inline read(const storage::Document& document, const Defer& defer);
    Inline position(const storage::Document& document, const Defer& defer);
    Inline save_positions(const storage::Document& document);
    Inline lease(std::string_view service, const storage::Document& document, const Defer& defer);
    Inline dead_letters(const storage::Document& document, const Defer& defer);
    Inline dead_letter_take(const storage::Document& document, const Defer& defer);
    Inline trim(const storage::Document& document, const Defer& defer);

    Inline write(std::unique_ptr<Job> job, const Defer& defer);
    Inline read_later(Readers::Work work, const Defer& defer);

    const Options options_;
    const Hooks hooks_;
    RecordCache cache_;
    FileLock lock_;
    Leases leases_;
    std::unique_ptr<Writer> writer_;
    std::unique_ptr<Readers> readers_;
};

}  // namespace streamwall::sqlite
