// First words of paths, and tabs of a channel, that are pages of the platform itself and no stream,
// as they stood in 2026.
#pragma once

#include <array>
#include <string_view>

#include "streamwall/model/url_identity.hpp"

namespace streamwall::model {

struct ReservedWord {
    std::string_view word;
    SkipReason reason;
};

inline constexpr auto kDirectory = SkipReason::kDirectory;
inline constexpr auto kSettings = SkipReason::kSettings;
inline constexpr auto kRecording = SkipReason::kRecording;
inline constexpr auto kClip = SkipReason::kClip;

inline constexpr auto kTwitchWords = std::to_array<ReservedWord>({
    {"directory", kDirectory}, {"browse", kDirectory},
    {"search", kDirectory},    {"following", kDirectory},
    {"team", kDirectory},      {"communities", kDirectory},
    {"videos", kRecording},    {"collections", kRecording},
    {"clip", kClip},           {"clips", kClip},
    {"settings", kSettings},   {"subscriptions", kSettings},
    {"wallet", kSettings},     {"inventory", kSettings},
    {"drops", kSettings},      {"friends", kSettings},
    {"payments", kSettings},   {"login", kSettings},
    {"signup", kSettings},     {"logout", kSettings},
    {"turbo", kSettings},      {"prime", kSettings},
    {"store", kSettings},      {"downloads", kSettings},
    {"jobs", kSettings},       {"p", kSettings},
    {"u", kSettings},          {"legal", kSettings},
    {"privacy", kSettings},    {"products", kSettings},
    {"bits", kSettings},       {"dashboard", kSettings},
    {"broadcast", kSettings},  {"redeem", kSettings},
    {"partners", kSettings},
});
inline constexpr auto kTwitchTabs = std::to_array<ReservedWord>({
    {"video", kRecording},
    {"videos", kRecording},
    {"v", kRecording},
    {"collections", kRecording},
    {"clip", kClip},
    {"clips", kClip},
});
inline constexpr auto kKickWords = std::to_array<ReservedWord>({
    {"browse", kDirectory},
    {"categories", kDirectory},
    {"category", kDirectory},
    {"following", kDirectory},
    {"search", kDirectory},
    {"clips", kClip},
    {"video", kRecording},
    {"videos", kRecording},
    {"settings", kSettings},
    {"dashboard", kSettings},
    {"login", kSettings},
    {"signup", kSettings},
    {"register", kSettings},
    {"terms-of-service", kSettings},
    {"privacy-policy", kSettings},
    {"community-guidelines", kSettings},
    {"dmca-policy", kSettings},
    {"transactions", kSettings},
});
inline constexpr auto kTiktokWords = std::to_array<ReservedWord>({
    {"live", kDirectory},
    {"explore", kDirectory},
    {"foryou", kDirectory},
    {"following", kDirectory},
    {"discover", kDirectory},
    {"tag", kDirectory},
    {"search", kDirectory},
    {"music", kDirectory},
    {"login", kSettings},
    {"signup", kSettings},
    {"settings", kSettings},
    {"setting", kSettings},
    {"messages", kSettings},
    {"upload", kSettings},
    {"about", kSettings},
    {"legal", kSettings},
    {"v", kRecording},
});
inline constexpr auto kYoutubeWords = std::to_array<ReservedWord>({
    {"playlist", kDirectory},
    {"feed", kDirectory},
    {"results", kDirectory},
    {"hashtag", kDirectory},
    {"gaming", kDirectory},
    {"trending", kDirectory},
    {"live", kDirectory},
    {"shorts", kDirectory},
    {"watch", kDirectory},
    {"clip", kClip},
    {"account", kSettings},
    {"premium", kSettings},
    {"settings", kSettings},
    {"about", kSettings},
    {"signin", kSettings},
    {"t", kSettings},
    {"post", kRecording},
});
inline constexpr auto kFacebookWords = std::to_array<ReservedWord>({
    {"watch", kDirectory},     {"live", kDirectory},          {"groups", kDirectory},
    {"events", kDirectory},    {"marketplace", kDirectory},   {"gaming", kDirectory},
    {"search", kDirectory},    {"hashtag", kDirectory},       {"pages", kDirectory},
    {"reel", kRecording},      {"reels", kRecording},         {"stories", kRecording},
    {"photo", kRecording},     {"photos", kRecording},        {"photo.php", kRecording},
    {"story.php", kRecording}, {"permalink.php", kRecording}, {"login", kSettings},
    {"settings", kSettings},   {"help", kSettings},           {"policies", kSettings},
    {"privacy", kSettings},    {"messages", kSettings},       {"notifications", kSettings},
});
inline constexpr auto kInstagramWords = std::to_array<ReservedWord>({
    {"p", kRecording},
    {"reel", kRecording},
    {"reels", kRecording},
    {"tv", kRecording},
    {"stories", kRecording},
    {"explore", kDirectory},
    {"live", kDirectory},
    {"accounts", kSettings},
    {"direct", kSettings},
    {"about", kSettings},
    {"legal", kSettings},
});
inline constexpr auto kXWords = std::to_array<ReservedWord>({
    {"home", SkipReason::kHome},
    {"explore", kDirectory},
    {"search", kDirectory},
    {"hashtag", kDirectory},
    {"settings", kSettings},
    {"login", kSettings},
    {"messages", kSettings},
    {"notifications", kSettings},
    {"intent", kSettings},
    {"share", kSettings},
    {"tos", kSettings},
    {"privacy", kSettings},
});
inline constexpr auto kRumbleWords = std::to_array<ReservedWord>({
    {"browse", kDirectory},
    {"videos", kDirectory},
    {"live", kDirectory},
    {"search", kDirectory},
    {"editor-picks", kDirectory},
    {"battle-leaderboard", kDirectory},
    {"category", kDirectory},
    {"account", kSettings},
    {"login.php", kSettings},
    {"login", kSettings},
    {"register.php", kSettings},
    {"register", kSettings},
    {"subscriptions", kSettings},
    {"our-apps", kSettings},
    {"s", kSettings},
});

}  // namespace streamwall::model
