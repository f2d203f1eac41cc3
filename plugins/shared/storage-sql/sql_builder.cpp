#include "storage-sql/sql_builder.hpp"

#include "storage-sql/json_text.hpp"

namespace streamwall::storage {

SqlBuilder& SqlBuilder::value(const Value& value) {
    if (!inlined()) {
        statement_.values.push_back(value);
        dialect_.placeholder(statement_.sql, statement_.values.size());
        return *this;
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        append_integer(statement_.sql, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
        append_real(statement_.sql, *real);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        append_literal(statement_.sql, *text);
    } else {
        statement_.sql += "NULL";
    }
    return *this;
}

}  // namespace streamwall::storage
