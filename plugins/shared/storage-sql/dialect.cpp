#include "storage-sql/dialect.hpp"

namespace streamwall::storage {
namespace {

class SqliteDialect final : public Dialect {
  public:
    void placeholder(std::string& sql, std::size_t) const override { sql += '?'; }
    std::string_view column_type(FieldType type) const override {
        switch (type) {
            case FieldType::kReal:
                return "REAL";
            case FieldType::kText:
            case FieldType::kJson:
                return "TEXT";
            default:
                return "INTEGER";
        }
    }
    std::string_view id_column_type() const override { return "INTEGER PRIMARY KEY AUTOINCREMENT"; }
    std::string_view boolean(bool value) const override { return value ? "1" : "0"; }
    std::string_view is_same() const override { return " IS "; }
    std::string_view is_different() const override { return " IS NOT "; }
    std::string_view greatest() const override { return "max"; }
    std::string_view nulls_first() const override { return ""; }
    std::string_view nulls_last() const override { return ""; }
    std::string_view contains() const override { return "streamwall_contains"; }
    std::string_view prefix() const override { return "streamwall_prefix"; }
    std::string_view words() const override { return "streamwall_words"; }
};

void append_quoted(std::string& sql, std::string_view text, char quote) {
    sql += quote;
    for (const char c : text) {
        if (c == quote) sql += quote;
        sql += c;
    }
    sql += quote;
}

}  // namespace

const Dialect& sqlite_dialect() {
    static const SqliteDialect dialect;
    return dialect;
}

void append_identifier(std::string& sql, std::string_view name) {
    append_quoted(sql, name, '"');
}
void append_literal(std::string& sql, std::string_view text) {
    append_quoted(sql, text, '\'');
}

}  // namespace streamwall::storage
