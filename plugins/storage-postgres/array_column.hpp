// The values that many rows have in one column, as one array: unnest() makes rows of such arrays.
#pragma once

#include <stdexcept>
#include <string>
#include <variant>

#include "pipeline.hpp"
#include "storage-sql/dialect.hpp"

namespace streamwall::postgres {

class ArrayColumn {
  public:
    explicit ArrayColumn(storage::FieldType type) : type_(type), values_(element_of(type)) {}

    // `value` is a variant of what a column can hold; nothing is null.
    template <class... Kinds>
    void add(const std::variant<Kinds...>& value) {
        std::visit([this](const auto& given) { this->put(given); }, value);
    }
    ArrayValue take() { return std::move(values_); }

    // How a statement calls the array's type, behind a placeholder.
    static std::string_view cast(storage::FieldType type);
    // An element, that `name` stands for, as a value of the column.
    static std::string element(std::string name, storage::FieldType type);

  private:
    static ArrayValue::Element element_of(storage::FieldType type);

    void put(std::monostate) { values_.add_null(); }
    void put(std::int64_t integer) {
        if (type_ == storage::FieldType::kReal) {
            values_.add(static_cast<double>(integer));
        } else {
            values_.add(integer);
        }
    }
    void put(double real) { values_.add(real); }
    void put(std::string_view text) { values_.add(text); }
    void put(storage::Now) { throw std::logic_error("the store alone sets times of commits"); }

    const storage::FieldType type_;
    ArrayValue values_;
};

}  // namespace streamwall::postgres
