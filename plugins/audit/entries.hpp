// audit.entries: reading and checking the chain, for administrators. Nothing here changes it.
// Requests as in <streamwall/contracts/audit.hpp>.
#pragma once

#include "verifier.hpp"

#include <streamwall/records/requests.hpp>
#include <streamwall/records/store.hpp>

namespace streamwall::audit {

class Entries {
  public:
    Entries(PluginBase& plugin, records::Store& store) : host_(plugin.host()), store_(store) {}

    Task<Result<Buffer>> list(std::string request, Context context);
    Task<Result<Buffer>> verify(std::string request, Context context);

  private:
    // Feeds what stands behind the verifier's last entry; false where nothing did.
    Task<Result<bool>> walk(Verifier& verifier, boost::json::object& expected, Context context);

    const Host& host_;
    records::Store& store_;
};

}  // namespace streamwall::audit
