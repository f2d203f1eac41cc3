// Renders rows as records: declared order, no tree, the same bytes each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage-sql/collection.hpp"
#include "storage-sql/value.hpp"

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

// What a row's record is once `fields` are set, told from `before`, the record at `version`: the
// same bytes as append_record() gives, without asking the database. Nothing where `before` is no
// such record, or where the database has a say in how a value reads.
std::optional<std::string> updated_record(std::string_view before, const Collection& collection,
                                          std::int64_t version,
                                          const std::vector<std::pair<std::size_t, Value>>& fields,
                                          std::int64_t now_ms);

}  // namespace streamwall::storage
