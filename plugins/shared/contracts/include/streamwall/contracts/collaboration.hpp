// The service `collaboration.sessions`, for those who work together without a connection to the
// hub.
//
//   create    {"body":{"resource","resource_id"?,"title"?}} → {"id","resource","resource_id","title",…}
//   lock      {"body":{cell}} → the lock; ABORTED with details.holder where somebody else holds it
//   unlock    {"body":{cell}} → {}; likewise
//   announce  {"body":{"resource","resource_id"? or "session","message":{…},"except"?}} →
//             {"connections":n}
//
// A cell is {"cell_id"} or {"resource","resource_id","field"}; a lock
// {"resource","resource_id","field","cell_id","user","user_id","user_name","user_color","expires_at"}.
// INVALID_ARGUMENT names fields in details.errors. Callers are editors. `announce` is for
// owners: for administrators, to all sessions at the place, and for whoever made a session, to that;
// not to the connections of `except`, "user:5".
#pragma once

#include <string_view>

namespace streamwall::contracts::collaboration {

inline constexpr std::string_view kService = "collaboration.sessions";
inline constexpr std::string_view kCreate = "create";
inline constexpr std::string_view kLock = "lock";
inline constexpr std::string_view kUnlock = "unlock";
inline constexpr std::string_view kAnnounce = "announce";

inline constexpr std::string_view kSessionCreated = "collaboration_session.created";

}  // namespace streamwall::contracts::collaboration
