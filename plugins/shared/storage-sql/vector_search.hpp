// How a search is run where each record's words are a tsvector with a GIN index over them.
//
// Such an index gives all hits, in no order, and reads all that begins with each of the words. So
// the time would grow with what many records have, though a page shows few of them:
//
// - Where one of the newest records is a hit, the list is walked in its order and each record is
//   looked up, as far as hits can be expected. Where that fills the page, it is the page.
// - A word that many of the newest records have is not looked up beside one that few have, but
//   looked at in what the others find.
//
// What the newest records are like decides about time alone, never about what is found.
#pragma once

#include "storage-sql/query.hpp"
#include "storage-sql/search_terms.hpp"
#include "storage-sql/sql_builder.hpp"

namespace streamwall::storage {

// The words as PostgreSQL's tsquery takes them: each the beginning of a record's word.
std::string tsquery_text(const std::vector<std::string>& words);

class VectorSearch {
  public:
    VectorSearch(const Dialect& dialect, const Collection& collection, const SearchTerms& terms,
                 Kept& kept);

    // `behind`: the values of a cursor, or null.
    Result<void> list(Query& query, const std::vector<Value>* behind) const;
    Result<void> count(Query& query) const;

  private:
    bool is_walked(const Query& query) const;
    Result<Statement> walk(Query& query, const std::vector<Value>* behind) const;
    void append_newest(SqlBuilder& sql) const;
    void append_hits(SqlBuilder& sql) const;

    const Dialect& dialect_;
    const Collection& collection_;
    const SearchTerms& terms_;
    std::string_view asked_;  // all words, as a tsquery
};

}  // namespace streamwall::storage
