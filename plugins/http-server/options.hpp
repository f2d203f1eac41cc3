// What can be set about the server, with the product's defaults.
#pragma once

#include "address.hpp"
#include "cors.hpp"
#include "rate_limit.hpp"
#include "tls.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamwall::http_server {

struct Options {
    std::string listen = "127.0.0.1:3000";
    std::shared_ptr<const TlsIdentity> tls;  // none: what is sent is plain
    std::size_t loops = 0;                   // 0: one a core
    std::size_t max_connections = 20'000;
    std::optional<RateLimits> rate_limits = RateLimits{};
    std::vector<std::string> allowed_origins;  // besides the request's own host
    Cors cors;
    TrustedProxies trusted_proxies;
    Networks allowed_clients;                      // empty: all
    std::size_t compress_min = std::string::npos;  // bytes; a smaller body goes as it is
    std::size_t compress_max = 1024 * 1024;        // a larger one would hold the loop up

    std::size_t body_limit = 1024 * 1024;
    // Answers waiting for a client that pipelines without reading; past it no request is begun.
    std::size_t output_limit = 256 * 1024;
    std::size_t websocket_queue_limit = 1024 * 1024;
    std::size_t websocket_total_limit = 256 * 1024 * 1024;  // of all, shared evenly by the loops
    // How long a busy loop may wait for more frames, so that they go out together; 0: not at all.
    std::chrono::milliseconds websocket_gather{5};

    bool websocket_deflate = false;
    std::chrono::milliseconds websocket_stall{5'000};  // how long a reader may take no byte
    // Messages and control frames that one WebSocket may send in a second in the long run, and five
    // seconds' worth at once; 0: any number.
    std::uint32_t websocket_message_rate = 1'000;
    // That all WebSockets of one credential may send in a minute; 0: any number.
    std::uint32_t websocket_credential_limit = 0;

    std::chrono::milliseconds header_timeout{10'000};
    std::chrono::milliseconds body_grace{10'000};  // then body_rate applies
    std::size_t body_rate = 1024;                  // bytes a second
    std::chrono::milliseconds write_stall{20'000};
    std::chrono::milliseconds idle_timeout{75'000};
    std::chrono::milliseconds linger_timeout{2'000};
    std::chrono::milliseconds close_timeout{5'000};  // of a WebSocket's close handshake
    std::chrono::milliseconds tick{250};             // grain of all of these
};

}  // namespace streamwall::http_server
