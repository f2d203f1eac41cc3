// How a search is run: as a condition in a filter, or as a list in order of ids.
//
// An index of tokens gives its hits by id. So a list of the newest reads as many hits as it shows,
// and where a field beside the index comes first in its order, one state after the other. A count
// reads the index alone, unless other conditions are asked for.
#pragma once

#include "storage-sql/query.hpp"
#include "storage-sql/search_terms.hpp"
#include "storage-sql/sql_builder.hpp"

namespace streamwall::storage {

// Whether a record's words are among those asked for, as a condition.
void append_search(SqlBuilder& sql, const Collection& collection,
                   const std::vector<std::string>& words, Kept& kept);

// A filter that has one search among the conditions that must all hold.
class SearchPlan {
  public:
    SearchPlan(const Dialect& dialect, const Collection& collection, SearchTerms terms);

    // False where the order isn't one of ids. `behind`: the values of a cursor, or null.
    Result<bool> list(Query& query, const std::vector<Value>* behind) const;
    Result<void> count(Query& query) const;

  private:
    // The hits of some states, in order of ids.
    struct Arm {
        std::string states;
        const Value* behind = nullptr;  // the id of a cursor
        bool is_quick = false;
    };
    std::string states_with(std::size_t beside, bool value) const;
    std::optional<std::vector<Arm>> arms(const Query& query,
                                         const std::vector<Value>* behind) const;
    Result<Statement> list_of(Query& query, const std::vector<Arm>& arms) const;
    Result<void> append_arm(SqlBuilder& sql, Query& query, const Arm& arm, std::int64_t rows) const;
    void append_check(SqlBuilder& sql, Kept& kept) const;
    Result<void> quick_count(Query& query) const;
    void append_hits(SqlBuilder& sql, const Arm& arm, Kept& kept) const;
    Result<void> append_rest(SqlBuilder& sql, Kept& kept, std::string_view first_word) const;

    const Dialect& dialect_;
    const Collection& collection_;
    std::vector<std::string> words_;
    std::string states_;                           // those that the filter leaves
    std::vector<const boost::json::value*> rest_;  // conditions that the index knows nothing of
};

}  // namespace streamwall::storage
