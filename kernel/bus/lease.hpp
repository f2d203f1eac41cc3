// LeaseKeeper: asks for one lease until it is granted, and keeps it then. Requests: store.md.
//
// The lease counts from before each request, and ends here a little before its time: whoever gets
// it next begins behind its end.
#pragma once

#include "bus/journal_client.hpp"
#include "exec/timers.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace streamwall::bus {

struct LeaseOptions {
    std::string name;
    std::string owner;
    std::chrono::milliseconds ttl{3000};
    std::chrono::milliseconds every{1000};  // asked for, or renewed
    // Only a refusal takes it away; for what may rather run twice than not at all.
    bool outlives_silence = false;
};

// Run on the party's strand.
struct LeaseEvents {
    std::function<void(std::uint64_t token)> gained;
    std::function<void()> lost;                             // after `gained` alone
    std::function<void(const std::string& owner)> refused;  // who holds it
};

// Runs on the party's strand but for what is marked [any].
class LeaseKeeper final : public std::enable_shared_from_this<LeaseKeeper> {
  public:
    // `party` is kept for as long as a request is under way, and may end inside its answer.
    LeaseKeeper(JournalPort& port, const std::shared_ptr<Party>& party, LeaseOptions options,
                exec::Timers& timers, const exec::Clock& clock, LeaseEvents events);

    void start();
    // Asks now instead of when its time has come.
    void hurry();
    // Gives the lease up; no event follows. `done` runs once others can have it, or could not be
    // told.
    void stop(std::function<void()> done);

    // Nobody else can own the lease. [any]
    bool holds() const {
        return options_.outlives_silence ? is_owner_.load()
                                         : clock_.monotonic_ns() < valid_until_.load();
    }
    const LeaseOptions& options() const { return options_; }

  private:
    void ask();
    void answered(std::uint64_t asked_ns, const LeaseGrant& grant);
    void lose();
    void give_back(std::uint64_t token, std::function<void()> done);
    void watch_end();
    void schedule(std::chrono::milliseconds wait);

    JournalClient client_;
    const std::weak_ptr<Party> party_;
    const std::shared_ptr<exec::Strand> strand_;
    const LeaseOptions options_;
    exec::Timers& timers_;
    const exec::Clock& clock_;
    const LeaseEvents events_;
    std::uint64_t token_ = 0;  // 0: not the owner
    std::atomic<bool> is_owner_{false};
    std::atomic<std::uint64_t> valid_until_{0};
    bool asking_ = false;  // a claim is under way: a second one would be another owner
    bool stopped_ = false;
    std::uint64_t ask_timer_ = 0, end_timer_ = 0;
};

}  // namespace streamwall::bus
