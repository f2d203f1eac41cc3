// The TOML that Streamwall reads and our own feed writes: a table [[streams]] for each stream.
#pragma once

#include "import_rows.hpp"

#include <string_view>

namespace streamwall::catalog {

bool is_toml(std::string_view text);
// INVALID_ARGUMENT names the line that is no TOML.
Result<Import> read_toml(std::string_view text);

}  // namespace streamwall::catalog
