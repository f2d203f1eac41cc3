// The journal as a service of whoever offers it on this node; or the store, for its leases.
#pragma once

#include "bus/journal_client.hpp"
#include "exec/clock.hpp"
#include "services/registry.hpp"

namespace streamwall::abi {

class ServiceJournal final : public bus::JournalPort {
  public:
    ServiceJournal(services::Registry& services, const exec::Clock& clock,
                   std::string service = "journal")
        : services_(services), clock_(clock), service_(std::move(service)) {}

    void call(Party& party, const char* method, const std::string& request,
              bus::Done<std::string> done) override;
    void forget(Party& party) override { services_.forget_party(party); }

  private:
    services::Registry& services_;
    const exec::Clock& clock_;
    const std::string service_;
};

}  // namespace streamwall::abi
