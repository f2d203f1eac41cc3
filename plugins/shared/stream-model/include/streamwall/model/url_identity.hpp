// One stream, one URL: what platform a link belongs to, and the single spelling under which the
// host knows it. Names are lower case, ids keep their case, and nothing stays in the URL that does
// not tell streams apart. Every function is pure and may be called on any thread; the result of one
// of them, given back to it, comes out unchanged.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "streamwall/model/platform.hpp"

namespace streamwall::model {

inline constexpr std::size_t kMaxUrlBytes = 2048;

// Why a link in a message is not taken.
enum class SkipReason {
    kHome,             // the front page of a platform
    kDirectory,        // lists, searches, categories
    kSettings,         // account, help and shop pages
    kClip,             // an excerpt
    kRecording,        // something that is over: past broadcasts, posts, reels
    kLookAlikeHost,    // a host that imitates a platform's
    kIdnHost,          // a host with letters beyond ASCII, plain or in punycode
    kCredentials,      // user:password@ before the host
    kScheme,           // neither http nor https
    kPrivateAddress,   // a host inside somebody's network
    kBadName,          // the name or id cannot exist on its platform
    kBadUrl,           // no valid URL
    kTooLong,          // over kMaxUrlBytes
    kUnsupportedPage,  // a page of a platform that shows no stream
    kUnsupportedHost   // an ordinary web page
};
// The word for it in answers and metrics, such as "look_alike_host".
std::string_view skip_reason_name(SkipReason reason);

struct DiscoveredUrl {
    std::string url;  // canonical
    Platform platform = Platform::kOther;
    std::optional<std::string> streamer;  // the account's name, where the URL tells it
    std::size_t length = 0;               // bytes of the text that belong to the link
};

struct SkippedUrl {
    SkipReason reason = SkipReason::kBadUrl;
    std::size_t length = 0;
};

// The link at the very start of `text`, with a scheme or without; what follows it is left alone. A
// name ends at the first character that its platform forbids. Looks at kMaxUrlBytes + 1 bytes of
// the text at most.
std::expected<DiscoveredUrl, SkippedUrl> canonicalise_discovered(std::string_view text);

enum class UrlKind {
    kStream,  // a row of the platform table: two such URLs are one stream exactly if they are equal
    kPage     // any other address, kept as it was written but for host, fragment and utm_*
};

struct NormalisedUrl {
    std::string url;
    Platform platform = Platform::kOther;
    UrlKind kind = UrlKind::kPage;
    std::optional<std::string> streamer;
};

// A refused value: `field` is the input's name for it, `code` a word for programs, `message` one
// line for people.
struct FieldError {
    std::string field;
    std::string code;
    std::string message;

    bool operator==(const FieldError&) const = default;
};

// The rules for a record's `url`: http or https with an explicit scheme, a valid host and port, no
// credentials, at most kMaxUrlBytes (also after encoding). Non-ASCII characters are
// percent-encoded; ASCII that RFC 3986 forbids is an error and never repaired.
std::expected<NormalisedUrl, FieldError> normalise_for_record(std::string_view url);

// The same for a value that somebody searches by: a bare host ("twitch.tv/example") is an https
// URL.
std::expected<NormalisedUrl, FieldError> normalise_for_filter(std::string_view text);

}  // namespace streamwall::model
