// The pages of the platforms, as they stood in 2026.
#include "platform_rules.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

using PageResult = std::expected<Page, SkipReason>;

struct KnownDomain {
    std::string_view domain;
    Platform platform;
};

constexpr auto kDomains = std::to_array<KnownDomain>({
    {"twitch.tv", Platform::kTwitch},
    {"kick.com", Platform::kKick},
    {"tiktok.com", Platform::kTiktok},
    {"youtube.com", Platform::kYoutube},
    {"youtu.be", Platform::kYoutube},
    {"youtube-nocookie.com", Platform::kYoutube},
    {"facebook.com", Platform::kFacebook},
    {"fb.com", Platform::kFacebook},
    {"fb.watch", Platform::kFacebook},
    {"instagram.com", Platform::kInstagram},
    {"x.com", Platform::kX},
    {"twitter.com", Platform::kX},
    {"rumble.com", Platform::kRumble},
});

constexpr std::array<std::string_view, 5> kVariants = {"www", "m", "mobile", "web", "music"};

struct ReservedWord {
    std::string_view word;
    SkipReason reason;
};

constexpr auto kDirectory = SkipReason::kDirectory;
constexpr auto kSettings = SkipReason::kSettings;
constexpr auto kRecording = SkipReason::kRecording;
constexpr auto kClip = SkipReason::kClip;

