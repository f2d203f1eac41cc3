#include "ws_handshake.hpp"

#include "text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace streamwall::http_server {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// Base64 of 16 bytes: 22 characters that count, of which the last holds 2 bits, and "==".
bool is_valid_key(std::string_view key) {
    if (key.size() != 24 || !key.ends_with("==")) return false;
    for (char c : key.substr(0, 22)) {
        const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '+' || c == '/';
        if (!ok) return false;
    }
    return std::string_view("AQgw").find(key[21]) != std::string_view::npos;
}

// Browsers send the page's origin; a page of another site must not use its visitor's network place
// or credentials. Ports count: another port is another origin.
bool is_allowed_origin(const RequestHead& head, const std::vector<std::string>& allowed) {
    if (head.count("origin") == 0) return true;
    const auto origin = head.single("origin");
    if (!origin) return false;
    for (const auto& each : allowed) {
        if (each == "*" || equals_ignoring_case(each, *origin)) return true;
    }
    const auto scheme = origin->find("://");
    return scheme != std::string_view::npos && !head.host.empty() &&
           equals_ignoring_case(origin->substr(scheme + 3), head.host);
}

}  // namespace

std::string accept_key(std::string_view key) {
    const std::string text = std::string(key).append(kGuid);
    std::array<unsigned char, 20> digest{};
    EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
    std::array<unsigned char, 29> encoded{};
    EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<const char*>(encoded.data()), 28};
}

std::expected<Handshake, Refusal> accept_handshake(const RequestHead& head,
                                                   const Endpoint& endpoint,
                                                   const std::vector<std::string>& allowed_origins,
                                                   bool may_deflate) {
    if (head.http10) {
        return std::unexpected(Refusal{400, "bad_handshake", "WebSocket needs HTTP/1.1."});
    }
    if (head.single("sec-websocket-version") != "13") {
        return std::unexpected(
            Refusal{426, "upgrade_required", "Only WebSocket version 13 is spoken."});
    }
    const auto key = head.single("sec-websocket-key");
    if (!key || !is_valid_key(*key)) {
        return std::unexpected(Refusal{400, "bad_handshake",
                                       "Sec-WebSocket-Key must be there once and hold 16 bytes."});
    }
    if (!is_allowed_origin(head, allowed_origins)) {
        return std::unexpected(Refusal{403, "origin_not_allowed", "This origin may not connect."});
    }
    Handshake accepted;
    accepted.lines = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    accepted.lines += accept_key(*key) + "\r\n";
    if (may_deflate) {
        const auto terms = negotiate_deflate(head);
        if (!terms) return std::unexpected(terms.error());
        accepted.deflate = *terms;
        if (accepted.deflate) accepted.lines += accepted.deflate->line();
    }
    std::vector<std::string_view> offered;
    for (const auto& header : head.headers) {
        if (to_view(header.name) != "sec-websocket-protocol") continue;
        auto rest = to_view(header.value);
        for (std::string_view member; next_in_list(rest, member);) {
            if (!is_token(member)) {
                return std::unexpected(
                    Refusal{400, "bad_handshake", "Sec-WebSocket-Protocol is malformed."});
            }
            offered.push_back(member);
        }
    }
    if (endpoint.protocols.empty()) return accepted;
    if (offered.empty()) {
        accepted.protocol = endpoint.protocols.front();
        return accepted;
    }
    for (const auto& ours : endpoint.protocols) {
        if (std::ranges::find(offered, ours) == offered.end()) continue;
        accepted.protocol = ours;
        accepted.lines += "Sec-WebSocket-Protocol: " + ours + "\r\n";
        return accepted;
    }
    return std::unexpected(
        Refusal{400, "unknown_protocol", "None of the offered sub-protocols is spoken here."});
}

}  // namespace streamwall::http_server
