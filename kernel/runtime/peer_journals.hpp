// PeerJournals: puts the journals of other processes among those that this one reads.
#pragma once

#include "bus/journals.hpp"
#include "exec/clock.hpp"
#include "transport/mesh/mesh.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace streamwall::runtime {

// Requests to the journal of one peer.
class PeerPort final : public bus::JournalPort {
  public:
    PeerPort(transport::Mesh& mesh, const exec::Clock& clock) : mesh_(mesh), clock_(clock) {}

    void call(Party& party, const char* method, const std::string& request,
              bus::Done<std::string> done) override;
    void forget(Party&) override {}
    void set_peer(const std::string& peer);

  private:
    transport::Mesh& mesh_;
    const exec::Clock& clock_;
    std::mutex mutex_;
    std::string peer_;
};

class PeerJournals {
  public:
    PeerJournals(transport::Mesh& mesh, bus::Journals& journals, const exec::Clock& clock);
    ~PeerJournals();

  private:
    // On the mesh's strand.
    struct Known {
        bus::JournalPtr journal;
        std::shared_ptr<PeerPort> port;
    };
    void changed(const transport::JournalInfo& info, bool gone);

    transport::Mesh& mesh_;
    bus::Journals& journals_;
    const exec::Clock& clock_;
    std::map<std::string, Known> known_;  // by epoch
    std::uint64_t watch_ = 0;
};

}  // namespace streamwall::runtime
