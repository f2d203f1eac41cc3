// The full-text index of a collection: an FTS5 table `search_<collection>` of tokens
// (storage-sql/search.hpp), kept in the transaction that changes the records.
//
// Triggers of the record's table, which a change of other fields doesn't set off, say which tokens
// a record has gained and lost. They are kept in memory and written right before the commit, in
// order of ids: FTS5 begins a new segment wherever an id is smaller than the one before.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage-sql/collection.hpp"
#include "storage-sql/search.hpp"

namespace streamwall::sqlite {

class Connection;

// What the index has to learn of the transaction under way.
class SearchChanges {
  public:
    struct Change {
        std::string table;
        std::int64_t id = 0;
        int rows = 0;  // +1 for a new record, −1 for a deleted one
        storage::Tokens lost;
        storage::Tokens gained;
    };

    void note(Change change) { changes_.push_back(std::move(change)); }
    std::size_t mark() const { return changes_.size(); }
    void rewind(std::size_t mark) { changes_.resize(mark); }
    // What they come to: one for each record, in the order in which the index takes them best.
    // Nothing is left afterwards.
    std::vector<Change> take();

  private:
    std::vector<Change> changes_;
};

// Inside the transaction that made them, before its end.
void write_search_changes(Connection& writer);

// The functions that triggers and queries of the index call; `changes` outlives the database.
void register_search_functions(sqlite3* database, SearchChanges& changes);

// Inside a transaction: makes the index what `collection` declares, from all its records where it
// is another one than before.
void ensure_search_index(Connection& writer, const storage::Collection& collection);
// The same for all of them, where they were made by other rules.
void ensure_search_rules(Connection& writer, const storage::Schema& schema);

}  // namespace streamwall::sqlite
