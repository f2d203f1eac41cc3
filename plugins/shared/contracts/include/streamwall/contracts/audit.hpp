// The service `audit.entries`: who changed what. For administrators and the host; nothing changes
// an entry.
//
//   list    {"actor","resource","resource_id","since","limit","offset"} → {"records":[…],"count"},
//           newest first. All members are optional; `actor` is an id or a name
//   verify  {"expect":{"number","hash"}?} → {"ok","entries","head":{"number","hash"},
//           "flaws":[{"number","what":"changed|moved|removed|added|hidden|not as noted"}]};
//           hidden: searches would not find entries from that one on. Of what is written meanwhile
//           it says nothing
//
// An entry is {"id","at","actor":{"type","id","name"},"action","resource","resource_id","before",
// "after","request_id","hash"}; its id is its place in the chain.
#pragma once

#include <string_view>

namespace streamwall::contracts::audit {

inline constexpr std::string_view kService = "audit.entries";
inline constexpr std::string_view kList = "list";
inline constexpr std::string_view kVerify = "verify";

}  // namespace streamwall::contracts::audit
