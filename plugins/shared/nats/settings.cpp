// Proving of options.
#include "nats/settings.hpp"

#include "nats/connection_options.hpp"

namespace streamwall::nats {

Result<> prove(const Options& options) {
    auto checked = check(options);
    if (checked) checked = try_options(options);
    if (checked) return ok();
    auto error = std::move(checked).error();
    if (!error.where.empty()) error.message = error.where + ": " + error.message;
    return error;
}

}  // namespace streamwall::nats
