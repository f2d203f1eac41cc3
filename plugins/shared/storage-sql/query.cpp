#include "storage-sql/query.hpp"

#include "storage-sql/cursor.hpp"
#include "storage-sql/filter.hpp"
#include "storage-sql/search_plan.hpp"
#include "storage-sql/vector_search.hpp"

namespace streamwall::storage {
namespace {

Result<std::vector<SortKey>> read_sort(const Collection& collection,
                                       const boost::json::object& request) {
    std::vector<SortKey> sort;
    const auto* list = request.if_contains("sort");
    if (list != nullptr && !list->is_array()) return invalid("sort", "\"sort\" is a list");
    for (std::size_t i = 0; list != nullptr && i < list->get_array().size(); ++i) {
        const auto* key = list->get_array()[i].if_object();
        if (key == nullptr) return invalid("sort", "a sort key is {\"field\", \"direction\"}");
        const std::string field(text_member(*key, "field"));
        const auto column = collection.find(field);
        if (!column) return invalid(field.empty() ? "sort" : field, "unknown sort field");
        if (collection.columns()[*column].type == FieldType::kJson) {
            return invalid(field, "a field of type json has no order");
        }
        bool descending = false;
        if (const auto* direction = key->if_contains("direction")) {
            descending = *direction == "desc";
            if (!descending && *direction != "asc") {
                return invalid(field, "a direction is \"asc\" or \"desc\"");
            }
        }
        sort.push_back({*column, descending});
        if (*column == 0) return sort;  // the id leaves nothing to decide
    }
    // The id runs the way of the last key: so one index serves a sort and its opposite.
    sort.push_back({0, !sort.empty() && sort.back().descending});
    return sort;
}

Result<std::int64_t> read_number(const boost::json::object& request, std::string_view name,
                                 std::int64_t least, std::int64_t most, std::int64_t fallback) {
    const auto* value = request.if_contains(name);
    if (value == nullptr || value->is_null()) return fallback;
    if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most) {
        return invalid(name, "\"" + std::string(name) + "\" is an integer from " +
                                 std::to_string(least) + " to " + std::to_string(most));
    }
    return value->get_int64();
}

// A filter of `true` where none is given.
const boost::json::value& filter_of(const boost::json::object& request) {
    static const boost::json::value kAll = boost::json::object{{"and", boost::json::array{}}};
    const auto* filter = request.if_contains("filter");
    return filter == nullptr || filter->is_null() ? kAll : *filter;
}

bool is_all(const boost::json::value& filter) {
    const auto* object = filter.if_object();
    if (object == nullptr) return false;
    const auto* list = object->if_contains("and");
    return list != nullptr && list->is_array() && list->get_array().empty();
}

// The values of the cursor, if the request has one.
Result<std::optional<std::vector<Value>>> read_place(Query& query,
                                                     const boost::json::object& request) {
    const auto* cursor = request.if_contains("cursor");
    if (cursor == nullptr || cursor->is_null()) return std::nullopt;
    if (!cursor->is_string()) return invalid("cursor", "a cursor is a text");
    if (query.offset > 0) return invalid("offset", "a cursor and an offset exclude each other");
    return read_cursor(query, text_member(request, "cursor"), query.kept);
}

Result<void> append_where(SqlBuilder& sql, Query& query, const boost::json::value& filter) {
    if (is_all(filter)) return {};
    sql.sql(" WHERE ");
    return append_filter(sql, *query.collection, filter, query.kept);
}

Result<void> make_list(const Dialect& dialect, Query& query, const boost::json::value& filter,
                       const std::vector<Value>* behind) {
    SqlBuilder sql(dialect);
    sql.sql("SELECT ").sql(query.collection->column_list()).sql(" FROM ");
    // An index often has all that it takes to skip a row.
    const bool by_id = query.offset > 0 && dialect.reads_what_is_skipped();
    if (by_id) sql.sql("(SELECT \"id\" AS \"-id\" FROM ");
    sql.name(query.collection->table());
    if (auto built = append_where(sql, query, filter); !built) return built;
    if (behind != nullptr) {
        sql.sql(is_all(filter) ? " WHERE " : " AND ");
        append_behind(sql, query, *behind);
    }
    append_page(sql, query);
    if (by_id) {
        sql.sql(") AS \"-page\" JOIN ").name(query.collection->table());
        append_order(sql.sql(" ON \"id\" = \"-id\""), query);
    }
    query.list = sql.take();
    return {};
}

Result<void> make_count(const Dialect& dialect, Query& query, const boost::json::value& filter) {
    SqlBuilder sql(dialect);
    sql.sql("SELECT count(*) FROM ").name(query.collection->table());
    if (auto built = append_where(sql, query, filter); !built) return built;
    query.count = sql.take();
    return {};
}

Result<void> make_plain_statements(const Dialect& dialect, Query& query,
                                   const boost::json::value& filter,
                                   const std::vector<Value>* behind) {
    if (auto made = make_list(dialect, query, filter, behind); !made) return made;
    return query.with_count ? make_count(dialect, query, filter) : Result<void>();
}

Result<void> make_statements(const Dialect& dialect, Query& query,
                             const boost::json::object& request) {
    const auto& filter = filter_of(request);
    const auto place = read_place(query, request);
    if (!place) return std::unexpected(place.error());
    const std::vector<Value>* behind = *place ? &**place : nullptr;
    query.has_cursor = behind != nullptr;
    auto terms = SearchTerms::of(*query.collection, filter);
    if (!terms) return std::unexpected(terms.error());
    if (!*terms) return make_plain_statements(dialect, query, filter, behind);
    if (!dialect.has_search_tokens()) {
        const VectorSearch search(dialect, *query.collection, **terms, query.kept);
        if (auto made = search.list(query, behind); !made) return made;
        return query.with_count ? search.count(query) : Result<void>();
    }
    const SearchPlan plan(dialect, *query.collection, std::move(**terms));
    const auto listed = plan.list(query, behind);
    if (!listed) return std::unexpected(listed.error());
    if (!*listed) {
        if (auto made = make_list(dialect, query, filter, behind); !made) return made;
    }
    return query.with_count ? plan.count(query) : Result<void>();
}

Result<Statement> unique_statement(const Dialect& dialect, const Collection& collection,
                                   const UniqueKey& key, const boost::json::object& request,
                                   Kept& kept) {
    const auto* values = request.if_contains("values");
    if (values == nullptr || !values->is_array() ||
        values->get_array().size() != key.fields.size()) {
        return invalid("values", "the unique key \"" + key.name + "\" takes " +
                                     std::to_string(key.fields.size()) + " values");
    }
    SqlBuilder sql(dialect);
    sql.sql("SELECT ").sql(collection.column_list()).sql(" FROM ").name(collection.table());
    for (std::size_t i = 0; i < key.fields.size(); ++i) {
        const Column& column = collection.columns()[*collection.find(key.fields[i])];
        const auto& given = values->get_array()[i];
        if (given.is_null()) return invalid(column.name, "null is not held by a unique key");
        auto value = column_value(column, given, {}, kept);
        if (!value) return std::unexpected(value.error());
        sql.sql(i > 0 ? " AND " : " WHERE ").name(column.name).sql(" = ").value(*value);
    }
    if (!key.where_sql.empty()) sql.sql(" AND ").sql(key.where_sql);
    sql.sql(" LIMIT 1");
    return sql.take();
}

}  // namespace

