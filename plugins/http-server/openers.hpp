// What connections were opened by, where that can end before they do: WebSockets, and answers in
// parts.
#pragma once

#include "auth.hpp"
#include "host.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

namespace streamwall::http_server {

struct Opener {
    std::string token;        // to verify it anew
    PrincipalId who{};        // Principal::rate_id
    PrincipalId likeness{};   // Principal::likeness
    Time ends = Time::max();  // Principal::ends

    bool operator==(const Opener&) const = default;
};

// Those of the WebSockets of one loop, which alone uses it: each is kept once for all that were
// opened by the same token.
class Openers {
  public:
    // Adds to `bytes` what all of them take.
    explicit Openers(std::int64_t& bytes) : bytes_(bytes) {}
    Openers(const Openers&) = delete;
    Openers& operator=(const Openers&) = delete;

    // One more user of it; good until as many have left.
    const Opener* take(Opener opener);
    void leave(const Opener* opener);

  private:
    struct Hash {
        std::size_t operator()(const Opener& opener) const {
            return std::hash<std::string>()(opener.token);
        }
    };
    using Users = std::unordered_map<Opener, std::uint32_t, Hash>;
    static std::int64_t size_of(const Users::value_type& entry);

    std::int64_t& bytes_;
    Users users_;
};

}  // namespace streamwall::http_server
