// The service `audit.entries`: who changed what. For administrators and the host; nothing changes
// an entry once it is there.
//
//   list    {"actor","resource","resource_id","since","limit","offset"} → {"records":[…],"count"},
//           newest first. All members are optional; `actor` is an id or a name
//   verify  {"expect":{"number","hash"}?} → {"ok","entries","head":{"number","hash"},
//           "flaws":[{"number","what":"changed|moved|removed|added|hidden|not as noted"}]};
//           hidden: searches would not find entries from that one on. Of what is written meanwhile
//           it says nothing
//
//   note    {"action","resource_id","outcome","error"?} → {}: what was done to something that is no
//           record, one of kDeeds, gets an entry; its resource is what `action` begins with
//
// An entry is {"id","at","actor":{"type","id","name"},"action","resource","resource_id","before",
// "after","request_id","hash"}; its id is its place in the chain.
#pragma once

#include <array>
#include <string_view>

namespace streamwall::contracts::audit {

inline constexpr std::string_view kService = "audit.entries";
inline constexpr std::string_view kList = "list";
inline constexpr std::string_view kVerify = "verify";
inline constexpr std::string_view kNote = "note";

inline constexpr std::array<std::string_view, 7> kDeeds = {
    "plugin.enabled",      "plugin.disabled",     "plugin.restarted",   "plugin.reset",
    "plugin.reconfigured", "dead_letter.retried", "dead_letter.dropped"};
inline constexpr std::string_view kDone = "done";
inline constexpr std::string_view kAccepted = "accepted";  // and carried out a moment later
inline constexpr std::string_view kFailed = "failed";
inline constexpr std::array<std::string_view, 3> kOutcomes = {kDone, kAccepted, kFailed};

}  // namespace streamwall::contracts::audit