std::optional<std::int64_t> Query::count_told_by(std::int64_t records) const {
    if (has_cursor || (records == 0 && offset > 0)) return std::nullopt;
    return offset + records;
}

Result<CollectionPtr> named_collection(const Schema& schema, const boost::json::object& request) {
    const auto name = text_member(request, "collection");
    if (auto collection = find_collection(schema, name)) return collection;
    return invalid("collection", "the collection \"" + std::string(name) + "\" is not declared");
}

Result<Query> parse_query(const Dialect& dialect, const Schema& schema, const Document& document) {
    const auto& request = document.root();
    Query query;
    auto collection = named_collection(schema, request);
    if (!collection) return std::unexpected(collection.error());
    query.collection = std::move(*collection);
    auto sort = read_sort(*query.collection, request);
    if (!sort) return std::unexpected(sort.error());
    query.sort = std::move(*sort);
    const auto limit = read_number(request, "limit", 1, kMaxLimit, kDefaultLimit);
    if (!limit) return std::unexpected(limit.error());
    query.limit = *limit;
    const auto offset = read_number(request, "offset", 0, INT64_MAX, 0);
    if (!offset) return std::unexpected(offset.error());
    query.offset = *offset;
    const auto* count = request.if_contains("count");
    query.with_count = count != nullptr && *count == true;
    const auto* sequence = request.if_contains("sequence");
    query.with_sequence = sequence != nullptr && *sequence == true;
    if (auto made = make_statements(dialect, query, request); !made) {
        return std::unexpected(made.error());
    }
    return query;
}

Result<Lookup> parse_lookup(const Dialect& dialect, const Schema& schema,
                            const Document& document) {
    const auto& request = document.root();
    Lookup lookup;
    auto collection = named_collection(schema, request);
    if (!collection) return std::unexpected(collection.error());
    lookup.collection = std::move(*collection);
    if (const auto* id = request.if_contains("id")) {
        if (!id->is_int64()) return invalid("id", "an id is an integer");
        lookup.id = id->get_int64();
        return lookup;
    }
    const auto name = text_member(request, "unique");
    const auto* key = lookup.collection->find_unique(name);
    if (key == nullptr) {
        return invalid("unique", name.empty()
                                     ? "\"get\" takes an \"id\", or \"unique\" and \"values\""
                                     : "no unique key \"" + std::string(name) + "\"");
    }
    auto statement = unique_statement(dialect, *lookup.collection, *key, request, lookup.kept);
    if (!statement) return std::unexpected(statement.error());
    lookup.by_unique = std::move(*statement);
    return lookup;
}

}  // namespace streamwall::storage
