// Who is where, kept in the service `cache` for the instance that comes after this one: started
// again, or on another node.
//
// Sessions are in a few entries together, by a hash of their names, each an array of what
// Presence::save() makes. Entries are written when somebody comes or goes, and now and then, so
// that they outlive this instance for a minute. Without a cache there is nothing to come back to,
// and hubs tell who is there.
#pragma once

#include "presence.hpp"

#include <streamwall/sdk/coroutine.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <string>

namespace streamwall::collaboration {

// All on the plugin's strand.
class KeptPresence {
  public:
    static constexpr std::string_view kNamespace = "collaboration.presence";
    static constexpr std::size_t kEntries = 16;
    static constexpr std::chrono::seconds kTtl{60};
    static constexpr std::int64_t kRenewMs = 15'000;
    // After the start: how long hubs have to say that restored members are still there. One that
    // has asked the instance before waits for its answer for ten seconds.
    static constexpr std::int64_t kPatienceMs = 20'000;
    // How long a cache is waited for that starts later.
    static constexpr std::int64_t kCachePatienceMs = 5'000;

    KeptPresence(PluginBase& plugin, Presence& presence, Tasks& tasks)
        : plugin_(plugin), presence_(presence), tasks_(tasks) {}

    // Restores what is kept, where there is a cache.
    Task<Result<>> open();
    // Twice a second.
    void tick(std::int64_t now_ms);
    // The members that no hub has spoken of in time, once.
    std::vector<std::string> take_missing(std::int64_t now_ms);

  private:
    Task<bool> load();
    Task<> load_again();
    Task<> write(std::size_t entry, std::string sessions);
    void restore(std::string_view sessions);

    PluginBase& plugin_;
    Presence& presence_;
    Tasks& tasks_;
    Method get_, set_;
    // Nothing is written before what is there has been read.
    enum class State { kLoading, kWaiting, kKeeping } state_ = State::kLoading;
    std::int64_t opened_ms_ = 0;
    std::int64_t renew_ms_ = 0;
    std::bitset<kEntries> changed_, used_, busy_;
};

}  // namespace streamwall::collaboration
