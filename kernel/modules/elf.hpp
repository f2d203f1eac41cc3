// What can be learnt of a shared library without loading it.
#pragma once

#include "exec/buffer.hpp"

#include <expected>
#include <filesystem>
#include <string>

namespace streamwall::modules {

// The text of the manifest's section. Every offset of the file is checked; nothing is executed.
// Errors say what the file is instead: no ELF file, truncated, another architecture, no plugin.
std::expected<std::string, Failure> read_manifest_section(const std::filesystem::path& file);

}  // namespace streamwall::modules
