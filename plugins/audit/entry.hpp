// What an event about a record says for the audit: who did what to it, before and after.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::audit {

// An event as it was delivered; `data` and `changes` are JSON, as the store rendered them.
struct Happening {
    std::string_view type;
    std::string_view subject;  // "stream/17"
    std::string_view timestamp;
    std::string_view actor_type, actor_id, actor_name;
    std::string_view request_id;
    std::string_view epoch;
    std::int64_t sequence = 0;
    std::string_view data = {};
    std::string_view changes = {};  // may be empty
};

struct Entry {
    std::string members;  // of its line, but for those of the chain
    std::string keys;     // what it is found by (page_index.hpp)
    std::int64_t at_ms = 0;
    std::string epoch;
    std::int64_t sequence = 0;
};

// Nothing where the event changes no record. Passwords, hashes and tokens are left out wherever
// they stand. Called for each change that anybody makes: texts are copied, not parsed.
std::optional<Entry> entry_of(const Happening& happening);

// A line as it is shown: without what belongs to the journal alone.
boost::json::object shown(std::string_view line);

}  // namespace streamwall::audit
