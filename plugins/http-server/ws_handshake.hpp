// The upgrade from HTTP to WebSocket (RFC 6455 4.2).
#pragma once

#include "request_head.hpp"
#include "router.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

struct Handshake {
    std::string lines;          // header lines of the 101: Upgrade, Connection, Sec-WebSocket-*
    std::string_view protocol;  // what the connection speaks, named in the answer or assumed
};

// Checks version, key, Origin and sub-protocol. `allowed_origins` are those besides the own host.
std::expected<Handshake, Refusal> accept_handshake(const RequestHead& head,
                                                   const Endpoint& endpoint,
                                                   const std::vector<std::string>& allowed_origins);

// RFC 6455 4.2.2: base64 of SHA-1 over the key and the protocol's GUID.
std::string accept_key(std::string_view key);

}  // namespace streamwall::http_server
