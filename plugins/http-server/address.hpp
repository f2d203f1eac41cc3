// Addresses of clients and networks, and whom a proxy speaks for.
#pragma once

#include "request_head.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

// A client's address: 16 bytes (v4 mapped) and as text.
struct PeerAddress {
    std::array<std::uint8_t, 16> bytes{};
    std::string text;
};

// "192.0.2.1", "2001:db8::1", also with a port ("192.0.2.1:80", "[2001:db8::1]:80").
std::optional<PeerAddress> parse_address(std::string_view text);

// Single addresses and networks as "10.0.0.0/8".
class Networks {
  public:
    Networks() = default;
    // Throws std::invalid_argument, which begins with the setting's name.
    Networks(std::string_view setting, const std::vector<std::string>& texts);

    bool empty() const { return networks_.empty(); }
    bool contains(const std::array<std::uint8_t, 16>& address) const;

  private:
    struct Network {
        std::array<std::uint8_t, 16> address{};
        unsigned bits = 128;
    };
    std::vector<Network> networks_;
};

// The proxies in front of the listener. What they say of their clients is believed; what clients
// say of themselves is not.
class TrustedProxies {
  public:
    TrustedProxies() = default;
    explicit TrustedProxies(const std::vector<std::string>& networks)
        : networks_("trusted_proxies", networks) {}

    bool contains(const std::array<std::uint8_t, 16>& address) const {
        return networks_.contains(address);
    }
    // Of a request that came from a proxy: the last address of X-Forwarded-For that is none of
    // ours; what stands before it could be anybody's invention. Nothing where there is none.
    std::optional<PeerAddress> client_of(const RequestHead& head) const;
    // Of such a request: whether its client speaks TLS, as the nearest proxy says in the last
    // member of X-Forwarded-Proto. Nothing where none says it.
    static std::optional<bool> is_secure(const RequestHead& head);

  private:
    Networks networks_;
};

}  // namespace streamwall::http_server
