// Events: transient ones, to the processes that want them, from them, and through this one.
#pragma once

#include "transport/mesh/routing.hpp"

namespace streamwall::transport {

// Thread-safe.
class Events {
  public:
    explicit Events(MeshShared& shared) : shared_(shared) {}

    bool wants(std::string_view type) const;
    void relay(const bus::EventPtr& event);
    // From the transport, on its thread; `pattern` is the one whose subscription brought it.
    void arrived(Attachment& via, std::string_view pattern, const Message& message);

  private:
    MeshShared& shared_;
};

}  // namespace streamwall::transport
