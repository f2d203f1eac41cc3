// collaboration.sessions: sessions and locks for those without a connection to the hub.
// Requests as in <streamwall/contracts/collaboration.hpp>.
#pragma once

#include "channel.hpp"

namespace streamwall::collaboration {

// All on the plugin's strand.
class Sessions {
  public:
    Sessions(PluginBase& plugin, records::Store& store, CollaborationChannel& channel)
        : plugin_(plugin), store_(store), channel_(channel) {}

    Task<Result<Buffer>> create(std::string request, Context context);
    Task<Result<Buffer>> lock(std::string request, Context context);
    Task<Result<Buffer>> unlock(std::string request, Context context);
    Task<Result<Buffer>> announce(std::string request, Context context);

  private:
    PluginBase& plugin_;
    records::Store& store_;
    CollaborationChannel& channel_;
};

}  // namespace streamwall::collaboration
