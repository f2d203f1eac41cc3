// From what somebody said to an event's data.
#include "chat_event.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

namespace streamwall::twitch {

namespace {
// The end of the year 9999, past which there is no RFC 3339.
constexpr std::int64_t kLatestMs = 253'402'300'799'999;
}  // namespace

std::string repair_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto point = model::decode_utf8(text, at);
        if (point.valid && point.value != 0)
            out += text.substr(at, point.length);
        else
            out += "\xEF\xBF\xBD";
        at += point.length;
    }
    return out;
}

std::string render_post(const Post& post, std::int64_t now_ms, std::uint64_t number) {
    const auto posted_ms = post.sent_ms > 0 && post.sent_ms <= kLatestMs ? post.sent_ms : now_ms;
    const auto id = post.message_id.empty()
                        ? "irc-" + std::to_string(now_ms) + "-" + std::to_string(number)
                        : repair_utf8(post.message_id);
    const model::UtcTime posted_at{std::chrono::milliseconds(posted_ms)};
    return json::Writer()
        .text("source", "twitch")
        .text("channel", repair_utf8(post.channel))
        .text("user", repair_utf8(post.user))
        .text("user_id", repair_utf8(post.user_id))
        .text("text", repair_utf8(post.text))
        .text("message_id", id)
        .text("posted_at", model::format_time(posted_at))
        .take();
}

}  // namespace streamwall::twitch
