// Whether who reads values of one schema can read those of another: what a new minor version of an
// event may change, and what it may not.
#pragma once

#include "config/schema.hpp"

#include <optional>
#include <string>

namespace streamwall::config {

struct Incompatibility {
    std::string member;  // "limits.high", "tags[]"; empty: the whole value
    std::string why;     // "is gone", "may now be null"
};

// The first reason why a reader of `before` may fail on a value of `after`. Such a value may have
// more members; those that the reader knows must stay as narrow as they were. Nothing: compatible.
std::optional<Incompatibility> find_break(const SchemaNode& before, const SchemaNode& after);

// Nothing where both describe the same values, in either direction.
std::optional<Incompatibility> find_difference(const SchemaNode& one, const SchemaNode& other);

}  // namespace streamwall::config
