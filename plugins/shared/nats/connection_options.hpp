// From Options to libnats's options.
#pragma once

#include "nats/options.hpp"

#include <nats/nats.h>
#include <streamwall/sdk/result.hpp>

#include <memory>
#include <string>

namespace streamwall::nats {

struct NatsOptionsFree {
    void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using NatsOptions = std::unique_ptr<natsOptions, NatsOptionsFree>;

// Identity, TLS, limits; without callbacks. The error's `where` is the field to blame.
Result<NatsOptions> make_nats_options(const Options& options, const ServerUrl& server);

// Loads what `options` name into libnats as a connection would. The error's `where` is the field.
Result<> try_options(const Options& options);

// What libnats says went wrong, without the line of its source that it puts before.
std::string in_words(natsStatus status, const char* text);
// The same for what went wrong last on this thread.
std::string last_nats_error(natsStatus status);

}  // namespace streamwall::nats
