// The commands `streamwall features …`, which the command line runs here, in the host.
#pragma once

#include "feature_flags.hpp"

namespace streamwall::features {

inline constexpr std::string_view kCommandService = "features.commands";

class Commands {
  public:
    explicit Commands(FeatureFlags& flags) : flags_(flags) {}
    Task<Result<Buffer>> list(std::string request, Context context);
    Task<Result<Buffer>> create(std::string request, Context context);
    Task<Result<Buffer>> enable(std::string request, Context context);
    Task<Result<Buffer>> disable(std::string request, Context context);
    Task<Result<Buffer>> set(std::string request, Context context);

  private:
    FeatureFlags& flags_;
};

}  // namespace streamwall::features
