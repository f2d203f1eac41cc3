// Values on their way into a statement.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace streamwall::storage {

// Stands for the time of the commit, which is known only when the statement runs.
struct Now {
    friend bool operator==(Now, Now) { return true; }
};

// Texts are views into the request, a Kept or a collection; all of them outlive the statement.
using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Now>;

// Texts made while a request is read; their addresses stay. A list, because most requests make none
// and a deque allocates even while it is empty.
using Kept = std::list<std::string>;

// SQL with a placeholder for each value, in order.
struct Statement {
    std::string sql;
    std::vector<Value> values;
};

}  // namespace streamwall::storage
