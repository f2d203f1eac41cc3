// Deeds: what was done to something that is no record, such as a plugin or a dead letter. Whoever
// did it tells of it here; the event that this makes gets its entry as changes of records do.
#pragma once

#include <streamwall/records/requests.hpp>
#include <streamwall/records/store.hpp>

#include <string>

namespace streamwall::audit {

class Deeds {
  public:
    explicit Deeds(records::Store& store) : store_(store) {}

    // `request` as in <streamwall/contracts/audit.hpp>.
    Task<Result<Buffer>> note(std::string request, Context context);

  private:
    records::Store& store_;
};

}  // namespace streamwall::audit
