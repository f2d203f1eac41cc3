#include "storage-sql/vector_search.hpp"

#include <algorithm>
#include <utility>

#include "storage-sql/cursor.hpp"
#include "storage-sql/filter.hpp"

namespace streamwall::storage {
namespace {

// How many of the newest records tell what the others are like. A list is walked where at least one
// of them is a hit; a word that a tenth of them has is one of many records.
constexpr std::string_view kNewest = "200";
constexpr std::string_view kMany = "20";
// How far a list is walked before its hits are looked up instead, which takes about as long for
// what fewer records have.
constexpr std::int64_t kWalked = 10'000;
constexpr std::int64_t kWalkedForSkipped = 20;
constexpr std::int64_t kMostSkipped = 10'000;

constexpr std::string_view kAnd = " & ";

bool has_field(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

// Whether the records with one value in each of `fixed`, and they alone, stand in the index in the
// order of `sort`.
bool is_in_order(const Index& index, std::vector<std::string> fixed, std::string_view sort) {
    for (const auto& field : index.fields) {
        if (const auto erased = std::erase(fixed, field); erased > 0) continue;
        const auto name = std::string_view(field).substr(field.starts_with('-') ? 1 : 0);
        return fixed.empty() && name == sort && &field == &index.fields.back();
    }
    return fixed.empty() && sort.empty();
}

// The conditions of a statement, of which there may be none.
class Conditions {
  public:
    Conditions(SqlBuilder& sql, const Collection& collection, Kept& kept)
        : sql_(sql), collection_(collection), kept_(kept) {}

    Result<void> add(const boost::json::value& term) {
        return append_filter(next(), collection_, term, kept_, 2);
    }
    Result<void> add(const std::vector<const boost::json::value*>& terms) {
        for (const auto* term : terms) {
            if (auto added = add(*term); !added) return added;
        }
        return {};
    }
    Result<void> add(const std::vector<SearchTerms::Beside>& terms) {
        for (const auto& beside : terms) {
            if (auto added = add(*beside.term); !added) return added;
        }
        return {};
    }
    void add_behind(const Query& query, const std::vector<Value>* behind) {
        if (behind != nullptr) append_behind(next(), query, *behind);
    }

  private:
    SqlBuilder& next() { return sql_.sql(std::exchange(is_first_, false) ? " WHERE " : " AND "); }

    SqlBuilder& sql_;
    const Collection& collection_;
    Kept& kept_;
    bool is_first_ = true;
};

}  // namespace

std::string tsquery_text(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) {
        if (!out.empty()) out += kAnd;
        out.append("'").append(word).append("':*");
    }
    return out;
}

VectorSearch::VectorSearch(const Dialect& dialect, const Collection& collection,
                           const SearchTerms& terms, Kept& kept)
    : dialect_(dialect),
      collection_(collection),
      terms_(terms),
      asked_(kept.emplace_back(tsquery_text(terms.words))) {}

Result<void> VectorSearch::list(Query& query, const std::vector<Value>* behind) const {
    if (is_walked(query)) {
        auto walked = walk(query, behind);
        if (!walked) return std::unexpected(walked.error());
        query.quick = std::move(*walked);
    }
    SqlBuilder sql(dialect_);
    sql.sql("SELECT ").sql(collection_.column_list()).sql(" FROM ");
    append_hits(sql);
    Conditions conditions(sql, collection_, query.kept);
    if (auto added = conditions.add(terms_.beside); !added) return added;
    if (auto added = conditions.add(terms_.rest); !added) return added;
    conditions.add_behind(query, behind);
    append_page(sql, query);
    query.list = sql.take();
    return {};
}

Result<void> VectorSearch::count(Query& query) const {
    SqlBuilder sql(dialect_);
    sql.sql("SELECT count(*) FROM ");
    append_hits(sql);
    Conditions conditions(sql, collection_, query.kept);
    if (auto added = conditions.add(terms_.beside); !added) return added;
    if (auto added = conditions.add(terms_.rest); !added) return added;
    query.count = sql.take();
    return {};
}

// Whether an index gives the list in its order, with the fields beside the search asked for or not.
bool VectorSearch::is_walked(const Query& query) const {
    const auto& beside = collection_.search()->beside;
    std::vector<std::string> fixed;
    for (const auto& term : terms_.beside)
        fixed.push_back(beside[term.field]);
    std::string_view sort;
    for (const auto& key : query.sort) {
        const auto& name = collection_.columns()[key.column].name;
        if (key.column == 0 || has_field(fixed, name)) continue;
        if (!sort.empty()) return false;
        sort = name;
    }
    if (fixed.empty() && sort.empty()) return true;  // by id
    return std::ranges::any_of(collection_.indexes(),
                               [&](const Index& index) { return is_in_order(index, fixed, sort); });
}

// A field can't have a name with "-" in it, so the names of the collection are those of its table.
// OFFSET 0 keeps the server from looking at the records in another order.
Result<Statement> VectorSearch::walk(Query& query, const std::vector<Value>* behind) const {
    SqlBuilder sql(dialect_);
    const auto& columns = collection_.column_list();
    sql.sql("SELECT ").sql(columns).sql(" FROM (SELECT ").sql(columns).sql(" FROM ");
    sql.name(collection_.table());
    Conditions inner(sql, collection_, query.kept);
    if (auto added = inner.add(terms_.beside); !added) return std::unexpected(added.error());
    inner.add_behind(query, behind);
    append_order(sql, query);
    sql.sql(" LIMIT (SELECT CASE WHEN bool_or(\"words\" @@ ").value(asked_);
    sql.sql("::text::tsquery) THEN ");
    sql.value(kWalked + kWalkedForSkipped * std::min(query.offset, kMostSkipped));
    append_newest(sql.sql("::bigint ELSE 0 END FROM "));
    sql.sql(")) AS \"-walked\" CROSS JOIN LATERAL (SELECT 1 FROM ");
    sql.name(collection_.search_table()).sql(" AS \"-words\" WHERE \"-words\".\"id\" =");
    sql.sql(" \"-walked\".\"id\" AND (\"words\" @@ ").value(asked_);
    sql.sql("::text::tsquery) IS TRUE OFFSET 0) AS \"-found\"");
    Conditions outer(sql, collection_, query.kept);
    if (auto added = outer.add(terms_.rest); !added) return std::unexpected(added.error());
    append_page(sql, query);
    return sql.take();
}

void VectorSearch::append_newest(SqlBuilder& sql) const {
    sql.sql("(SELECT \"words\" FROM ").name(collection_.search_table());
    sql.sql(" ORDER BY \"id\" DESC LIMIT ").sql(kNewest).sql(") AS \"-newest\"");
}

// The records that have all words. OFFSET 0 keeps the server, which can't tell how many there are,
// from walking the list instead.
void VectorSearch::append_hits(SqlBuilder& sql) const {
    sql.sql("(SELECT \"id\" AS \"-hit\" FROM ").name(collection_.search_table());
    sql.sql(" WHERE \"words\" @@ ");
    if (terms_.words.size() == 1) {
        sql.value(asked_).sql("::text::tsquery");
    } else {
        sql.sql("(SELECT coalesce(string_agg(\"-word\", '").sql(kAnd).sql("'), ");
        sql.value(asked_).sql("::text)::tsquery FROM unnest(string_to_array(").value(asked_);
        sql.sql("::text, '").sql(kAnd).sql("')) AS \"-word\" WHERE (SELECT count(*) FROM ");
        append_newest(sql);
        sql.sql(" WHERE \"words\" @@ \"-word\"::tsquery) < ").sql(kMany);
        sql.sql(") AND (\"words\" @@ ").value(asked_).sql("::text::tsquery) IS TRUE");
    }
    sql.sql(" OFFSET 0) AS \"-hits\" JOIN ").name(collection_.table());
    sql.sql(" ON \"id\" = \"-hit\"");
}

}  // namespace streamwall::storage
