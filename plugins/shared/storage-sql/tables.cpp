#include "storage-sql/tables.hpp"

#include <algorithm>

#include "storage-sql/sql_builder.hpp"

namespace streamwall::storage {
namespace {

std::string column_definition(const Dialect& dialect, const Column& column) {
    std::string sql =
        quoted_identifier(column.name) + " " + std::string(dialect.column_type(column.type));
    if (column.nullable) return sql;
    sql += " DEFAULT ";
    const Value value = column.default_as_value();
    if (column.type == FieldType::kBoolean) {
        sql += dialect.boolean(std::get<std::int64_t>(value) != 0);
        return sql;
    }
    SqlBuilder builder(dialect, SqlBuilder::Values::kInlined);
    builder.value(value);
    return sql + builder.take().sql;
}

std::string unique_sql(const Collection& collection, const UniqueKey& key, std::string_view name) {
    std::string sql = "CREATE UNIQUE INDEX " + quoted_identifier(name) + " ON " +
                      quoted_identifier(collection.table());
    sql += " (";
    for (std::size_t i = 0; i < key.fields.size(); ++i) {
        if (i > 0) sql += ", ";
        append_identifier(sql, key.fields[i]);
    }
    sql += ')';
    if (!key.where_sql.empty()) sql += " WHERE " + key.where_sql;
    return sql;
}

// Behind the fields an index has the id, ascending. A list's id runs the way of its last sort key,
// so the last field is made ascending and the others follow: read backwards it is what was asked.
std::string index_sql(const Dialect& dialect, const Collection& collection, const Index& index,
                      std::string_view name) {
    std::string sql = "CREATE INDEX " + quoted_identifier(name) + " ON " +
                      quoted_identifier(collection.table()) + " (";
    const bool flip = index.fields.back().starts_with('-');
    for (std::size_t i = 0; i < index.fields.size(); ++i) {
        std::string_view field = index.fields[i];
        const bool descending = field.starts_with('-');
        if (descending) field.remove_prefix(1);
        if (i > 0) sql += ", ";
        append_identifier(sql, field);
        if (descending != flip) sql += " DESC";
        const auto column = collection.find(field);
        if (!column || !collection.columns()[*column].nullable) continue;
        sql += descending != flip ? dialect.nulls_last() : dialect.nulls_first();
    }
    const bool has_id = std::ranges::find(index.fields, "id") != index.fields.end();
    if (!dialect.index_holds_id() && !has_id) sql += ", \"id\"";
    return sql + ")";
}

}  // namespace

std::string create_table_sql(const Dialect& dialect, const Collection& collection) {
    const std::string integer(dialect.column_type(FieldType::kInteger));
    std::string sql = "CREATE TABLE " + quoted_identifier(collection.table()) + " (\"id\" ";
    sql += dialect.id_column_type();
    for (const auto& column : collection.columns()) {
        if (column.declared) sql += ", " + column_definition(dialect, column);
    }
    for (const char* own : {"created_at", "updated_at", "version"}) {
        sql += ", " + quoted_identifier(own) + " " + integer + " NOT NULL";
    }
    return sql.append(")").append(dialect.table_options());
}

std::vector<Statement> alter_table_statements(const Dialect& dialect, const Collection& stored,
                                              const Collection& collection) {
    std::vector<Statement> statements;
    for (const auto& column : collection.columns()) {
        if (!column.declared) continue;
        const auto before = stored.find(column.name);
        const std::string table = quoted_identifier(collection.table());
        if (!before) {
            statements.push_back(
                {"ALTER TABLE " + table + " ADD COLUMN " + column_definition(dialect, column), {}});
        } else if (!column.nullable && stored.columns()[*before].nullable) {
            // A field with a default is never null.
            SqlBuilder sql(dialect);
            sql.sql("UPDATE ").sql(table).sql(" SET ").name(column.name).sql(" = ");
            sql.value(column.default_as_value());
            sql.sql(" WHERE ").name(column.name).sql(" IS NULL");
            statements.push_back(sql.take());
        }
    }
    return statements;
}

std::vector<IndexDefinition> index_definitions(const Dialect& dialect,
                                               const Collection& collection) {
    std::vector<IndexDefinition> definitions;
    for (const auto& key : collection.uniques()) {
        std::string name = dialect.identifier(collection.name() + "_unique_" + key.name);
        std::string sql = unique_sql(collection, key, name);
        definitions.push_back({std::move(name), std::move(sql), &key});
    }
    for (const auto& index : collection.indexes()) {
        std::string name = dialect.identifier(collection.name() + "_by_" + index.name);
        std::string sql = index_sql(dialect, collection, index, name);
        definitions.push_back({std::move(name), std::move(sql), nullptr});
    }
    return definitions;
}

}  // namespace streamwall::storage
