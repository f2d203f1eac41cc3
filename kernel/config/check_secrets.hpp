// What `kernel.production: true` refuses: secrets that anybody could know.
#pragma once

#include <string_view>

#include "config/check.hpp"

namespace streamwall::config {

// What is wrong with a secret, in the words of a sentence ("is shorter than 8 bytes"); empty where
// nothing is known against it. Of a URL its password is judged, where it has one.
std::string_view find_weakness(std::string_view secret);

// Each weak one of the instances that are enabled is an error, as are those that are as the plugin
// ships them, and empty ones; but a setting that is empty by default may stay so, since empty means
// there that nothing is protected by it.
void check_secrets(const Topology& topology, const ResolvedNode& node, Diagnostics& out);

}  // namespace streamwall::config
