#include "storage-sql/filter.hpp"

#include <array>

#include "storage-sql/search_plan.hpp"
#include "storage-sql/text_match.hpp"

namespace streamwall::storage {
namespace {

struct Comparison {
    std::string_view name;
    std::string_view sql;
};
constexpr std::array<Comparison, 5> kComparisons{
    {{"eq", " = "}, {"lt", " < "}, {"le", " <= "}, {"gt", " > "}, {"ge", " >= "}}};

class Builder {
  public:
    Builder(SqlBuilder& sql, const Collection& collection, Kept& kept)
        : sql_(sql), collection_(collection), kept_(kept) {}

    Result<void> filter(const boost::json::value& value, int depth) {
        const auto* object = value.if_object();
        if (object == nullptr) return invalid("filter", "a filter is an object");
        if (depth > kMaxFilterDepth) return invalid("filter", "a filter is at most 8 deep");
        if (const auto* list = object->if_contains("and")) return join(*list, depth, " AND ", "1");
        if (const auto* list = object->if_contains("or")) return join(*list, depth, " OR ", "0");
        if (const auto* inner = object->if_contains("not")) {
            sql_.sql("((");
            if (auto built = filter(*inner, depth + 1); !built) return built;
            sql_.sql(") IS NOT TRUE)");
            return {};
        }
        return leaf(*object);
    }

  private:
    Result<void> join(const boost::json::value& list, int depth, std::string_view word,
                      std::string_view if_empty) {
        const auto* filters = list.if_array();
        if (filters == nullptr) return invalid("filter", "\"and\" and \"or\" take a list");
        if (filters->size() > kMaxListValues) {
            return invalid("filter", "a list holds at most 200 values");
        }
        if (filters->empty()) sql_.sql(if_empty == "1" ? "(1 = 1)" : "(1 = 0)");
        if (filters->empty()) return {};
        sql_.sql("(");
        for (std::size_t i = 0; i < filters->size(); ++i) {
            if (i > 0) sql_.sql(word);
            if (auto built = filter((*filters)[i], depth + 1); !built) return built;
        }
        sql_.sql(")");
        return {};
    }

    Result<void> leaf(const boost::json::object& object) {
        const auto op = text_member(object, "op");
        static const boost::json::value kNull;
        const auto* value = object.if_contains("value");
        if (value == nullptr) value = &kNull;
        if (op == "words") return words(object, *value);
        if (op == "search") return search(*value);
        const auto name = text_member(object, "field");
        const auto position = collection_.find(name);
        if (!position) {
            return invalid(name.empty() ? "filter" : name,
                           "unknown field \"" + std::string(name) + "\" in a filter");
        }
        const Column& column = collection_.columns()[*position];
        if (op == "null") return null(column, *value);
        for (const auto& [known, symbol] : kComparisons) {
            if (op == known) return compare(column, op, symbol, *value);
        }
        if (op == "ne") return compare(column, op, sql_.dialect().is_different(), *value);
        if (op == "in") return in(column, *value);
        if (op == "range") return range(column, *value);
        if (op == "contains") return match(column, sql_.dialect().contains(), op, *value);
        if (op == "prefix") return match(column, sql_.dialect().prefix(), op, *value);
        return invalid("op", "unknown operator \"" + std::string(op) +
                                 "\"; known: eq, ne, lt, le, gt, ge, in, range, null, contains, "
                                 "prefix, words, search");
    }

    Result<void> null(const Column& column, const boost::json::value& value) {
        if (!value.is_bool()) return invalid(column.name, "\"null\" takes true or false");
        sql_.name(column.name).sql(value.get_bool() ? " IS NULL" : " IS NOT NULL");
        return {};
    }

    Result<void> compare(const Column& column, std::string_view op, std::string_view symbol,
                         const boost::json::value& value) {
        if (value.is_null()) {
            if (op != "eq" && op != "ne") {
                return invalid(column.name, "null takes only the operators eq and ne");
            }
            sql_.name(column.name).sql(op == "eq" ? " IS NULL" : " IS NOT NULL");
            return {};
        }
        auto converted = operand(column, value);
        if (!converted) return std::unexpected(converted.error());
        sql_.name(column.name).sql(symbol);
        append(column, *converted);
        return {};
    }

