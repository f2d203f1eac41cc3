// The upgrade from HTTP to WebSocket (RFC 6455 4.2).
#pragma once

#include "request_head.hpp"
#include "router.hpp"
#include "ws_deflate.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

struct Handshake {
    std::string lines;          // header lines of the 101: Upgrade, Connection, Sec-WebSocket-*
    std::string_view protocol;  // what the connection speaks, named in the answer or assumed
    std::optional<DeflateTerms> deflate;
};

// Checks version, key, Origin, extensions and sub-protocol. `allowed_origins` are those besides the
// own host; nothing is compressed unless it `may_deflate`.
std::expected<Handshake, Refusal> accept_handshake(const RequestHead& head,
                                                   const Endpoint& endpoint,
                                                   const std::vector<std::string>& allowed_origins,
                                                   bool may_deflate = false);

// RFC 6455 4.2.2: base64 of SHA-1 over the key and the protocol's GUID.
std::string accept_key(std::string_view key);

}  // namespace streamwall::http_server
