#include "session_api.hpp"

#include "openapi_users.hpp"
#include "request_parts.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::accounts;

constexpr std::string_view kPath = "/api/v1/session";
constexpr std::string_view kCookie = "streamwall_session";
constexpr std::uint32_t kPasswordTimeoutMs = 15'000;
constexpr std::string_view kForget = "; Max-Age=0";

// SameSite keeps other sites from sending it with anything but a plain link. Who came over TLS gets
// it back over nothing else.
std::string cookie(std::string_view token, std::string_view lifetime, bool is_secure) {
    std::string out(kCookie);
    out.append("=").append(token).append("; Path=/; HttpOnly; SameSite=Lax").append(lifetime);
    return is_secure ? out + "; Secure" : out;
}

// Browsers say themselves where their page is from, also behind a proxy that nobody told us of.
bool is_over_tls(const http::Request& request) {
    return request.is_secure() || request.header("origin").starts_with("https://");
}

// The cookie's value; the listener has found it valid where it authenticates.
std::string_view cookie_of(const http::Request& request) {
    auto rest = request.header("cookie");
    while (!rest.empty()) {
        const auto end = rest.find(';');
        auto pair = rest.substr(0, end);
        pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
        if (pair.starts_with(kCookie) && pair.substr(kCookie.size()).starts_with('='))
            return pair.substr(kCookie.size() + 1);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    return {};
}

void begin(const AccountsClient& client, const http::Request& request, Call call) {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    const auto body = json::Writer()
                          .boolean("strict", *strict)
                          .text("address", request.peer())
                          .raw("body", request.body())
                          .buffer();
    client.call(
        names::kUsers, names::kLogIn, body, request.context(),
        [call = std::move(call), is_secure = is_over_tls(request)](Result<Buffer> reply) mutable {
            if (!reply) return call.fail(to_account_problem(reply.error()));
            const auto token =
                json::to_plain_text(json::find_member(reply->view(), "token")).value_or("");
            const auto shown =
                json::Writer()
                    .raw("user", json::find_member(reply->view(), "user"))
                    .raw("expires_at", json::find_member(reply->view(), "expires_at"))
                    .text("csrf_token", csrf_token_of(token))
                    .buffer();
            const auto kept = cookie(token, "; Max-Age=86400", is_secure);
            http::Response response(200, shown);
            response.header("content-type", kJsonType).header("cache-control", "no-store");
            call.send(response.header("set-cookie", kept));
        });
}

void show(const AccountsClient& client, const http::Request& request, Call call) {
    const auto token = csrf_token_of(cookie_of(request));
    client.call(names::kUsers, names::kMe, Buffer("{}"), request.context(),
                [call = std::move(call), token](Result<Buffer> user) mutable {
                    if (!user) return call.fail(to_account_problem(user.error()));
                    const auto shown =
                        json::Writer().raw("user", user->view()).text("csrf_token", token).buffer();
                    http::Response response(200, shown);
                    response.header("content-type", kJsonType);
                    call.send(response.header("cache-control", "no-store"));
                });
}

void end(const AccountsClient& client, const http::Request& request, Call call) {
    const auto token = cookie_of(request);
    const auto ask = json::Writer().text("token", token).text("address", request.peer()).buffer();
    client.call(
        names::kUsers, names::kLogOut, ask, request.context(),
        [call = std::move(call), is_secure = is_over_tls(request)](Result<Buffer> reply) mutable {
            if (!reply) return call.fail(to_account_problem(reply.error()));
            const auto gone = cookie("", kForget, is_secure);
            http::Response response(204);
            call.send(response.header("set-cookie", gone));
        });
}

}  // namespace

std::string csrf_token_of(std::string_view session_token) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto text = "streamwall-csrf:" + std::string(session_token);
    std::array<unsigned char, 32> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available");
    std::string out;
    for (std::size_t i = 0; i < 16; ++i) {
        out += kHex[digest[i] >> 4];
        out += kHex[digest[i] & 15];
    }
    return out;
}

void add_session_routes(Routes& routes, const AccountsClient& client) {
    const auto add = [&](std::string_view method, int access, std::string openapi, auto handler) {
        routes.add({.method = std::string(method),
                    .path = std::string(kPath),
                    .access = access,
                    .timeout_ms = kPasswordTimeoutMs,
                    .openapi = std::move(openapi)},
                   [&client, handler](const http::Request& request, Call call) {
                       handler(client, request, std::move(call));
                   });
    };
    add("POST", SW_HTTP_OPEN, openapi::begin_session(), begin);
    add("GET", SW_HTTP_VIEWER, openapi::show_session(), show);
    add("DELETE", SW_HTTP_VIEWER, openapi::end_session(), end);
}

}  // namespace streamwall::rest_api
