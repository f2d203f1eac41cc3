// The functions behind the operators contains, prefix and words, as PostgreSQL runs them.
//
// They fold case and know letters by the tables of text_match.hpp, not by the server's locale or
// ICU: so a filter finds the same on every back end. The tables become part of the functions' text;
// texts that are ASCII alone, which most are, take a shorter way.
#pragma once

#include <string>
#include <vector>

namespace streamwall::postgres {

// CREATE OR REPLACE statements, in order.
const std::vector<std::string>& fold_functions();

// Tells versions of the functions apart.
std::string fold_functions_version();

}  // namespace streamwall::postgres
