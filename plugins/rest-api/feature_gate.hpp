// Routes that a feature flag can switch off.
#pragma once

#include "problem.hpp"

#include <streamwall/contracts/features.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

// Whether a flag is on for the caller. [any thread]
using FeatureGate = std::function<bool(std::string_view key, const sw_context& context)>;

inline Problem feature_disabled(std::string_view key) {
    return {.status = 403,
            .code = std::string(contracts::features::kFeatureDisabled),
            .detail = "The feature " + std::string(key) + " is switched off.",
            .errors_json = {}};
}

}  // namespace streamwall::rest_api
