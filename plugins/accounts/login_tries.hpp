// How often somebody may try to log in, over all nodes: counted by the service `limits` where it is
// there, by this process where it is away. What the service lets pass is known here, too, so that
// its going away does not begin anew.
#pragma once

#include "login_limits.hpp"

#include <streamwall/sdk/coroutine.hpp>

namespace streamwall::accounts {

// Belongs to the strand.
class LoginTries {
  public:
    // Nobody waits where there is no limit.
    explicit LoginTries(PluginBase& plugin) : plugin_(plugin) {}
    Result<> open(std::optional<LoginLimits::Options> limit);

    struct Verdict {
        std::chrono::seconds wait{0};   // none: it may be tried
        bool is_first_refusal = false;  // of this lock-out, as far as is known here
    };
    // Counts a try for the address, IPv6 by its /64, and for the e-mail; either may be empty. One
    // that is refused for its e-mail may count for the address.
    Task<Verdict> take(std::string email, std::string address);

  private:
    static constexpr std::size_t kMostLocked = 65'536;

    struct Refusal {
        std::chrono::seconds wait{0};
        std::string key;
    };
    // Nothing where the service can't be asked.
    Task<std::optional<Refusal>> ask(std::vector<std::string> keys);
    Refusal take_here(const std::vector<std::string>& keys);
    Verdict verdict_of(const Refusal& refusal);
    LoginLimits::Moment now() const { return LoginLimits::Moment(plugin_.host().monotonic_ns()); }

    PluginBase& plugin_;
    Method check_;
    std::optional<LoginLimits> limits_;
    std::unordered_map<std::string, LoginLimits::Moment> locked_;  // until when
};

// The network that tries from an address count for.
std::string network_of(const std::string& address);

}  // namespace streamwall::accounts
