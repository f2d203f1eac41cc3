// The pages of the platforms, as they stood in 2026.
#include <algorithm>
#include <initializer_list>
#include <span>

#include "platform_rules.hpp"
#include "platform_words.hpp"
#include "streamwall/model/text.hpp"

namespace streamwall::model {
namespace {

using PageResult = std::expected<Page, SkipReason>;

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

}  // namespace

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
