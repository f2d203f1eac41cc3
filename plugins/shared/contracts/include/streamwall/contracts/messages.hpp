// The service `discovery.messages`: what a chat line does, for a line that was brought by a call.
//
//   post  {"body","strict"} → {"results":[{"url","outcome","reason","sheets","api","stream_id"}]}
//
// A body is {"text","author","channel","place_hint"}; only the text has to be there. There is one
// result for each link of the text, streams first, in text order; `url` is canonical, or the link
// as written where it is none of a stream.
//
//   outcome  created | known   there is a stream now, `stream_id`, and `api` is true
//            ignored           by a list or a setting; `reason` ignored_user or ignored_url
//            refused           no stream, or more than one sender may post; `reason` says which
//            failed            nothing was done, and it may be sent again; `reason` a code
//   sheets   whether a sink for spreadsheets is there and has taken it
#pragma once

#include <string_view>

namespace streamwall::contracts::messages {

inline constexpr std::string_view kService = "discovery.messages";
inline constexpr std::string_view kPost = "post";

// `source` of streams that come in this way.
inline constexpr std::string_view kSource = "webhook";

}  // namespace streamwall::contracts::messages
