// Singletons: plugins of which one instance runs in the whole system, while the others stand by.
//
// Each is a lease of its name, granted by the store. Where the store cannot be reached the owner
// goes on and the others stand by: running twice for a moment is worse than nothing new, but
// stopping what runs is worse than both.
#pragma once

#include "bus/lease.hpp"
#include "exec/timers.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace streamwall::runtime {

// On the control strand.
class Singletons {
  public:
    struct Parts {
        bus::JournalPort& store;
        exec::Timers& timers;
        const exec::Clock& clock;
        std::shared_ptr<exec::Strand> control;
        // What may run, or has to stop, is another now.
        std::function<void(const std::string& instance, bool is_ours)> changed;
    };
    // `names` are instances that other nodes have, too.
    Singletons(const std::string& node, std::set<std::string> names, Parts parts);
    ~Singletons();

    // Why the instance must not start; empty: it may. Asks for its lease from the first time on.
    std::string reason_to_wait(const std::string& instance);
    // It would run if no other did.
    bool stands_by(const std::string& instance) const;
    // It ended, or does not want to run: another may.
    void give_up(const std::string& instance);
    // `done` runs once all leases are given back.
    void stop(std::function<void()> done);

  private:
    struct Line {
        std::shared_ptr<bus::LeaseKeeper> keeper;
        bool is_ours = false;
        std::string owner;  // who else has it, where that is known
    };
    void ask(const std::string& instance, Line& line);

    const std::string node_;
    const std::set<std::string> names_;
    const Parts parts_;
    std::shared_ptr<Party> self_;
    std::map<std::string, Line> lines_;
};

}  // namespace streamwall::runtime
