// Renders rows as records: declared order, no tree, the same bytes each time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage-sql/collection.hpp"

namespace streamwall::storage {

// A row of a result; columns count from 0.
class Row {
  public:
    virtual bool is_null(std::size_t column) const = 0;
    virtual std::int64_t integer(std::size_t column) const = 0;
    virtual double real(std::size_t column) const = 0;
    virtual std::string_view text(std::size_t column) const = 0;  // valid until the next step

  protected:
    ~Row() = default;
};

void append_record(std::string& out, const Collection& collection, const Row& row);

}  // namespace streamwall::storage
