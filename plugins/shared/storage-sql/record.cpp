#include "storage-sql/record.hpp"

#include <algorithm>

#include "storage-sql/json_text.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {
namespace {

// False for a value that the database may read back differently.
bool append_value(std::string& out, FieldType type, const Value& value) {
    const auto* integer = std::get_if<std::int64_t>(&value);
    const auto* text = std::get_if<std::string_view>(&value);
    if (std::holds_alternative<std::monostate>(value)) {
        out += "null";
    } else if (type == FieldType::kInteger && integer != nullptr) {
        append_integer(out, *integer);
    } else if (type == FieldType::kBoolean && integer != nullptr) {
        out += *integer != 0 ? "true" : "false";
    } else if (type == FieldType::kTime && integer != nullptr) {
        out += '"';
        append_time(out, *integer);
        out += '"';
    } else if (type == FieldType::kText && text != nullptr) {
        append_json_string(out, *text);
    } else if (type == FieldType::kJson && text != nullptr) {
        out += *text;
    } else {
        return false;
    }
    return true;
}

}  // namespace

void append_record(std::string& out, const Collection& collection, const Row& row) {
    std::size_t i = 0;
    for (const Column& column : collection.columns()) {
        out += column.rendered_key;
        const std::size_t at = i++;
        if (row.is_null(at)) {
            out += "null";
            continue;
        }
        switch (column.type) {
            case FieldType::kInteger:
                append_integer(out, row.integer(at));
                break;
            case FieldType::kReal:
                append_real(out, row.real(at));
                break;
            case FieldType::kText:
                append_json_string(out, row.text(at));
                break;
            case FieldType::kBoolean:
                out += row.integer(at) != 0 ? "true" : "false";
                break;
            case FieldType::kJson:
                out += row.text(at);
                break;
            case FieldType::kTime:
                out += '"';
                append_time(out, row.integer(at));
                out += '"';
                break;
        }
    }
    out += '}';
}

std::optional<std::string> updated_record(std::string_view before, const Collection& collection,
                                          std::int64_t version,
                                          const std::vector<std::pair<std::size_t, Value>>& fields,
                                          std::int64_t now_ms) {
    const auto columns = collection.columns();
    const std::size_t version_at = columns.size() - 1;
    const std::size_t updated_at = columns.size() - 2;
    std::string now = "\"";
    append_time(now, now_ms);
    now += '"';
    std::string expected;
    append_integer(expected, version);

    std::string out;
    out.reserve(before.size() + 256);
    RawItems members(before);
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!members.next() || members.key() != columns[i].name) return std::nullopt;
        out += columns[i].rendered_key;
        const auto set = std::ranges::find(fields, i, &std::pair<std::size_t, Value>::first);
        if (set != fields.end()) {
            if (!append_value(out, columns[i].type, set->second)) return std::nullopt;
        } else if (i == updated_at) {
            out += std::max(members.value(), std::string_view(now));  // texts sort as times do
        } else if (i == version_at) {
            if (members.value() != expected) return std::nullopt;
            append_integer(out, version + 1);
        } else {
            out += members.value();
        }
    }
    out += '}';
    return members.next() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace streamwall::storage
