// Platform names.
#include "streamwall/model/platform.hpp"

#include "streamwall/model/text.hpp"

namespace streamwall::model {

std::string_view platform_name(Platform platform) {
    return kPlatformNames[static_cast<std::size_t>(platform)];
}

std::optional<Platform> parse_platform(std::string_view name) {
    for (std::size_t i = 0; i < kPlatformNames.size(); ++i) {
        if (equals_ignoring_case(kPlatformNames[i], name)) return static_cast<Platform>(i);
    }
    return std::nullopt;
}

}  // namespace streamwall::model
