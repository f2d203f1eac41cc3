// A dump of StreamSource's PostgreSQL database, as pg_dump writes it: the blocks that COPY begins.
#pragma once

#include "import_rows.hpp"

#include <string_view>

namespace streamwall::catalog {

bool is_dump(std::string_view text);
// INVALID_ARGUMENT where it is one that must be written in another way first.
Result<Import> read_dump(std::string_view text);

}  // namespace streamwall::catalog
