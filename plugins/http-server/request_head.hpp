// The head of an HTTP/1.x request (RFC 9112 2 to 6), read in place.
//
// Beast reads the grammar of lines and fields; what its 1.81 lets through and a listener must not —
// folded lines, missing or doubled Host, two lengths, odd transfer codings — is refused here.
// Bodies never reach Beast (see chunked.hpp).
#pragma once

#include <streamwall/ext/http.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

constexpr std::size_t kMaxHead = 16 * 1024;
constexpr std::size_t kMaxTarget = 8 * 1024;
constexpr std::size_t kMaxHeaders = 100;

// An answer that ends the request: the server's own problem, with fixed texts.
struct Refusal {
    int status;
    std::string_view code;
    std::string_view detail;
};

// All texts point into the bytes the head was parsed from.
struct RequestHead {
    std::string_view method;
    std::string_view target;    // as sent
    std::string_view raw_path;  // still percent-encoded, "*" for OPTIONS *
    std::string_view query;
    std::string_view host;
    std::vector<sw_http_header> headers;  // names in lower case
    bool http10 = false;
    bool keep_alive = true;
    bool expects_continue = false;
    bool chunked = false;
    bool upgrades = false;  // Connection: upgrade is there
    bool takes_gzip = false;
    std::uint64_t content_length = 0;

    void clear();
    // The only value of a header; none where it is missing or repeated.
    std::optional<std::string_view> single(std::string_view lower_name) const;
    std::size_t count(std::string_view lower_name) const;
    bool has_body() const { return chunked || content_length > 0; }
};

// Looks for the end of a head in bytes that come in pieces.
class HeadScanner {
  public:
    // The length of the head, 0 while incomplete, or why it can't become one.
    std::expected<std::size_t, Refusal> scan(std::string_view bytes);
    void reset() { *this = HeadScanner(); }

  private:
    std::size_t scanned_ = 0;
    std::size_t line_start_ = 0;
    bool first_line_done_ = false;
};

// `data` holds exactly one head with its empty line; header names are lowered in place. The result
// can be parsed again, for a copy. Never throws.
std::expected<void, Refusal> parse_request_head(char* data, std::size_t length, RequestHead& out);

}  // namespace streamwall::http_server
