#include "storage-sql/cursor.hpp"

#include <charconv>

namespace streamwall::storage {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6)
            out += kAlphabet[bits >> (count - 6) & 63];
    }
    if (count > 0) out += kAlphabet[bits << (6 - count) & 63];
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto digit = kAlphabet.find(c);
        if (digit == kAlphabet.npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 255);
        }
    }
    return out;
}

// FNV-1a over the collection and the sort: enough to notice a cursor of another list.
std::string fingerprint(const Query& query) {
    std::uint64_t hash = 14695981039346656037ULL;
    const auto mix = [&hash](std::string_view text) {
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    };
    mix(query.collection->name());
    for (const auto& key : query.sort) {
        mix(key.descending ? "-" : "+");
        mix(query.collection->columns()[key.column].name);
    }
    char digits[17];
    return {digits, std::to_chars(digits, digits + sizeof digits, hash, 16).ptr};
}

const Column& column_of(const Query& query, const SortKey& key) {
    return query.collection->columns()[key.column];
}

bool is_null(const Value& value) {
    return std::holds_alternative<std::monostate>(value);
}

// "behind" in one key alone.
void append_behind_key(SqlBuilder& sql, const Column& column, bool descending, const Value& value) {
    if (!descending) {
        sql.name(column.name);
        if (is_null(value)) {
            sql.sql(" IS NOT NULL");
        } else {
            sql.sql(" > ").value(value);
        }
        return;
    }
    if (is_null(value)) {
        sql.sql("(1 = 0)");  // null is the last of a descending order
        return;
    }
    if (column.nullable) sql.sql("(");
    sql.name(column.name).sql(" < ").value(value);
    if (column.nullable) sql.sql(" OR ").name(column.name).sql(" IS NULL)");
}

}  // namespace

std::string make_cursor(const Query& query, const Row& row) {
    std::string text = R"({"l":")" + fingerprint(query) + R"(","k":[)";
    for (std::size_t i = 0; i < query.sort.size(); ++i) {
        if (i > 0) text += ',';
        const std::size_t at = query.sort[i].column;
        if (row.is_null(at)) {
            text += "null";
            continue;
        }
        switch (column_of(query, query.sort[i]).type) {
            case FieldType::kReal:
                append_real(text, row.real(at));
                break;
            case FieldType::kText:
                append_json_string(text, row.text(at));
                break;
            default:
                append_integer(text, row.integer(at));
        }
    }
    text += "]}";
    return to_base64url(text);
}

Result<std::vector<Value>> read_cursor(const Query& query, std::string_view cursor, Kept& kept) {
    const auto bad = [] {
        return invalid("cursor", "the cursor belongs to another list, or is damaged");
    };
    const auto text = from_base64url(cursor);
    if (!text) return bad();
    const auto document = Document::parse(*text);
    if (!document) return bad();
    const auto* keys = (*document)->root().if_contains("k");
    if (text_member((*document)->root(), "l") != fingerprint(query) || keys == nullptr ||
        !keys->is_array() || keys->get_array().size() != query.sort.size()) {
        return bad();
    }
    std::vector<Value> values;
    for (std::size_t i = 0; i < query.sort.size(); ++i) {
        const auto& key = keys->get_array()[i];
        const FieldType type = column_of(query, query.sort[i]).type;
        if (key.is_null()) {
            values.emplace_back(std::monostate{});
        } else if (key.is_string() && type == FieldType::kText) {
            values.emplace_back(std::string_view(kept.emplace_back(key.get_string())));
        } else if (key.is_int64() && type == FieldType::kReal) {
            values.emplace_back(static_cast<double>(key.get_int64()));
        } else if (key.is_int64() && type != FieldType::kText) {
            values.emplace_back(key.get_int64());
        } else if (key.is_double() && type == FieldType::kReal) {
            values.emplace_back(key.get_double());
        } else {
            return bad();
        }
    }
    return values;
}

void append_order(SqlBuilder& sql, const Query& query) {
    const auto columns = query.collection->columns();
    sql.sql(" ORDER BY ");
    for (std::size_t i = 0; i < query.sort.size(); ++i) {
        const auto& [column, descending] = query.sort[i];
        sql.sql(i > 0 ? ", " : "").name(columns[column].name).sql(descending ? " DESC" : " ASC");
        if (columns[column].nullable) {
            sql.sql(descending ? sql.dialect().nulls_last() : sql.dialect().nulls_first());
        }
    }
}

void append_page(SqlBuilder& sql, const Query& query) {
    append_order(sql, query);
    sql.sql(" LIMIT ").value(query.limit + 1);
    if (query.offset > 0) sql.sql(" OFFSET ").value(query.offset);
}

void append_behind(SqlBuilder& sql, const Query& query, const std::vector<Value>& values) {
    bool uniform = true;
    for (const auto& key : query.sort) {
        uniform = uniform && !column_of(query, key).nullable &&
                  key.descending == query.sort.front().descending;
    }
    if (uniform) {
        // A comparison of row values is answered by a seek in an index over the keys.
        sql.sql("(");
        for (std::size_t i = 0; i < values.size(); ++i) {
            sql.sql(i > 0 ? ", " : "").name(column_of(query, query.sort[i]).name);
        }
        sql.sql(query.sort.front().descending ? ") < (" : ") > (");
        for (std::size_t i = 0; i < values.size(); ++i) {
            sql.sql(i > 0 ? ", " : "").value(values[i]);
        }
        sql.sql(")");
        return;
    }
    const SortKey& first = query.sort.front();
    if (!is_null(values[0]) && !(first.descending && column_of(query, first).nullable)) {
        // Says nothing new, but lets the first key bound the scan.
        sql.name(column_of(query, first).name)
            .sql(first.descending ? " <= " : " >= ")
            .value(values[0])
            .sql(" AND ");
    }
    sql.sql("(");
    for (std::size_t last = 0; last < values.size(); ++last) {
        sql.sql(last > 0 ? " OR (" : "(");
        for (std::size_t i = 0; i < last; ++i) {
            sql.name(column_of(query, query.sort[i]).name)
                .sql(sql.dialect().is_same())
                .value(values[i])
                .sql(" AND ");
        }
        append_behind_key(sql, column_of(query, query.sort[last]), query.sort[last].descending,
                          values[last]);
        sql.sql(")");
    }
    sql.sql(")");
}

}  // namespace streamwall::storage
