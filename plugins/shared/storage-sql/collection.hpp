// A declared collection: fields, unique keys, indexes, and the SQL that follows from them.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage-sql/dialect.hpp"
#include "storage-sql/json_text.hpp"
#include "storage-sql/result.hpp"
#include "storage-sql/search.hpp"
#include "storage-sql/value.hpp"

namespace streamwall::storage {

// A declared field, or one of those that the store sets itself.
struct Column {
    std::string name;
    FieldType type = FieldType::kText;
    bool nullable = true;  // false for what the store sets, and where a default is declared
    bool declared = true;
    std::string default_json = "null";
    std::variant<std::monostate, std::int64_t, double, std::string> default_value;
    std::string rendered_key;  // `"name":`, with the comma before it where it isn't the first

    Value default_as_value() const;
};

struct UniqueKey {
    std::string name;
    std::vector<std::string> fields;
    std::string where_json;  // empty: all records
    std::string where_sql;   // the same with its values inlined
};

struct Index {
    std::string name;
    std::vector<std::string> fields;  // "-field" for descending
};

std::string_view type_name(FieldType type);

// Immutable once built, and shared between the threads that use it.
class Collection {
  public:
    // `declaration`: one element of `collections`; `at` names it in errors.
    static Result<std::shared_ptr<const Collection>> parse(const Dialect& dialect,
                                                           const boost::json::object& declaration,
                                                           std::string_view at);

    // What both declare: fields and keys of `older` that `newer` doesn't mention are kept.
    static Result<std::shared_ptr<const Collection>> merge(const Dialect& dialect,
                                                           const Collection& older,
                                                           const Collection& newer);

    const std::string& name() const { return name_; }
    const std::string& table() const { return table_; }           // not quoted
    std::span<const Column> columns() const { return columns_; }  // as rendered
    std::span<const UniqueKey> uniques() const { return uniques_; }
    std::span<const Index> indexes() const { return indexes_; }
    const std::optional<SearchIndex>& search() const { return search_; }
    const std::string& search_table() const { return search_table_; }  // not quoted

    // Position among columns(), which is also the position in each SELECT and RETURNING list.
    std::optional<std::size_t> find(std::string_view column) const;
    const UniqueKey* find_unique(std::string_view name) const;

    const std::string& column_list() const { return column_list_; }
    const std::string& select_by_id() const { return select_by_id_; }  // one value: the id

    // The declaration as text, from which parse() makes an equal collection.
    std::string declaration() const;

  private:
    Collection() = default;
    Result<void> read_fields(const boost::json::value* fields, std::string_view at);
    Result<void> read_keys(const Dialect& dialect, const boost::json::object& declaration,
                           std::string_view at);
    Result<void> read_search(const boost::json::object& declaration, std::string_view at);
    Result<std::vector<std::string>> read_search_fields(const boost::json::object& search,
                                                        std::string_view member, FieldType type,
                                                        const std::string& at) const;
    void finish(const Dialect& dialect);

    std::string name_;
    std::string table_;
    std::vector<Column> columns_;
    std::vector<UniqueKey> uniques_;
    std::vector<Index> indexes_;
    std::optional<SearchIndex> search_;
    std::string search_table_;
    std::string column_list_;
    std::string select_by_id_;
};

using CollectionPtr = std::shared_ptr<const Collection>;

// The collections known at one moment.
using Schema = std::vector<CollectionPtr>;
CollectionPtr find_collection(const Schema& schema, std::string_view name);

// Checks a JSON value against a column. `raw` is its text, `kept` takes texts made here; null
// becomes the default where the column has one.
Result<Value> column_value(const Column& column, const boost::json::value& value,
                           std::string_view raw, Kept& kept);

}  // namespace streamwall::storage
