// What entries are found by: for each page one text with a part for each of its entries, in their
// order, "SEQUENCE MILLISECONDS resource/id actor_id actor_name;". Milliseconds are those since the
// page's first entry; spaces and semicolons inside names are escaped.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::audit {

// "resource/id actor_id actor_name;"
std::string entry_keys(std::string_view resource, std::string_view id, std::string_view actor_id,
                       std::string_view actor_name);

void append_keys(std::string& index, std::int64_t sequence, std::int64_t delta_ms,
                 std::string_view keys);

struct Keys {
    std::int64_t sequence = 0;
    std::int64_t at_ms = 0;
    std::string_view resource, id, actor_id, actor_name;  // escaped
};

// Reads one part off the front of `index`; nothing at its end.
std::optional<Keys> next_keys(std::string_view& index, std::int64_t from_ms);

// What somebody looks for. Empty members match everything.
class Search {
  public:
    Search(std::string_view actor, std::string_view resource, std::string_view id,
           std::optional<std::int64_t> since_ms);

    bool takes_all() const;
    bool matches(const Keys& keys) const;
    // The store's filter: of index records that may hold a match.
    boost::json::array filters() const;

  private:
    std::string actor_, resource_, id_;  // escaped
    std::optional<std::int64_t> since_ms_;
};

}  // namespace streamwall::audit