constexpr auto kTwitchWords = std::to_array<ReservedWord>({
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
constexpr auto kTwitchTabs = std::to_array<ReservedWord>({
    {"video", kRecording},
    {"videos", kRecording},
    {"v", kRecording},
    {"collections", kRecording},
    {"clip", kClip},
    {"clips", kClip},
});
constexpr auto kKickWords = std::to_array<ReservedWord>({
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
constexpr auto kTiktokWords = std::to_array<ReservedWord>({
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
constexpr auto kYoutubeWords = std::to_array<ReservedWord>({
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
constexpr auto kFacebookWords = std::to_array<ReservedWord>({
    {"watch", kDirectory},     {"live", kDirectory},          {"groups", kDirectory},
    {"events", kDirectory},    {"marketplace", kDirectory},   {"gaming", kDirectory},
    {"search", kDirectory},    {"hashtag", kDirectory},       {"pages", kDirectory},
    {"reel", kRecording},      {"reels", kRecording},         {"stories", kRecording},
    {"photo", kRecording},     {"photos", kRecording},        {"photo.php", kRecording},
    {"story.php", kRecording}, {"permalink.php", kRecording}, {"login", kSettings},
    {"settings", kSettings},   {"help", kSettings},           {"policies", kSettings},
    {"privacy", kSettings},    {"messages", kSettings},       {"notifications", kSettings},
});
constexpr auto kInstagramWords = std::to_array<ReservedWord>({
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
constexpr auto kXWords = std::to_array<ReservedWord>({
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
constexpr auto kRumbleWords = std::to_array<ReservedWord>({
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

std::optional<SkipReason> reserved(std::span<const ReservedWord> words, std::string_view name) {
    const auto found = std::ranges::find_if(
        words, [&](const ReservedWord& w) { return equals_ignoring_case(w.word, name); });
    if (found == words.end()) return std::nullopt;
    return found->reason;
}

bool is(std::string_view name, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](auto w) { return equals_ignoring_case(w, name); });
}

bool word_byte(char c) {
    return is_alnum(c) || c == '_';
}  // twitch
bool slug_byte(char c) {
    return is_alnum(c) || c == '_' || c == '-';
}  // kick, ids of youtube
bool dotted_byte(char c) {
    return is_alnum(c) || c == '_' || c == '.';
}  // tiktok, instagram
bool page_byte(char c) {
    return slug_byte(c) || c == '.';
}  // facebook, rumble, handles
bool handle_byte(char c) {
    return page_byte(c) || c == '@';
}

std::string_view leading(std::string_view text, CharacterTest allowed) {
    std::size_t end = 0;
    while (end < text.size() && allowed(text[end]))
        ++end;
    return text.substr(0, end);
}

Page page(std::string url, const PathReader& path, std::optional<std::string> streamer = {}) {
    return {std::move(url), std::move(streamer), path.position(), path.whole()};
}

// For a stream whose id stands in the query: the link is taken to the end of that id.
Page page_by_id(std::string url, std::string_view value, std::string_view id) {
    return {std::move(url), std::nullopt, id.data() + id.size(), id.size() == value.size()};
}

PageResult skip(SkipReason reason) {
    return std::unexpected(reason);
}

PageResult read_twitch(const Site& site, const LinkParts& link) {
    if (site.subdomain == "clips") return skip(kClip);
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    std::string_view login = path.next(word_byte);
    if (is(login, {"popout", "moderator", "embed"})) login = path.next(word_byte);
    if (login.empty()) return skip(SkipReason::kHome);
    if (const auto reason = reserved(kTwitchWords, login)) return skip(*reason);
    if (login.size() > 25) return skip(SkipReason::kBadName);
    const Page channel = page("https://twitch.tv/" + to_lower(login), path, to_lower(login));
    if (const auto reason = reserved(kTwitchTabs, path.next(word_byte))) return skip(*reason);
    return channel;
}

PageResult read_kick(const Site& site, const LinkParts& link) {
    if (site.subdomain == "clips") return skip(kClip);
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    std::string_view slug = path.next(slug_byte, "-");
    if (is(slug, {"popout"})) slug = path.next(slug_byte, "-");
    if (slug.empty()) return skip(SkipReason::kHome);
    if (const auto reason = reserved(kKickWords, slug)) return skip(*reason);
    if (slug.size() > 50) return skip(SkipReason::kBadName);
    const Page channel = page("https://kick.com/" + to_lower(slug), path, to_lower(slug));
    const std::string_view tab = path.next(slug_byte);
    if (is(tab, {"clips", "clip"}) || (path.whole() && query_value(link.query, "clip"))) {
        return skip(kClip);
    }
    if (is(tab, {"videos", "video"})) return skip(kRecording);
    return channel;
}

PageResult read_tiktok(const Site& site, const LinkParts& link) {
    PathReader path(link.path);
    if (is(site.subdomain, {"vm", "vt"})) {
        const std::string_view code = path.next(slug_byte, "-");
        if (code.empty()) return skip(SkipReason::kHome);
        return page("https://" + std::string(site.subdomain) + ".tiktok.com/" + std::string(code),
                    path);
    }
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    const std::string_view first =
        path.next([](char c) { return dotted_byte(c) || c == '@'; }, ".");
    if (first.empty()) return skip(SkipReason::kHome);
    if (is(first, {"t"})) {
        const std::string_view code = path.next(slug_byte, "-");
        if (code.empty()) return skip(SkipReason::kUnsupportedPage);
        return page("https://tiktok.com/t/" + std::string(code), path);
    }
    if (first.front() != '@') {
        return skip(reserved(kTiktokWords, first).value_or(SkipReason::kUnsupportedPage));
    }
    const std::string user = to_lower(first.substr(1));
    if (user.size() < 2 || user.size() > 24 || user.find('@') != std::string::npos) {
        return skip(SkipReason::kBadName);
    }
    const Page account = page("https://tiktok.com/@" + user + "/live", path, user);
    const std::string_view tab = path.next(word_byte);
    if (is(tab, {"video", "photo", "playlist"})) return skip(kRecording);
    // The link goes to the end of "/live", so that the scanner does not look at it again.
    return is(tab, {"live"}) ? page(account.url, path, user) : account;
}

PageResult youtube_video(std::string_view id, Page found) {
    if (id.size() != 11) return skip(id.empty() ? kDirectory : SkipReason::kBadName);
    found.url = "https://youtube.com/watch?v=" + std::string(id);
    return found;
}

PageResult read_youtube_handle(std::string_view first, PathReader path) {
    const std::string handle = to_lower(first.substr(1));
    if (handle.size() < 3 || handle.size() > 30 || handle.find('@') != std::string::npos) {
        return skip(SkipReason::kBadName);
    }
    const std::string url = "https://youtube.com/@" + handle + "/live";
    const Page account = page(url, path, handle);
    const std::string_view tab = path.next(word_byte);
    if (is(tab, {"videos", "shorts", "playlists", "podcasts"})) return skip(kRecording);
    return is(tab, {"live"}) ? page(url, path, handle) : account;
}

PageResult read_youtube(const Site& site, const LinkParts& link) {
    if (is(site.subdomain, {"studio", "accounts", "support"})) return skip(kSettings);
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    const std::string_view first = path.next(handle_byte, ".-");
    if (first.empty()) return skip(SkipReason::kHome);
    if (site.domain == "youtu.be") {
        // An id may end with a hyphen, so it is read again without that care.
        PathReader again(link.path);
        const std::string_view id = again.next(slug_byte);
        return youtube_video(id, page("", again));
    }
    if (first.front() == '@') return read_youtube_handle(first, path);
    if (is(first, {"watch"}) && path.whole()) {
        if (const auto value = query_value(link.query, "v")) {
            const std::string_view id = leading(*value, slug_byte);
            return youtube_video(id, page_by_id("", *value, id));
        }
        return skip(kDirectory);
    }
    if (is(first, {"live", "shorts", "embed", "v"})) {
        const std::string_view id = path.next(slug_byte);
        if (is(id, {"live_stream", "videoseries"})) return skip(SkipReason::kUnsupportedPage);
        return youtube_video(id, page("", path));
    }
    return skip(reserved(kYoutubeWords, first).value_or(SkipReason::kUnsupportedPage));
}

PageResult facebook_video(std::string_view id, Page found) {
    if (id.empty() || id.size() > 20) return skip(SkipReason::kBadName);
    found.url = "https://facebook.com/watch?v=" + std::string(id);
    return found;
}

PageResult facebook_video_by_query(const LinkParts& link) {
    const auto value = query_value(link.query, "v");
    if (!value) return skip(kDirectory);
    const std::string_view id = leading(*value, is_digit);
    return facebook_video(id, page_by_id("", *value, id));
}

// <page>/videos/<id>, with a title or a set's name before the id at times.
PageResult facebook_video_by_path(PathReader path) {
    PathReader titled = path;
    const std::string_view id = path.next(is_digit);
    if (id.empty() && path.whole()) return skip(kRecording);
    if (!id.empty() && (path.whole() || !page_byte(*path.position()))) {
        return facebook_video(id, page("", path));
    }
    titled.next(page_byte);
    const std::string_view second = titled.next(is_digit);
    return facebook_video(second, page("", titled));
}

PageResult read_facebook(const Site& site, const LinkParts& link) {
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    if (site.domain == "fb.watch") {
        const std::string_view code = path.next(slug_byte);
        if (code.empty()) return skip(SkipReason::kHome);
        return page("https://fb.watch/" + std::string(code), path);
    }
    const std::string_view first = path.next(page_byte, ".");
    if (first.empty()) return skip(SkipReason::kHome);
    const bool watch = is(first, {"watch", "video.php"});
    if (watch && path.whole()) {
        const std::string_view second = path.next(word_byte);
        if (path.whole() && is(second, {"", "live"})) return facebook_video_by_query(link);
        return skip(kDirectory);
    }
    const std::string_view second = path.next(word_byte);
    if (is(first, {"share"}) && is(second, {"v"})) {
        const std::string_view code = path.next(slug_byte);
        if (code.empty()) return skip(SkipReason::kUnsupportedPage);
        return page("https://facebook.com/share/v/" + std::string(code), path);
    }
    if (const auto reason = reserved(kFacebookWords, first)) return skip(*reason);
    if (is(second, {"videos"})) return facebook_video_by_path(path);
    if (is(second, {"live", "live_videos"})) {
        return page("https://facebook.com/" + to_lower(first) + "/live", path, to_lower(first));
    }
    return skip(SkipReason::kUnsupportedPage);
}

PageResult read_instagram(const Site& site, const LinkParts& link) {
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    const std::string_view user = path.next(dotted_byte, ".");
    if (user.empty()) return skip(SkipReason::kHome);
    if (const auto reason = reserved(kInstagramWords, user)) return skip(*reason);
    if (user.size() > 30) return skip(SkipReason::kBadName);
    const std::string_view tab = path.next(word_byte);
    if (is(tab, {"p", "reel", "reels", "tagged"})) return skip(kRecording);
    if (!is(tab, {"live"})) return skip(SkipReason::kUnsupportedPage);
    return page("https://instagram.com/" + to_lower(user) + "/live", path, to_lower(user));
}

PageResult read_x(const Site& site, const LinkParts& link) {
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    const std::string_view first = path.next(word_byte);
    if (first.empty()) return skip(SkipReason::kHome);
    if (const auto reason = reserved(kXWords, first)) return skip(*reason);
    if (!is(first, {"i"}) || !is(path.next(word_byte), {"broadcasts"})) {
        return skip(SkipReason::kUnsupportedPage);
    }
    const std::string_view id = path.next(is_alnum);
    if (id.empty() || id.size() > 40) return skip(SkipReason::kBadName);
    return page("https://x.com/i/broadcasts/" + std::string(id), path);
}

PageResult read_rumble(const Site& site, const LinkParts& link) {
    if (!site.subdomain.empty()) return skip(SkipReason::kUnsupportedPage);
    PathReader path(link.path);
    const std::string_view first = path.next(page_byte, ".");
    if (first.empty()) return skip(SkipReason::kHome);
    if (const auto reason = reserved(kRumbleWords, first)) return skip(*reason);
    std::string url = "https://rumble.com";
    std::optional<std::string> streamer;
    std::size_t names = 0;
    Page found;
    for (std::string_view name = first; !name.empty(); name = path.next(page_byte, ".")) {
        if (name.size() > 255) return skip(SkipReason::kBadName);
        if (++names == 2 && is(first, {"c", "user"})) streamer = name;
        url += '/';
        url += name;
        found = page("", path);
    }
    if (is(first, {"c", "user", "embed"}) && names < 2) {
        return skip(SkipReason::kUnsupportedPage);
    }
    found.url = std::move(url);
    found.streamer = std::move(streamer);
    return found;
}

// The host with letters that look alike made equal: "tw1tch.tv" and "twltch.tv" become one.
std::string skeleton(std::string_view host) {
    std::string plain;
    for (std::size_t i = 0; i < host.size(); ++i) {
        const std::string_view pair = host.substr(i, 2);
        if (pair == "vv" || pair == "rn") {
            plain += pair == "vv" ? 'w' : 'm';
            ++i;
        } else if (host[i] != '-') {
            const std::size_t at = std::string_view("0135l").find(host[i]);
            plain += at == std::string_view::npos ? host[i] : "oiesi"[at];
        }
    }
    return plain;
}

}  // namespace

std::optional<Site> find_site(std::string_view host) {
    for (const KnownDomain& known : kDomains) {
        if (!host.ends_with(known.domain)) continue;
        std::string_view before = host.substr(0, host.size() - known.domain.size());
        if (before.empty()) return Site{known.platform, known.domain, {}};
        if (!before.ends_with('.')) continue;
        before.remove_suffix(1);
        const bool variant = std::ranges::find(kVariants, before) != kVariants.end();
        return Site{known.platform, known.domain, variant ? std::string_view() : before};
    }
    return std::nullopt;
}

bool imitates_a_site(std::string_view host) {
    // Shorter names are part of too many honest ones ("netflix.com").
    constexpr std::size_t kTellingLength = 8;
    const std::string plain = skeleton(host);
    for (const KnownDomain& known : kDomains) {
        const std::string_view domain = known.domain;
        if (domain.size() >= kTellingLength && host.find(domain) != std::string_view::npos) {
            return true;
        }
        if (host.starts_with(domain) && host.substr(domain.size()).starts_with('.')) return true;
        const std::string model = skeleton(domain);
        if (plain == model || plain.ends_with("." + model)) return true;
    }
    return false;
}

std::expected<Page, SkipReason> read_page(const Site& site, const LinkParts& link) {
    switch (site.platform) {
        case Platform::kTwitch:
            return read_twitch(site, link);
        case Platform::kKick:
            return read_kick(site, link);
        case Platform::kTiktok:
            return read_tiktok(site, link);
        case Platform::kYoutube:
            return read_youtube(site, link);
        case Platform::kFacebook:
            return read_facebook(site, link);
        case Platform::kInstagram:
            return read_instagram(site, link);
        case Platform::kX:
            return read_x(site, link);
        case Platform::kRumble:
            return read_rumble(site, link);
        case Platform::kHls:
        case Platform::kWebrtc:
        case Platform::kOther:
            break;
    }
    return std::unexpected(SkipReason::kUnsupportedPage);
}

}  // namespace streamwall::model
