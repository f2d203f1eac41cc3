// JournalClient: the service `journal` as durable readers use it. Requests and replies: store.md.
#pragma once

#include "bus/event.hpp"
#include "exec/clock.hpp"
#include "services/registry.hpp"

#include <expected>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace streamwall::bus {

struct ReadResult {
    std::string epoch;
    std::uint64_t first = 0, last = 0;
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

// Calls on behalf of `party`; callbacks run on its strand, or at once where the journal answers so.
// Each call has a deadline of 5 s.
class JournalClient {
  public:
    template <class T>
    using Done = std::function<void(std::expected<T, Failure>)>;

    JournalClient(services::Registry& services, const exec::Clock& clock, Party& party)
        : services_(services), clock_(clock), party_(party) {}

    void read(std::uint64_t after, std::size_t limit, const std::string& pattern,
              const std::string& subject, Done<ReadResult> done);
    void position(const std::string& name, Done<Position> done);
    void save_position(const std::string& name, const Position& position, Done<bool> done);
    void add_dead_letter(const std::string& name, const sw_event& event, const Failure& why,
                         int attempts, Done<bool> done);

  private:
    void call(const char* method, std::string request, Done<std::string> done);

    services::Registry& services_;
    const exec::Clock& clock_;
    Party& party_;
};

}  // namespace streamwall::bus
