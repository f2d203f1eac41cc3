#include "address.hpp"

#include "text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace streamwall::http_server {
namespace {

constexpr unsigned kV4Bits = 96;  // in front of a mapped IPv4 address

std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return {};
        const auto rest = text.substr(end + 1);
        return rest.empty() || rest.starts_with(':') ? text.substr(1, end - 1) : std::string_view();
    }
    const auto colon = text.find(':');
    const bool is_one = colon != text.npos && text.find(':', colon + 1) == text.npos;
    return is_one ? text.substr(0, colon) : text;
}

bool starts_alike(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b,
                  unsigned bits) {
    const auto whole = bits / 8;
    if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
    const auto left = bits % 8;
    return left == 0 || (a[whole] ^ b[whole]) >> (8 - left) == 0;
}

}  // namespace

std::optional<PeerAddress> parse_address(std::string_view given) {
    PeerAddress out;
    out.text = without_port(trim(given));
    if (out.text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    if (::inet_pton(AF_INET, out.text.c_str(), out.bytes.data() + 12) == 1) {
        out.bytes[10] = out.bytes[11] = 0xFF;
        return out;
    }
    if (::inet_pton(AF_INET6, out.text.c_str(), out.bytes.data()) == 1) return out;
    return std::nullopt;
}

Networks::Networks(std::string_view setting, const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
        const auto slash = text.find('/');
        const auto address = parse_address(text.substr(0, slash));
        auto bits = std::optional<std::uint64_t>(128);
        if (slash != std::string::npos) {
            bits = parse_decimal(std::string_view(text).substr(slash + 1));
            const bool is_v4 = text.find(':') == std::string::npos;
            if (bits && is_v4) bits = *bits <= 32 ? std::optional(*bits + kV4Bits) : std::nullopt;
        }
        if (!address || !bits || *bits > 128) {
            throw std::invalid_argument(std::string(setting) + ": \"" + text +
                                        "\" is no address and no network, such as 10.0.0.0/8");
        }
        networks_.push_back({address->bytes, static_cast<unsigned>(*bits)});
    }
}

bool Networks::contains(const std::array<std::uint8_t, 16>& address) const {
    return std::ranges::any_of(networks_, [&](const Network& network) {
        return starts_alike(address, network.address, network.bits);
    });
}

std::optional<PeerAddress> TrustedProxies::client_of(const RequestHead& head) const {
    std::optional<PeerAddress> client;
    // Proxies append: the last header's last member is what the nearest of them saw.
    for (auto header = head.headers.rbegin(); header != head.headers.rend(); ++header) {
        if (to_view(header->name) != "x-forwarded-for") continue;
        auto list = to_view(header->value);
        while (!list.empty()) {
            const auto comma = list.rfind(',');
            const auto member = trim(comma == list.npos ? list : list.substr(comma + 1));
            list = list.substr(0, comma == list.npos ? 0 : comma);
            if (member.empty()) continue;
            auto address = parse_address(member);
            if (!address) return client;
            client = std::move(address);
            if (!contains(client->bytes)) return client;
        }
    }
    return client;
}

std::optional<bool> TrustedProxies::is_secure(const RequestHead& head) {
    for (auto header = head.headers.rbegin(); header != head.headers.rend(); ++header) {
        if (to_view(header->name) != "x-forwarded-proto") continue;
        const auto list = to_view(header->value);
        const auto scheme = trim(list.substr(list.rfind(',') + 1));
        if (!scheme.empty()) return equals_ignoring_case(scheme, "https");
    }
    return std::nullopt;
}

}  // namespace streamwall::http_server
