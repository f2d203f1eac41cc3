// Whether somebody listens at an address.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace streamwall::cli {

// Connects over TCP and hangs up. Nothing where that worked; else why it did not. Blocks.
std::optional<std::string> why_unreachable(const std::string& host, const std::string& port,
                                           std::chrono::milliseconds limit);

}  // namespace streamwall::cli
