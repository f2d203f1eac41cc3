// What differs between SQL databases. Everything else in this folder is common to all of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace streamwall::storage {

enum class FieldType { kInteger, kReal, kText, kBoolean, kJson, kTime };

class Dialect {
  public:
    virtual ~Dialect() = default;

    // The `number`th placeholder, from 1.
    virtual void placeholder(std::string& sql, std::size_t number) const = 0;
    virtual std::string_view column_type(FieldType type) const = 0;
    virtual std::string_view id_column_type() const = 0;  // a primary key that never comes twice
    // Behind the columns of a table of records; may be empty.
    virtual std::string_view table_options() const = 0;
    virtual std::string_view boolean(bool value) const = 0;
    // What a table or index of this name is called where names are shorter than ours may be.
    virtual std::string identifier(std::string name) const = 0;
    virtual bool index_holds_id() const = 0;  // behind its fields, without being told
    // Behind the VALUES of an INSERT, so that a unique key in use is no error; may be empty.
    virtual std::string_view unless_in_use() const = 0;
    virtual bool reads_what_is_skipped() const = 0;     // whole rows, where there is an OFFSET
    virtual bool updates_return() const = 0;            // false where reading again costs less
    virtual std::string_view is_same() const = 0;       // =, with null equal to null
    virtual std::string_view is_different() const = 0;  // its opposite
    virtual std::string_view greatest() const = 0;      // function: the larger of two values
    virtual std::string_view nulls_first() const = 0;  // behind an ascending sort key, may be empty
    virtual std::string_view nulls_last() const = 0;   // behind a descending one

    // Functions over (field, folded text) and (folded words, field…); see text_match.hpp. A back
    // end with a full-text index answers `words` from it.
    virtual std::string_view contains() const = 0;
    virtual std::string_view prefix() const = 0;
    virtual std::string_view words() const = 0;
    // How a collection is searched: by an FTS5 table of tokens (search.hpp), or by a table of
    // tsvector.
    virtual bool has_search_tokens() const = 0;
};

// SQLite 3.35 or later, with the functions of text_match.hpp registered under the names given here.
const Dialect& sqlite_dialect();

// PostgreSQL 15, with functions of these names that do as text_match.hpp says.
const Dialect& postgres_dialect();

// "name", with quotes doubled.
void append_identifier(std::string& sql, std::string_view name);
std::string quoted_identifier(std::string_view name);

// 'text', with quotes doubled: for index definitions, which take no placeholders.
void append_literal(std::string& sql, std::string_view text);

}  // namespace streamwall::storage
