#include "request_head.hpp"

#include "compression.hpp"
#include "text.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <cstring>

namespace streamwall::http_server {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr Refusal kLongTarget{414, "uri_too_long", "The target is longer than 8 KiB."};
// The longest method we know and the version fit in the slack.
constexpr std::size_t kMaxFirstLine = kMaxTarget + 32;

Refusal bad_request(std::string_view detail) {
    return {400, "bad_request", detail};
}

// Collects what Beast finds; views into the caller's bytes, nothing is copied.
class Collector final : public http::basic_parser<true> {
    using string_view = boost::beast::string_view;

  public:
    Collector(char* data, RequestHead& out) : data_(data), out_(out) {
        header_limit(static_cast<std::uint32_t>(kMaxHead));
        body_limit(boost::none);
    }
    bool too_many_headers() const { return too_many_; }

  private:
    void on_request_impl(http::verb, string_view method, string_view target, int version,
                         error_code&) override {
        out_.method = {method.data(), method.size()};
        out_.target = {target.data(), target.size()};
        out_.http10 = version == 10;
    }
    void on_field_impl(http::field, string_view name, string_view value, error_code& ec) override {
        if (out_.headers.size() == kMaxHeaders) {
            too_many_ = true;
            ec = http::error::header_limit;
            return;
        }
        char* writable = data_ + (name.data() - data_);
        lower_in_place(writable, name.size());
        out_.headers.push_back({{writable, name.size()}, {value.data(), value.size()}});
    }
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    char* data_;
    RequestHead& out_;
    bool too_many_ = false;
};

// A line that begins with a blank continues the one before it (obs-fold, RFC 9112 5.2); proxies
// disagree on its meaning. Also refuses a NUL and a CR outside a line end.
bool has_odd_lines(std::string_view head) {
    if (std::memchr(head.data(), '\0', head.size()) != nullptr) return true;
    for (std::size_t at = head.find('\r'); at != std::string_view::npos;
         at = head.find('\r', at + 1)) {
        if (at + 1 >= head.size() || head[at + 1] != '\n') return true;
        if (at + 2 < head.size() && (head[at + 2] == ' ' || head[at + 2] == '\t')) return true;
    }
    return false;
}

// "HTTP/" digit "." digit at the end of the first line, of a version that is not ours.
bool is_other_version(std::string_view head) {
    const auto line = head.substr(0, head.find("\r\n"));
    if (line.size() < 9) return false;
    const auto version = line.substr(line.size() - 9);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return version.starts_with(" HTTP/") && is_digit(version[6]) && version[7] == '.' &&
           is_digit(version[8]) && version[6] != '1';
}

std::expected<void, Refusal> split_target(RequestHead& head) {
    auto target = head.target;
    if (target.size() > kMaxTarget) {
        return std::unexpected(kLongTarget);
    }
    for (unsigned char c : target) {
        if (c <= 0x20 || c >= 0x7F || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\') {
            return std::unexpected(bad_request("The target has a character that must be encoded."));
        }
    }
    if (head.method == "OPTIONS" && target == "*") {
        head.raw_path = target;
        return {};
    }
    if (!target.starts_with('/')) {
        // Absolute form (RFC 9112 3.2.2): its authority takes the place of Host.
        const auto scheme = target.find("://");
        if (scheme == std::string_view::npos ||
            !(equals_ignoring_case(target.substr(0, scheme), "http") ||
              equals_ignoring_case(target.substr(0, scheme), "https"))) {
            return std::unexpected(bad_request("The target is no path."));
        }
        target.remove_prefix(scheme + 3);
        const auto end = target.find_first_of("/?");
        const auto authority = target.substr(0, end);
        if (!is_valid_host(authority)) {
            return std::unexpected(bad_request("The target's authority is not valid."));
        }
        head.host = authority;
        target = end == std::string_view::npos ? "/" : target.substr(end);
        if (target.starts_with('?')) {
            return std::unexpected(bad_request("The target has no path."));
        }
    }
    const auto question = target.find('?');
    head.raw_path = target.substr(0, question);
    head.query =
        question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    return {};
}

std::expected<void, Refusal> check_host(RequestHead& head) {
    const auto count = head.count("host");
    if (count > 1) return std::unexpected(bad_request("Host is repeated."));
    if (count == 0) {
        if (head.http10) return {};
        return std::unexpected(bad_request("Host is missing."));
    }
    const auto host = *head.single("host");
    if (!is_valid_host(host)) return std::unexpected(bad_request("Host is not valid."));
    if (head.host.empty()) head.host = host;
    return {};
}

// RFC 9112 6: one unmistakable length. Everything that another reader could take otherwise is
// refused, because a disagreement with a proxy hides a second request in the body.
std::expected<void, Refusal> check_framing(RequestHead& head) {
    const auto lengths = head.count("content-length");
    const auto codings = head.count("transfer-encoding");
    if (lengths > 1) return std::unexpected(bad_request("Content-Length is repeated."));
    if (codings > 1) return std::unexpected(bad_request("Transfer-Encoding is repeated."));
    if (lengths == 1 && codings == 1) {
        return std::unexpected(
            bad_request("Content-Length and Transfer-Encoding exclude each other."));
    }
    if (lengths == 1) {
        const auto value = parse_decimal(*head.single("content-length"));
        if (!value) return std::unexpected(bad_request("Content-Length is no number."));
        head.content_length = *value;
    }
    if (codings == 1) {
        if (head.http10) {
            return std::unexpected(bad_request("HTTP/1.0 has no Transfer-Encoding."));
        }
        if (!equals_ignoring_case(*head.single("transfer-encoding"), "chunked")) {
            return std::unexpected(
                Refusal{501, "unknown_transfer_coding", "The only transfer coding is chunked."});
        }
        head.chunked = true;
    }
    return {};
}

std::expected<void, Refusal> read_connection(RequestHead& head) {
    bool close = false;
    bool keep = false;
    for (const auto& header : head.headers) {
        const auto name = to_view(header.name);
        if (name == "connection") {
            close |= list_has_token(to_view(header.value), "close");
            keep |= list_has_token(to_view(header.value), "keep-alive");
            head.upgrades |= list_has_token(to_view(header.value), "upgrade");
        } else if (name == "accept-encoding") {
            head.takes_gzip |= takes_gzip(to_view(header.value));
        } else if (name == "expect" && !head.http10) {
            if (!equals_ignoring_case(to_view(header.value), "100-continue")) {
                return std::unexpected(
                    Refusal{417, "expectation_failed", "The only expectation is 100-continue."});
            }
            head.expects_continue = true;
        }
    }
    head.keep_alive = !close && (!head.http10 || keep);
    return {};
}

Refusal explain(error_code ec, std::string_view head, bool too_many_headers) {
    if (too_many_headers) {
        return {431, "header_fields_too_large", "There are more than 100 header fields."};
    }
    if (ec == http::error::header_limit) {
        return {431, "header_fields_too_large", "The head is longer than 16 KiB."};
    }
    if (ec == http::error::bad_version && is_other_version(head)) {
        return {505, "version_not_supported", "Only HTTP/1.0 and HTTP/1.1 are spoken here."};
    }
    if (ec == http::error::bad_version) return bad_request("The request line is malformed.");
    if (ec == http::error::bad_method) return bad_request("The method is malformed.");
    if (ec == http::error::bad_target) return bad_request("The target is malformed.");
    return bad_request("A header field is malformed.");
}

}  // namespace

