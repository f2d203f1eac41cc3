// MemoryLink: a remote in memory, to prove that plugins do not notice where their neighbours run.
//
// Every call, reply and event between two instances is encoded to bytes, delayed at random and
// decoded again. Calls and replies overtake each other; events keep their order per subject and
// subscriber, and overtake each other otherwise, as over a real transport.
#pragma once

#include "bus/bus.hpp"
#include "exec/timers.hpp"
#include "services/registry.hpp"

#include <map>
#include <mutex>
#include <random>

namespace streamwall::transport {

struct MemoryLinkOptions {
    std::chrono::microseconds max_delay{3000};
    std::uint64_t seed = 1;
};

// Thread-safe.
class MemoryLink final : public services::Link, public bus::EventLink {
  public:
    MemoryLink(services::Registry& services, exec::Timers& timers, const exec::Clock& clock,
               std::shared_ptr<exec::Executor> executor, MemoryLinkOptions options = {});

    bool separates(const Party& caller, const Party& provider) const override;
    void carry(services::Slot& slot, const sw_buffer* request, const sw_context& context,
               services::PendingCall* call) override;

    bool separates(std::string_view publisher, const Party& subscriber) const override;
    void carry(const bus::EventPtr& event, std::function<void(bus::EventPtr)> deliver) override;

    struct Counts {
        std::uint64_t calls = 0, events = 0, bytes = 0;
    };
    Counts counts() const;

  private:
    std::uint64_t delay();
    void count(std::uint64_t calls, std::uint64_t events, std::size_t bytes);

    services::Registry& services_;
    exec::Timers& timers_;
    const exec::Clock& clock_;
    std::shared_ptr<exec::Executor> executor_;
    const MemoryLinkOptions options_;
    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<std::string, std::uint64_t, std::less<>> arrivals_;  // subject → last arrival
    Counts counts_;
};

}  // namespace streamwall::transport
