// JournalClient: the service `journal` as durable readers use it. Requests and replies: store.md.
#pragma once

#include "bus/event.hpp"
#include "exec/party.hpp"

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace streamwall::bus {

struct ReadResult {
    std::string epoch;
    std::uint64_t first = 0, last = 0;
    std::uint64_t through = 0;  // all that match up to here are among `events`
    std::vector<EventPtr> events;
};

struct Parked {
    std::string subject;
    std::uint64_t sequence = 0;  // the first event that waits
    int attempts = 0;
};

struct Position {
    std::string epoch;
    std::uint64_t sequence = 0;
    std::vector<Parked> parked;
};

struct DeadLetter {
    std::int64_t id = 0;
    std::string name;
    EventPtr event;
};

struct LeaseClaim {
    std::string name;
    std::string owner;
    std::uint64_t token = 0;  // 0: a new claim
};

struct LeaseGrant {
    bool granted = false;
    std::string owner;  // who holds it
    std::uint64_t token = 0;
};

// Under which positions are saved, where a subscription has one owner.
struct LeaseProof {
    std::string name;
    std::uint64_t token = 0;
};

template <class T>
using Done = std::function<void(std::expected<T, Failure>)>;

// How requests reach a journal, or what else speaks of leases as it does. `done` runs on the
// party's strand, or at once where the answer is there; each request is answered, after 5 s at the
// latest.
class JournalPort {
  public:
    virtual ~JournalPort() = default;
    virtual void call(Party& party, const char* method, const std::string& request,
                      Done<std::string> done) = 0;
    virtual void forget(Party& party) = 0;  // no request of it is under way
};

// Calls on behalf of `party`.
class JournalClient {
  public:
    JournalClient(JournalPort& port, Party& party) : port_(port), party_(party) {}

    void read(std::uint64_t after, std::size_t limit, const std::string& pattern,
              const std::string& subject, Done<ReadResult> done);
    void position(const std::string& name, Done<Position> done);
    // ABORTED where `proof` is given and its lease has passed to another.
    void save_position(const std::string& name, const Position& position, const LeaseProof* proof,
                       Done<bool> done);
    void lease(const LeaseClaim& claim, std::chrono::milliseconds ttl, Done<LeaseGrant> done);
    void release(const LeaseClaim& claim, Done<bool> done);
    void add_dead_letter(const std::string& name, const sw_event& event, const Failure& why,
                         int attempts, Done<bool> done);

  private:
    void call(const char* method, std::string request, Done<std::string> done) {
        port_.call(party_, method, request, std::move(done));
    }

    JournalPort& port_;
    Party& party_;
};

}  // namespace streamwall::bus