    Result<void> in(const Column& column, const boost::json::value& value) {
        const auto* list = value.if_array();
        if (list == nullptr) return invalid(column.name, "\"in\" takes a list");
        if (list->size() > kMaxListValues) {
            return invalid(column.name, "a list holds at most 200 values");
        }
        bool with_null = false;
        std::vector<Value> values;
        for (const auto& item : *list) {
            with_null = with_null || item.is_null();
            if (item.is_null()) continue;
            auto converted = operand(column, item);
            if (!converted) return std::unexpected(converted.error());
            values.push_back(*converted);
        }
        if (values.empty()) {
            if (!with_null) sql_.sql("(1 = 0)");
            if (with_null) sql_.name(column.name).sql(" IS NULL");
            return {};
        }
        if (with_null) sql_.sql("(").name(column.name).sql(" IS NULL OR ");
        sql_.name(column.name).sql(" IN (");
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i > 0) sql_.sql(", ");
            append(column, values[i]);
        }
        sql_.sql(with_null ? "))" : ")");
        return {};
    }

    Result<void> range(const Column& column, const boost::json::value& value) {
        const auto* bounds = value.if_array();
        if (bounds == nullptr || bounds->size() != 2) {
            return invalid(column.name, "\"range\" takes [from, to]");
        }
        // A range without bounds still leaves out null, as every other range does.
        sql_.sql("(");
        bool empty = true;
        for (std::size_t i = 0; i < 2; ++i) {
            if ((*bounds)[i].is_null()) continue;
            auto converted = operand(column, (*bounds)[i]);
            if (!converted) return std::unexpected(converted.error());
            if (!empty) sql_.sql(" AND ");
            empty = false;
            sql_.name(column.name).sql(i == 0 ? " >= " : " <= ");
            append(column, *converted);
        }
        if (empty) sql_.name(column.name).sql(" IS NOT NULL");
        sql_.sql(")");
        return {};
    }

    Result<void> match(const Column& column, std::string_view function, std::string_view op,
                       const boost::json::value& value) {
        if (auto fits = can_match(column, op); !fits) return fits;
        if (!value.is_string()) return invalid(column.name, std::string(op) + " takes a text");
        const std::string_view text =
            kept_.emplace_back(fold_case({value.get_string().data(), value.get_string().size()}));
        sql_.sql(function).sql("(").name(column.name).sql(", ").value(text).sql(")");
        return {};
    }

    Result<void> words(const boost::json::object& object, const boost::json::value& value) {
        const auto* list = object.if_contains("fields");
        const auto* fields = list == nullptr ? nullptr : list->if_array();
        if (fields == nullptr || fields->empty() || fields->size() > 32) {
            return invalid("fields", "\"words\" takes 1 to 32 \"fields\"");
        }
        if (!value.is_string()) return invalid("value", "\"words\" takes a text");
        const std::string_view folded =
            kept_.emplace_back(fold_words({value.get_string().data(), value.get_string().size()}));
        sql_.sql(sql_.dialect().words()).sql("(").value(folded);
        for (const auto& field : *fields) {
            const std::string name = field.is_string() ? field.get_string().c_str() : "";
            const auto position = collection_.find(name);
            if (!position) return invalid(name, "unknown field \"" + name + "\" in a filter");
            const Column& column = collection_.columns()[*position];
            if (auto fits = can_match(column, "words"); !fits) return fits;
            sql_.sql(", ").name(column.name);
        }
        sql_.sql(")");
        return {};
    }

    Result<void> search(const boost::json::value& value) {
        if (sql_.inlined()) {
            return invalid("search", "\"search\" can't be the condition of a unique key");
        }
        auto words = read_search(collection_, value);
        if (!words) return std::unexpected(words.error());
        append_search(sql_, collection_, *words, kept_);
        return {};
    }

    Result<void> can_match(const Column& column, std::string_view op) const {
        if (column.type != FieldType::kText) {
            return invalid(column.name, "\"" + std::string(op) + "\" takes fields of type text");
        }
        if (sql_.inlined()) {
            return invalid(column.name,
                           "\"" + std::string(op) + "\" can't be the condition of a unique key");
        }
        return {};
    }

    Result<Value> operand(const Column& column, const boost::json::value& value) {
        if (column.type == FieldType::kJson) {
            return invalid(column.name, "a field of type json takes only the operator null");
        }
        return column_value(column, value, {}, kept_);
    }

    // A constant boolean lets the planner choose an index with a condition such as archived =
    // false.
    void append(const Column& column, const Value& value) {
        if (column.type == FieldType::kBoolean) {
            sql_.sql(sql_.dialect().boolean(std::get<std::int64_t>(value) != 0));
        } else {
            sql_.value(value);
        }
    }

    SqlBuilder& sql_;
    const Collection& collection_;
    Kept& kept_;
};

}  // namespace

Result<void> append_filter(SqlBuilder& sql, const Collection& collection,
                           const boost::json::value& filter, Kept& kept, int depth) {
    return Builder(sql, collection, kept).filter(filter, depth);
}

}  // namespace streamwall::storage
