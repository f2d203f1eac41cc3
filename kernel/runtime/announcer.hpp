// Announcer: tells the bus what becomes of instances, as event `plugin.state_changed`.
#pragma once

#include "bus/bus.hpp"
#include "modules/manifest.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::runtime {

class Instance;

class Announcer {
  public:
    // All three outlive it. Events are published on the party's strand, so that no subscriber that
    // is called inline holds up who changed a state.
    Announcer(bus::Bus& bus, Party& party, std::string node)
        : bus_(bus), party_(party), node_(std::move(node)) {}

    // Publishes where state, health or one of their reasons differ from what was told before.
    // [any]
    void tell(const Instance& instance);

  private:
    struct Told {
        std::string state, reason, health, health_reason;
        bool operator==(const Told&) const = default;
    };
    bus::Bus& bus_;
    Party& party_;
    const std::string node_;
    std::mutex mutex_;
    std::map<std::string, Told> told_;
};

// Of the events that the kernel publishes itself.
std::vector<modules::EventSchema> kernel_event_schemas();

}  // namespace streamwall::runtime
