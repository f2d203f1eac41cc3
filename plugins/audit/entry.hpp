// What an event about a record says for the audit: who did what to it, before and after.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::audit {

// An event as it was delivered.
struct Happening {
    std::string_view type;
    std::string_view subject;  // "stream/17"
    std::string_view timestamp;
    std::string_view actor_type, actor_id, actor_name;
    std::string_view request_id;
    std::string_view epoch;
    std::int64_t sequence = 0;
    boost::json::object data = {};
    boost::json::object changes = {};
};

// The entry as the store keeps it, but for its place in the chain; nothing where the event changes
// no record. Passwords, hashes and tokens are left out wherever they stand.
std::optional<boost::json::object> entry_of(Happening happening);

// As it is shown: with `actor` as an object, without what belongs to the chain alone.
boost::json::object shown(const boost::json::object& record);

}  // namespace streamwall::audit
