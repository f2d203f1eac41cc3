// From Options to libnats's options.
#pragma once

#include "options.hpp"

#include <nats/nats.h>
#include <streamwall/sdk/result.hpp>

#include <memory>

namespace streamwall::transport_nats {

struct NatsOptionsFree {
    void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using NatsOptions = std::unique_ptr<natsOptions, NatsOptionsFree>;

// Identity, TLS, limits; without callbacks. The error's `where` is the field to blame.
Result<NatsOptions> make_nats_options(const Options& options, const ServerUrl& server);

// libnats's words for what went wrong last on this thread.
std::string last_nats_error(natsStatus status);

}  // namespace streamwall::transport_nats
