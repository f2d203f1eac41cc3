// How old a service key's secret is, and what follows from that.
//
// A secret is due for rotation some time before its end, overdue at its end, and refused after a
// grace that the operator sets. Where the key's maker named its end, it ends then.
#pragma once

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace streamwall::accounts {

enum class KeyState { kActive, kDue, kOverdue, kEnded, kRevoked };
std::string_view to_string(KeyState state);

struct KeyPolicy {
    std::chrono::milliseconds warning{};
    std::chrono::milliseconds grace{};
};

// Milliseconds since 1970; nothing where the record has no such time.
std::optional<std::int64_t> time_at(const boost::json::object& record, std::string_view name);

// Times as of time_at(); `key` is a record of the store.
std::int64_t refused_from(const boost::json::object& key, const KeyPolicy& policy);
KeyState state_of(const boost::json::object& key, const KeyPolicy& policy, std::int64_t now);
// Whole days since its secret was made.
std::int64_t age_days(const boost::json::object& key, std::int64_t now);

}  // namespace streamwall::accounts
