// Comma-separated values (RFC 4180) that no spreadsheet takes for a formula. Pure.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::rest_api {

// Appends one cell. What begins with = + - @ TAB or CR gets a leading apostrophe.
void append_csv_cell(std::string& out, std::string_view text);

// The names of a stream's fields as the first line, and its record as another one.
std::string csv_head();
void append_csv_row(std::string& out, std::string_view record);

}  // namespace streamwall::rest_api
