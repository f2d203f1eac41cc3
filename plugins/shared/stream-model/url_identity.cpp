// From a link as people write it to the one URL that stands for the stream.
#include "streamwall/model/url_identity.hpp"

#include <algorithm>
#include <array>

#include "link_reader.hpp"
#include "platform_rules.hpp"
#include "streamwall/model/text.hpp"
#include "url_check.hpp"

namespace streamwall::model {
namespace {

constexpr std::array<std::string_view, 15> kReasonNames = {
    "home",      "directory",        "settings",        "clip",
    "recording", "look_alike_host",  "idn_host",        "credentials",
    "scheme",    "private_address",  "bad_name",        "bad_url",
    "too_long",  "unsupported_page", "unsupported_host"};

bool is_http(std::string_view scheme) {
    return equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https");
}

bool has_default_port(const LinkParts& parts) {
    return parts.port.empty() || parts.port == "80" || parts.port == "443";
}

bool is_idn(std::string_view host) {
    if (!std::ranges::all_of(host, is_ascii)) return true;
    return host.starts_with("xn--") || host.find(".xn--") != std::string_view::npos;
}

std::optional<Platform> media_platform(std::string_view path) {
    if (ends_with_ignoring_case(path, ".m3u8") || ends_with_ignoring_case(path, ".m3u")) {
        return Platform::kHls;
    }
    if (ends_with_ignoring_case(path, "/whep")) return Platform::kWebrtc;
    return std::nullopt;
}

// Running text puts these behind a link; inside one they may be meant.
bool ends_a_link(std::string_view text, std::size_t at) {
    constexpr std::string_view kPunctuation = ".:!'*~_&";
    if (at == text.size() || text[at] == '?' || text[at] == '#') return true;
    if (std::string_view(",;()[]").find(text[at]) != std::string_view::npos) return true;
    if (kPunctuation.find(text[at]) == std::string_view::npos) return false;
    return at + 1 == text.size() || !is_alnum(text[at + 1]);
}

std::string_view without_punctuation(std::string_view text) {
    constexpr std::string_view kTrailing = ".,;:!?'*()[]&";
    while (!text.empty() && kTrailing.find(text.back()) != std::string_view::npos) {
        text.remove_suffix(1);
    }
    return text;
}

// A link to a media file in running text: it ends with the file's name, or with a query behind it.
// Nothing where no segment of the path is such a name.
std::string_view media_link(std::string_view token, std::size_t path_begin) {
    for (std::size_t at = path_begin; at < token.size() && token[at] != '?' && token[at] != '#';
         ++at) {
        const std::size_t end = at + 1;
        if (!media_platform(token.substr(path_begin, end - path_begin)) ||
            !ends_a_link(token, end)) {
            continue;
        }
        if (end == token.size() || token[end] != '?') return token.substr(0, end);
        std::string_view query = token.substr(end);
        for (const std::string_view scheme : {"http://", "https://"}) {
            // Two links glued together by punctuation; as a parameter's value it follows '='.
            const std::size_t next = query.find(scheme);
            if (next != std::string_view::npos &&
                std::string_view(",;()[]").find(query[next - 1]) != std::string_view::npos) {
                query = query.substr(0, next);
            }
        }
        return token.substr(0, end + without_punctuation(query.substr(0, query.find('#'))).size());
    }
    return {};
}

// How much of a token is shown, and passed over, where its link is not taken.
std::size_t skipped_length(std::string_view token, const LinkParts& parts) {
    const std::string_view from = parts.has_credentials ? parts.authority : parts.host;
    const auto host_end = static_cast<std::size_t>(from.data() + from.size() - token.data());
    const std::size_t end = std::min(token.find_first_of(",;()[]!'*", host_end), token.size());
    return std::max(host_end, without_punctuation(token.substr(0, end)).size());
}

std::expected<DiscoveredUrl, SkipReason> read_media(std::string_view token,
                                                    const LinkParts& parts) {
    if (parts.path.empty()) return std::unexpected(SkipReason::kUnsupportedHost);
    const auto path_begin = static_cast<std::size_t>(parts.path.data() - token.data());
    const std::string_view link = media_link(token, path_begin);
    if (link.empty()) return std::unexpected(SkipReason::kUnsupportedHost);
    if (link.size() > kMaxUrlBytes) return std::unexpected(SkipReason::kTooLong);
    const auto encoded =
        encode_url(parts.has_scheme ? std::string(link) : "https://" + std::string(link));
    if (!encoded) return std::unexpected(SkipReason::kBadUrl);
    const LinkParts whole = split_link(*encoded);
    const auto url = rebuild_url(whole);
    if (!url) return std::unexpected(SkipReason::kBadUrl);
    if (is_private_host(*normalise_host(whole.host))) {
        return std::unexpected(SkipReason::kPrivateAddress);
    }
    // Without its utm_* the query may end in punctuation again.
    return DiscoveredUrl{std::string(without_punctuation(*url)), *media_platform(whole.path),
                         std::nullopt, link.size()};
}

std::expected<DiscoveredUrl, SkipReason> read_discovered(std::string_view token, LinkParts parts) {
    if (parts.has_scheme && !is_http(parts.scheme)) return std::unexpected(SkipReason::kScheme);
    if (parts.has_credentials) return std::unexpected(SkipReason::kCredentials);
    if (is_idn(to_lower(parts.authority))) return std::unexpected(SkipReason::kIdnHost);
    if (!parts.clean_authority) {
        // Something that no host holds ends the link right there.
        parts.path = {};
        parts.query = {};
    }
    const auto host = normalise_host(parts.host);
    if (!host) return std::unexpected(SkipReason::kBadUrl);
    const auto site = find_site(*host);
    if (!site) {
        if (imitates_a_site(*host)) return std::unexpected(SkipReason::kLookAlikeHost);
        return read_media(token, parts);
    }
    if (!has_default_port(parts)) return std::unexpected(SkipReason::kUnsupportedHost);
    const auto page = read_page(*site, parts);
    if (!page) return std::unexpected(page.error());
    return DiscoveredUrl{page->url, site->platform, page->streamer,
                         static_cast<std::size_t>(page->end - token.data())};
}

// A valid URL that is no stream of a known platform's. Its site still goes by one name.
std::string page_url(const LinkParts& parts, std::string plain, const std::optional<Site>& site) {
    if (!site || !has_default_port(parts)) return plain;
    const std::size_t host_begin = plain.find("://") + 3;
    const std::size_t host_end = plain.find_first_of(":/", host_begin);
    std::string host(site->subdomain);
    if (!host.empty()) host += '.';
    host += site->domain;
    const std::size_t path_begin = plain.find('/', host_end);
    return "https://" + host + plain.substr(path_begin);
}

}  // namespace

std::string_view skip_reason_name(SkipReason reason) {
    return kReasonNames[static_cast<std::size_t>(reason)];
}

std::expected<DiscoveredUrl, SkippedUrl> canonicalise_discovered(std::string_view text) {
    const std::string_view token = link_prefix(text.substr(0, kMaxUrlBytes + 1));
    const LinkParts parts = split_link(token);
    auto found = read_discovered(token, parts);
    if (!found) {
        return std::unexpected(SkippedUrl{found.error(), skipped_length(token, parts)});
    }
    return *std::move(found);
}

std::expected<NormalisedUrl, FieldError> normalise_for_record(std::string_view url) {
    const FieldError too_long{"url", "too_long",
                              "the URL is longer than " + std::to_string(kMaxUrlBytes) + " bytes"};
    if (url.size() > kMaxUrlBytes) return std::unexpected(too_long);
    if (url.empty()) {
        return std::unexpected(FieldError{"url", "required", "the URL must not be empty"});
    }
    const auto encoded = encode_url(url);
    if (!encoded) return std::unexpected(encoded.error());
    const LinkParts parts = split_link(*encoded);
    const auto plain = rebuild_url(parts);
    if (!plain) return std::unexpected(plain.error());

    NormalisedUrl result;
    const std::string host = *normalise_host(parts.host);  // `site` points into it
    const auto site = find_site(host);
    if (site && has_default_port(parts)) {
        result.platform = site->platform;
        // A name that is cut off by a forbidden character would be another stream's.
        if (const auto page = read_page(*site, parts); page && page->whole) {
            result.url = page->url;
            result.kind = UrlKind::kStream;
            result.streamer = page->streamer;
            return result;
        }
    } else if (const auto media = media_platform(parts.path)) {
        result.platform = *media;
        result.kind = UrlKind::kStream;
    }
    result.url = page_url(parts, *plain, site);
    if (result.url.size() > kMaxUrlBytes) return std::unexpected(too_long);
    return result;
}

std::expected<NormalisedUrl, FieldError> normalise_for_filter(std::string_view text) {
    const std::string_view trimmed = trim(text);
    if (trimmed.find("://") == std::string_view::npos && !trimmed.empty()) {
        return normalise_for_record("https://" + std::string(trimmed));
    }
    return normalise_for_record(trimmed);
}

}  // namespace streamwall::model
