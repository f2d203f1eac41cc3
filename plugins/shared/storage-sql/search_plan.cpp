#include "storage-sql/search_plan.hpp"

#include <algorithm>

#include "storage-sql/filter.hpp"
#include "storage-sql/vector_search.hpp"

namespace streamwall::storage {
namespace {

bool is_long(const std::string& word) {
    return length_of(word) > kIndexedPrefix;
}

std::string all_states(const SearchIndex& search) {
    std::string out;
    for (int state = 0; state < 1 << search.beside.size(); ++state)
        out += static_cast<char>('0' + state);
    return out;
}

// The query of an index of tokens. Words hold letters and digits, so none can be an operator
// between its quotes. `cut`: a long word is looked up by its first characters, which finds more.
std::string match_text(std::string_view states, const std::vector<std::string>& words, bool cut) {
    std::string out;
    for (const char state : states) {
        out += out.empty() ? "(" : " OR (";
        for (const auto& word : words) {
            if (&word != words.data()) out += " AND ";
            out += '"';
            out += state;
            out += cut ? first_of(word, kIndexedPrefix) : std::string_view(word);
            out += !cut && is_long(word) ? "\" *" : "\"";
        }
        out += ')';
    }
    return out;
}

}  // namespace

void append_search(SqlBuilder& sql, const Collection& collection,
                   const std::vector<std::string>& words, Kept& kept) {
    if (words.empty()) {
        sql.sql("(1 = 1)");
        return;
    }
    const auto& table = collection.search_table();
    if (sql.dialect().has_search_tokens()) {
        const std::string_view text =
            kept.emplace_back(match_text(all_states(*collection.search()), words, false));
        sql.sql("\"id\" IN (SELECT rowid FROM ").name(table).sql(" WHERE ").name(table);
        sql.sql(" MATCH ").value(text).sql(")");
        return;
    }
    const std::string_view text = kept.emplace_back(tsquery_text(words));
    sql.sql("\"id\" IN (SELECT \"id\" FROM ").name(table).sql(" WHERE \"words\" @@ ");
    sql.value(text).sql("::text::tsquery)");
}

SearchPlan::SearchPlan(const Dialect& dialect, const Collection& collection, SearchTerms terms)
    : dialect_(dialect),
      collection_(collection),
      words_(std::move(terms.words)),
      states_(all_states(*collection.search())),
      rest_(std::move(terms.rest)) {
    for (const auto& [field, value, term] : terms.beside)
        states_ = states_with(field, value);
}

std::string SearchPlan::states_with(std::size_t beside, bool value) const {
    std::string out;
    std::ranges::copy_if(states_, std::back_inserter(out), [&](char state) {
        return ((state - '0') >> beside & 1) == (value ? 1 : 0);
    });
    return out;
}

std::optional<std::vector<SearchPlan::Arm>> SearchPlan::arms(
    const Query& query, const std::vector<Value>* behind) const {
    const Value* id = behind == nullptr ? nullptr : &behind->back();
    if (query.sort.size() == 1) return std::vector{Arm{states_, id}};
    if (query.sort.size() > 2) return std::nullopt;
    const auto& beside = collection_.search()->beside;
    const auto& first = collection_.columns()[query.sort.front().column].name;
    const auto found = std::ranges::find(beside, first);
    if (found == beside.end()) return std::nullopt;
    const auto at = static_cast<std::size_t>(found - beside.begin());
    std::vector<Arm> out;
    const bool begin = query.sort.front().descending;
    bool is_behind = behind == nullptr;  // the cursor's place is in an arm before
    for (const bool value : {begin, !begin}) {
        const bool is_here =
            behind != nullptr && behind->front() == Value(std::int64_t{value ? 1 : 0});
        Arm arm{states_with(at, value), is_here ? id : nullptr};
        if (!arm.states.empty() && (is_behind || is_here)) out.push_back(std::move(arm));
        is_behind = is_behind || is_here;
    }
    return out;
}

Result<bool> SearchPlan::list(Query& query, const std::vector<Value>* behind) const {
    auto arms = this->arms(query, behind);
    if (!arms || arms->empty()) return false;
    auto list = list_of(query, *arms);
    if (!list) return std::unexpected(list.error());
    query.list = std::move(*list);
    if (std::ranges::none_of(words_, is_long)) return true;
    SqlBuilder candidates(dialect_);
    candidates.sql("SELECT count(*) FROM (SELECT 1 FROM ");
    append_hits(candidates, {.states = states_, .is_quick = true}, query.kept);
    candidates.sql(" LIMIT ").value(kFewCandidates + 1).sql(")");
    query.candidates = candidates.take();
    arms->back().is_quick = true;
    auto quick = list_of(query, *arms);
    if (!quick) return std::unexpected(quick.error());
    query.quick = std::move(*quick);
    return true;
}

Result<Statement> SearchPlan::list_of(Query& query, const std::vector<Arm>& arms) const {
    SqlBuilder sql(dialect_);
    const std::int64_t rows = query.limit + 1;
    if (arms.size() == 1) {
        if (auto built = append_arm(sql, query, arms.front(), rows); !built) {
            return std::unexpected(built.error());
        }
    }
    for (std::size_t i = 0; arms.size() > 1 && i < arms.size(); ++i) {
        sql.sql(i == 0 ? "SELECT * FROM (" : " UNION ALL SELECT * FROM (");
        const std::int64_t enough =
            query.offset > INT64_MAX - rows ? INT64_MAX : query.offset + rows;
        if (auto built = append_arm(sql, query, arms[i], enough); !built) {
            return std::unexpected(built.error());
        }
        sql.sql(")");
    }
    if (arms.size() > 1) sql.sql(" LIMIT ").value(rows);
    if (query.offset > 0) sql.sql(" OFFSET ").value(query.offset);
    return sql.take();
}

// A field can't have the name "-hit", so the names of the collection are those of its table.
Result<void> SearchPlan::append_arm(SqlBuilder& sql, Query& query, const Arm& arm,
                                    std::int64_t rows) const {
    const bool descending = query.sort.back().descending;
    const std::string_view order = descending ? " DESC" : " ASC";
    sql.sql("SELECT ").sql(collection_.column_list()).sql(" FROM (SELECT rowid AS \"-hit\" FROM ");
    append_hits(sql, arm, query.kept);
    if (arm.behind != nullptr) {
        sql.sql(descending ? " AND rowid < " : " AND rowid > ").value(*arm.behind);
    }
    if (arm.is_quick) {
        sql.sql(" ORDER BY rowid").sql(order).sql(" LIMIT ").value(kFewCandidates);
    }
    sql.sql(") CROSS JOIN ").name(collection_.table()).sql(" ON \"id\" = \"-hit\"");
    std::string_view word = " WHERE ";
    if (arm.is_quick) {
        append_check(sql.sql(word), query.kept);
        word = " AND ";
    }
    if (auto built = append_rest(sql, query.kept, word); !built) return built;
    sql.sql(" ORDER BY \"-hit\"").sql(order).sql(" LIMIT ").value(rows);
    return {};
}

// Looks at the words themselves.
void SearchPlan::append_check(SqlBuilder& sql, Kept& kept) const {
    std::string& words = kept.emplace_back();
    for (const auto& one : words_)
        words.append(words.empty() ? "" : " ").append(one);
    sql.sql("streamwall_searched(").value(std::string_view(words));
    for (const auto& field : collection_.search()->fields)
        sql.sql(", ").name(field);
    sql.sql(")");
}

void SearchPlan::append_hits(SqlBuilder& sql, const Arm& arm, Kept& kept) const {
    const auto& table = collection_.search_table();
    const std::string_view text = kept.emplace_back(match_text(arm.states, words_, arm.is_quick));
    sql.name(table).sql(" WHERE ").name(table).sql(" MATCH ").value(text);
}

Result<void> SearchPlan::append_rest(SqlBuilder& sql, Kept& kept,
                                     std::string_view first_word) const {
    for (const auto* term : rest_) {
        sql.sql(first_word);
        first_word = " AND ";
        if (auto built = append_filter(sql, collection_, *term, kept, 2); !built) return built;
    }
    return {};
}

Result<void> SearchPlan::count(Query& query) const {
    SqlBuilder sql(dialect_);
    sql.sql("SELECT count(*) FROM ");
    if (!rest_.empty()) sql.sql("(SELECT rowid AS \"-hit\" FROM ");
    append_hits(sql, {states_}, query.kept);
    if (!rest_.empty()) {
        sql.sql(") CROSS JOIN ").name(collection_.table()).sql(" ON \"id\" = \"-hit\"");
        if (auto built = append_rest(sql, query.kept, " WHERE "); !built) return built;
    }
    query.count = sql.take();
    return std::ranges::any_of(words_, is_long) ? quick_count(query) : Result<void>();
}

Result<void> SearchPlan::quick_count(Query& query) const {
    const Arm arm{.states = states_, .is_quick = true};
    SqlBuilder sql(dialect_);
    sql.sql("SELECT count(*) FROM (SELECT rowid AS \"-hit\" FROM ");
    append_hits(sql, arm, query.kept);
    sql.sql(" LIMIT ").value(kFewCandidates).sql(") CROSS JOIN ").name(collection_.table());
    append_check(sql.sql(" ON \"id\" = \"-hit\" WHERE "), query.kept);
    if (auto built = append_rest(sql, query.kept, " AND "); !built) return built;
    query.quick_count = sql.take();
    return {};
}

}  // namespace streamwall::storage
