// The data of the event chat.message_posted, see events/chat.message_posted.json.
#pragma once

#include "session.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::twitch {

// `text` as valid UTF-8 without U+0000: each byte that is no part of a character becomes U+FFFD, as
// chat servers pass on whatever a client typed.
std::string repair_utf8(std::string_view text);

// `now_ms` stands in for a server that gives no time, `number` for one that gives no message ids:
// it must differ for each post of this process.
std::string render_post(const Post& post, std::int64_t now_ms, std::uint64_t number);

}  // namespace streamwall::twitch
