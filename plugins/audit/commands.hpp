// The commands `streamwall audit …`, which the command line runs here, in the host.
#pragma once

#include "entries.hpp"

namespace streamwall::audit {

inline constexpr std::string_view kCommandService = "audit.commands";

class Commands {
  public:
    explicit Commands(Entries& entries) : entries_(entries) {}
    Task<Result<Buffer>> list(std::string request, Context context);
    // Fails where the chain is not whole.
    Task<Result<Buffer>> verify(std::string request, Context context);

  private:
    Entries& entries_;
};

}  // namespace streamwall::audit
