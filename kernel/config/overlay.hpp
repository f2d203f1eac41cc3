// Settings that operators gave a running host, laid over what the file says of an instance.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/check.hpp"

namespace streamwall::config {

// What beats the file until it is taken back.
struct Overlay {
    std::optional<bool> enabled;
    boost::json::object settings;  // merged key by key; lists and scalars replace

    [[nodiscard]] bool empty() const { return !enabled && settings.empty(); }
};

// Adds `patch` to settings laid over before: mappings merge, null takes a key back, so that the
// file counts for it again. The result holds neither nulls nor empty mappings of the patch's.
void merge_settings(boost::json::object& into, const boost::json::object& patch);

// The instance as it shall run. Settings are checked like those of the file; findings have the
// settings' names as paths and no position. `data` takes the place of ${data} in defaults.
ResolvedInstance lay_over(const ResolvedInstance& from_file, const Overlay& overlay,
                          std::string_view data, Diagnostics& out);

// Names of everything the settings set: "limits.rate", "tags".
std::vector<std::string> setting_names(const boost::json::object& settings);

}  // namespace streamwall::config
