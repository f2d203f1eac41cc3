// MemoryJournal: the service `journal` (plugin-api/store.md) for tests without a storage plugin.
// Nothing survives the process; positions and dead letters survive a stop of the host.
#pragma once

#include "peer.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::testing {

class MemoryJournal {
  public:
    // Offers the service through `peer`, which outlives the journal's last request.
    void offer_through(Peer& peer);

  private:
    struct Kept {
        std::uint64_t sequence;
        std::string type, subject, envelope;
    };
    struct DeadLetter {
        std::int64_t id;
        std::string name, event, error;
        std::int64_t attempts;
    };
    struct Lease {
        std::string owner;
        std::uint64_t token = 0;
        std::int64_t ends_ms = 0;
    };
    Answer append(Peer& peer, const Call& call, const sw_context& context);
    Answer read(const Call& call);
    Answer position(const Call& call);
    Answer save_positions(const Call& call);
    Answer lease(Peer& peer, const Call& call);
    Answer add_dead_letter(const Call& call);
    Answer list_dead_letters(const Call& call);
    Answer take_dead_letter(const Call& call);
    Answer trim(const Call& call);
    static std::string render(const DeadLetter& letter);

    std::mutex mutex_;
    std::vector<Kept> events_;
    std::uint64_t last_ = 0;
    std::map<std::string, std::string> positions_;  // name → the reply
    std::map<std::string, Lease> leases_;
    std::vector<DeadLetter> dead_letters_;
    std::int64_t last_letter_ = 0;
};

}  // namespace streamwall::testing
