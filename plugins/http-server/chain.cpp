#include "chain.hpp"

#include "text.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace streamwall::http_server {
namespace {

using Step = std::optional<Refusal>;

Step request_id(ChainContext& context) {
    auto& request = context.request;
    const auto given = request.head.single("x-request-id");
    if (given && is_valid_request_id(*given)) {
        request.answer.set_id(*given);
    } else {
        context.worker.make_request_id(request.answer);
    }
    return std::nullopt;
}

// Before anything is known of who asks, so that strangers can't try credentials.
Step client(ChainContext& context) {
    const auto& allowed = context.worker.services.options.allowed_clients;
    if (allowed.empty() || allowed.contains(context.peer.bytes)) return std::nullopt;
    return Refusal{403, "client_not_allowed", "Requests from this address are not taken."};
}

// What pages of other origins may read, refusals too.
Step cors(ChainContext& context) {
    auto& request = context.request;
    const auto& cors = context.worker.services.options.cors;
    request.preflight = cors.is_on() && cors.is_preflight(request.head);
    if (cors.is_on()) request.answer.cors_lines = cors.answer_lines(request.head);
    return std::nullopt;
}

Step route(ChainContext& context) {
    auto& request = context.request;
    const auto& head = request.head;
    context.worker.router().find(head.method, head.raw_path, request.match);
    request.answer.route = request.match.route;
    request.upgrade = false;
    if (request.match.malformed) {
        return Refusal{400, "bad_request", "The path has a broken escape."};
    }
    if (request.match.endpoint && head.method == "GET" && head.upgrades) {
        const auto upgrade = head.single("upgrade");
        request.upgrade = upgrade && list_has_token(*upgrade, "websocket");
    }
    return std::nullopt;
}

// A token in a query would follow the request into handlers and their logs.
void clean_query(Inbound& request) {
    request.query = without_parameter(request.head.query, "token");
    request.target = std::string(request.head.raw_path);
    if (!request.query.empty()) request.target += "?" + request.query;
    request.query_cleaned = true;
}

Step authenticate(ChainContext& context) {
    auto& request = context.request;
    request.principal = Principal();
    request.token.clear();
    request.unverified.clear();
    request.identity_unknown = false;
    request.query_cleaned = false;
    request.csrf_token.clear();
    const bool by_query =
        request.upgrade ||
        (request.match.route && (request.match.route->flags & SW_HTTP_QUERY_TOKEN) != 0);
    auto credential = find_credential(request.head, by_query);
    if (query_parameter(request.head.query, "token")) clean_query(request);
    if (!credential.present || credential.malformed) return std::nullopt;
    auto verdict = context.verdict
                       ? *std::move(context.verdict)
                       : context.worker.services.authenticator->authenticate(credential.token);
    if (verdict.state == Verdict::State::kUnknown) request.unverified = credential.token;
    request.identity_unknown = verdict.state == Verdict::State::kUnavailable;
    if (!verdict.is_valid()) return std::nullopt;
    request.principal = std::move(verdict.principal);
    if (credential.by_cookie) request.csrf_token = csrf_token_of(credential.token);
    request.token = std::move(credential.token);
    return std::nullopt;
}

Step within_limits(ChainContext& context) {
    auto& request = context.request;
    const auto& limits = context.worker.services.options.rate_limits;
    request.answer.counted = false;
    if (request.preflight) return std::nullopt;  // browsers ask, nobody is served
    const auto& route = request.match.route;
    if (!limits || (route && (route->flags & SW_HTTP_UNCOUNTED) != 0 && !request.upgrade)) {
        return std::nullopt;
    }
    const auto& principal = request.principal;
    RateKey key = address_key(context.peer.bytes);
    std::uint32_t limit = limits->address;
    if (!principal.is_anonymous()) {
        key = {RateKey::Kind::kCredential, principal.rate_id};
        limit = principal.has_service_rate ? limits->key : limits->user;
        if (request.upgrade) {
            key.kind = RateKey::Kind::kUpgrade;
            limit = limits->upgrade;
        }
    }
    auto& answer = request.answer;
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(answer.started.time_since_epoch());
    answer.rate = context.worker.services.limiter.count(key, limit, now.count());
    answer.counted = true;
    const auto& host = context.worker.services.host;
    answer.rate_reset = host.clock->wall_ms(host.self) / 1000 + answer.rate.reset_after + 1;
    if (answer.rate.allowed) return std::nullopt;
    request.limit_note = "Too many requests";
    if (principal.type == "key") request.limit_note.append(" with the key ").append(principal.name);
    request.limit_note += "; wait as Retry-After says.";
    return Refusal{429, "rate_limited", request.limit_note};
}

Step rate_limit(ChainContext& context) {
    auto refusal = within_limits(context);
    const auto& request = context.request;
    const auto second =
        std::chrono::duration_cast<std::chrono::seconds>(request.answer.started.time_since_epoch());
    context.worker.key_traffic.count(context.worker.services.host, request.principal,
                                     !refusal.has_value(), second.count());
    return refusal;
}

Step exists(ChainContext& context) {
    const auto& request = context.request;
    const auto& method = request.head.method;
    if (request.match.route || request.upgrade) return std::nullopt;
    if (method == "OPTIONS" && (request.match.path_known || request.head.raw_path == "*")) {
        return std::nullopt;  // the session answers with Allow
    }
    static constexpr std::string_view kKnown[] = {"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                                  "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    if (std::ranges::find(kKnown, method) == std::end(kKnown)) {
        return Refusal{501, "unknown_method", "This method is not known here."};
    }
    if (request.match.endpoint && method == "GET") {
        return Refusal{426, "upgrade_required",
                       "This path speaks WebSocket (RFC 6455, version 13)."};
    }
    if (request.match.path_known) {
        return Refusal{405, "method_not_allowed", "This path does not take that method."};
    }
    if (context.worker.draining) {
        return Refusal{503, "stopping", "The server is stopping."};
    }
    return Refusal{404, "not_found", "There is nothing at this path."};
}

bool has_one_of(const Principal& principal, std::string_view scopes) {
    while (!scopes.empty()) {
        const auto end = std::min(scopes.find(' '), scopes.size());
        if (end > 0 && principal.has_scope(scopes.substr(0, end))) return true;
        scopes.remove_prefix(std::min(end + 1, scopes.size()));
    }
    return false;
}

// Denied unless a rule says otherwise.
Step authorise(ChainContext& context) {
    const auto& request = context.request;
    const auto& principal = request.principal;
    const Refusal unauthorised{401, "unauthorized", "A valid key or token is needed."};
    const Refusal unknown{503, "unavailable", "Tokens cannot be checked now."};
    if (request.upgrade) {
        if (request.identity_unknown) return unknown;
        const bool open = (request.match.endpoint->flags & SW_WS_UNAUTHENTICATED) != 0;
        return open || !principal.is_anonymous() ? Step() : unauthorised;
    }
    const auto& route = request.match.route;
    if (!route || route->access == SW_HTTP_OPEN) return std::nullopt;
    if (request.identity_unknown) return unknown;
    if (principal.is_anonymous()) return unauthorised;
    if (principal.rank() >= route->access) return std::nullopt;
    if (has_one_of(principal, route->scope)) return std::nullopt;
    return Refusal{403, "forbidden", "These credentials do not allow that."};
}

// A handshake is held to its Origin instead; what anybody may do needs no protection.
Step csrf(ChainContext& context) {
    const auto& request = context.request;
    if (request.csrf_token.empty() || request.upgrade || !request.match.route) return std::nullopt;
    const auto& method = request.head.method;
    const bool is_safe = method == "GET" || method == "HEAD" || method == "OPTIONS";
    if (is_safe || request.match.route->access == SW_HTTP_OPEN) return std::nullopt;
    const auto shown = request.head.single("x-csrf-token").value_or("");
    const auto& wanted = request.csrf_token;
    if (shown.size() == wanted.size() &&
        CRYPTO_memcmp(shown.data(), wanted.data(), wanted.size()) == 0) {
        return std::nullopt;
    }
    return Refusal{403, "csrf", "Requests of a page's session need its X-CSRF-Token."};
}

Step body_limit(ChainContext& context) {
    const auto& request = context.request;
    if (!request.head.has_body()) return std::nullopt;
    if (request.upgrade) {
        return Refusal{400, "bad_request", "A WebSocket handshake has no body."};
    }
    const std::size_t limit = request.match.route ? request.match.route->body_limit : 0;
    if (request.head.content_length <= limit) return std::nullopt;
    return Refusal{413, "content_too_large", "The body is larger than this path takes."};
}

struct Stage {
    std::string_view name;
    Step (*run)(ChainContext&);
};

// Identity first, so that every refusal but a stranger's has one; the limit before the refusals it
// must count, which all come behind it; the body's size last, because it depends on the route.
constexpr Stage kChain[] = {
    {"request_id", request_id},
    {"client", client},
    {"cors", cors},
    {"route", route},
    {"authenticate", authenticate},
    {"rate_limit", rate_limit},
    {"exists", exists},
    {"csrf", csrf},
    {"authorise", authorise},
    {"body_limit", body_limit},
};

}  // namespace

std::optional<Refusal> run_chain(ChainContext context) {
    for (const auto& stage : kChain) {
        if (auto refusal = stage.run(context)) return refusal;
        if (!context.request.unverified.empty()) break;
    }
    return std::nullopt;
}

std::string describe_chain() {
    std::string text;
    for (const auto& stage : kChain)
        text.append(stage.name).append(" → ");
    return text + "handler, timeout, compression, metrics";
}

std::string refusal_lines(const Refusal& refusal, const Inbound& request) {
    switch (refusal.status) {
        case 401:
            return "WWW-Authenticate: Bearer realm=\"streamwall\"\r\n";
        case 405:
            return "Allow: " + request.match.allow + "\r\n";
        case 426:
            return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        case 429:
            return "Retry-After: " + std::to_string(request.answer.rate.reset_after + 1) + "\r\n";
        case 503:
            return "Retry-After: 1\r\n";
        default:
            return {};
    }
}

}  // namespace streamwall::http_server
