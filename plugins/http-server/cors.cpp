#include "cors.hpp"

#include "text.hpp"

#include <algorithm>
#include <stdexcept>

namespace streamwall::http_server {
namespace {

constexpr std::string_view kVary = "Vary: Origin\r\n";
// What pages may read beside the body.
constexpr std::string_view kExposed =
    "Access-Control-Expose-Headers: Deprecation, ETag, Idempotent-Replayed, Link, Location, "
    "Retry-After, Sunset, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "X-Request-Id\r\n";
// What they may send beside what needs no permission.
constexpr std::string_view kAccepted =
    "Access-Control-Allow-Headers: Accept, Authorization, Content-Type, Idempotency-Key, If-Match, "
    "If-None-Match, Last-Event-ID, Traceparent, X-CSRF-Token, X-Request-Id\r\n";

// RFC 6454 7: scheme, host and port as browsers write them.
bool is_origin(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        const auto host = text.substr(scheme.size());
        const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
        return is_valid_host(host) && std::ranges::none_of(host, is_upper);
    }
    return false;
}

}  // namespace

Cors::Cors(CorsSettings settings) : settings_(std::move(settings)) {
    for (const auto& origin : settings_.origins) {
        is_open_ |= origin == "*";
        if (origin != "*" && !is_origin(origin)) {
            throw std::invalid_argument("cors_origins: \"" + origin +
                                        "\" is no origin, such as https://wall.example.org");
        }
        auto& lines = lines_.emplace_back("Access-Control-Allow-Origin: " + origin + "\r\n");
        lines += kExposed;
        if (origin != "*") lines += kVary;
        if (settings_.credentials) lines += "Access-Control-Allow-Credentials: true\r\n";
    }
    if (is_open_ && (settings_.credentials || lines_.size() > 1)) {
        throw std::invalid_argument(
            "cors_origins: \"*\" stands alone, and goes with no cors_credentials");
    }
}

const std::string* Cors::lines_of(const RequestHead& head) const {
    const auto origin = head.single("origin");
    if (!origin) return nullptr;
    if (is_open_) return &lines_.front();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (settings_.origins[i] == *origin) return &lines_[i];
    }
    return nullptr;
}

std::string_view Cors::answer_lines(const RequestHead& head) const {
    if (const auto* lines = lines_of(head)) return *lines;
    // A cache must not give this answer to a page that may read it.
    return is_open_ ? std::string_view() : kVary;
}

bool Cors::is_preflight(const RequestHead& head) const {
    return head.method == "OPTIONS" && head.count("access-control-request-method") == 1 &&
           lines_of(head) != nullptr;
}

std::string Cors::preflight_lines(std::string_view allow) const {
    std::string methods;
    for (std::string_view method; next_in_list(allow, method);) {
        const auto& allowed = settings_.methods;
        if (!allowed.empty() && std::ranges::find(allowed, method) == allowed.end()) continue;
        methods.append(methods.empty() ? "" : ", ").append(method);
    }
    return "Access-Control-Allow-Methods: " + methods + "\r\n" + std::string(kAccepted) +
           "Access-Control-Max-Age: " + std::to_string(settings_.max_age.count()) + "\r\n";
}

}  // namespace streamwall::http_server
