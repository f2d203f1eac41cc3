// Files that are replaced whole, so that a crash leaves the old content or the new.
#pragma once

#include <filesystem>
#include <string_view>

namespace streamwall::runtime {

// The new content is on disk when it returns true; else errno says why not. Mode 0600.
bool replace_file(const std::filesystem::path& file, std::string_view text);

}  // namespace streamwall::runtime
