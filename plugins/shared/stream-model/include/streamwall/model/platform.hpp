// The platforms that the host can tell apart, by their public names.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace streamwall::model {

enum class Platform {
    kTwitch,
    kYoutube,
    kTiktok,
    kKick,
    kFacebook,
    kInstagram,
    kX,
    kRumble,
    kHls,
    kWebrtc,
    kOther
};

inline constexpr std::array<std::string_view, 11> kPlatformNames = {
    "twitch", "youtube", "tiktok", "kick",   "facebook", "instagram",
    "x",      "rumble",  "hls",    "webrtc", "other"};

std::string_view platform_name(Platform platform);
// Matches without case; nothing for a word that names no platform.
std::optional<Platform> parse_platform(std::string_view name);

}  // namespace streamwall::model
