// The journal as a service of whoever offers it on this node.
#pragma once

#include "bus/journal_client.hpp"
#include "exec/clock.hpp"
#include "services/registry.hpp"

namespace streamwall::abi {

class ServiceJournal final : public bus::JournalPort {
  public:
    ServiceJournal(services::Registry& services, const exec::Clock& clock)
        : services_(services), clock_(clock) {}

    void call(Party& party, const char* method, const std::string& request,
              bus::Done<std::string> done) override;
    void forget(Party& party) override { services_.forget_party(party); }

  private:
    services::Registry& services_;
    const exec::Clock& clock_;
};

}  // namespace streamwall::abi
