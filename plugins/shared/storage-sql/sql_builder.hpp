// Puts a statement together; a value from outside can only become a placeholder.
#pragma once

#include "storage-sql/dialect.hpp"
#include "storage-sql/value.hpp"

namespace streamwall::storage {

class SqlBuilder {
  public:
    // Inlined values are for index definitions, whose values come from a declaration.
    enum class Values { kBound, kInlined };

    explicit SqlBuilder(const Dialect& dialect, Values mode = Values::kBound)
        : dialect_(dialect), mode_(mode) {
        statement_.sql.reserve(kUsualLength);
        statement_.values.reserve(kUsualValues);
    }

    const Dialect& dialect() const { return dialect_; }
    bool inlined() const { return mode_ == Values::kInlined; }

    SqlBuilder& sql(std::string_view text) {
        statement_.sql += text;
        return *this;
    }
    SqlBuilder& name(std::string_view identifier) {
        append_identifier(statement_.sql, identifier);
        return *this;
    }
    SqlBuilder& value(const Value& value);

    Statement take() { return std::move(statement_); }

  private:
    static constexpr std::size_t kUsualLength = 240;
    static constexpr std::size_t kUsualValues = 6;

    const Dialect& dialect_;
    Values mode_;
    Statement statement_;
};

}  // namespace streamwall::storage
