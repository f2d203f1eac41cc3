// The collection `streams`, as the store is told of it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace streamwall::catalog {

// The request of `store.declare`. Every index costs each insert something, so there are few: each
// list looks up by `archived` first, which they all begin with, and is narrowed by the fields that
// are asked for most.
std::string streams_declaration();

// The field that always holds the same value (`link` for `url`); empty where there is none.
std::string_view repeated_field(std::string_view name);

// The fields that `search` looks into.
std::span<const std::string_view> searched_fields();

}  // namespace streamwall::catalog