void RequestHead::clear() {
    auto kept = std::move(headers);
    kept.clear();
    *this = RequestHead();
    headers = std::move(kept);
}

std::optional<std::string_view> RequestHead::single(std::string_view lower_name) const {
    std::optional<std::string_view> found;
    for (const auto& header : headers) {
        if (to_view(header.name) != lower_name) continue;
        if (found) return std::nullopt;
        found = to_view(header.value);
    }
    return found;
}

std::size_t RequestHead::count(std::string_view lower_name) const {
    std::size_t count = 0;
    for (const auto& header : headers)
        count += to_view(header.name) == lower_name ? 1 : 0;
    return count;
}

std::expected<std::size_t, Refusal> HeadScanner::scan(std::string_view bytes) {
    while (scanned_ < bytes.size()) {
        const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
        if (found == nullptr) {
            scanned_ = bytes.size();
            break;
        }
        const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        if (at == 0 || bytes[at - 1] != '\r') {
            return std::unexpected(bad_request("A line does not end in CR LF."));
        }
        if (at - 1 == line_start_ && first_line_done_) {
            if (at + 1 > kMaxHead) break;
            return at + 1;
        }
        if (!first_line_done_ && at > kMaxFirstLine) return std::unexpected(kLongTarget);
        first_line_done_ = true;
        line_start_ = at + 1;
        scanned_ = at + 1;
    }
    if (!first_line_done_ && bytes.size() > kMaxFirstLine) return std::unexpected(kLongTarget);
    if (bytes.size() >= kMaxHead) {
        return std::unexpected(
            Refusal{431, "header_fields_too_large", "The head is longer than 16 KiB."});
    }
    return 0;
}

std::expected<void, Refusal> parse_request_head(char* data, std::size_t length, RequestHead& out) {
    out.clear();
    const std::string_view head(data, length);
    if (has_odd_lines(head)) return std::unexpected(bad_request("A header line is malformed."));
    try {
        Collector parser(data, out);
        error_code ec;
        const auto consumed = parser.put(boost::asio::buffer(data, length), ec);
        if (ec) {
            // Its own look at the length fields can fail where ours has the better words.
            if (ec == http::error::bad_content_length || ec == http::error::bad_transfer_encoding) {
                return std::unexpected(bad_request("The length of the body is ambiguous."));
            }
            return std::unexpected(explain(ec, head, parser.too_many_headers()));
        }
        if (!parser.is_header_done() || consumed != length) {
            return std::unexpected(bad_request("The head is malformed."));
        }
    } catch (const std::exception&) {
        return std::unexpected(bad_request("The head is malformed."));
    }
    if (auto ok = split_target(out); !ok) return ok;
    if (auto ok = check_host(out); !ok) return ok;
    if (auto ok = check_framing(out); !ok) return ok;
    return read_connection(out);
}

}  // namespace streamwall::http_server
