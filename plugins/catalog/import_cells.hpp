// Rows of texts under names of columns, as bodies of streams. Pure.
#pragma once

#include "import_rows.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

using Cells = std::vector<std::optional<std::string>>;  // nothing: null

// The field of a stream that a column of another system means; empty where it is none.
std::string stream_field_of(std::string_view column);

boost::json::object stream_of_cells(const std::vector<std::string>& fields, const Cells& cells);

// A row with as many cells as there are fields.
void add_row(Import& into, std::size_t number, const std::vector<std::string>& fields,
             const Cells& cells);

// An item of a feed as the desktop app has them, in JSON or TOML.
boost::json::object stream_of_feed(const boost::json::object& item);

// "2025-01-31 12:34:56.789" of PostgreSQL is UTC without saying so.
std::string time_text(std::string text);

}  // namespace streamwall::catalog
