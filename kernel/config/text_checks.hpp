// What is checked on the raw text before the YAML parser sees it: size, encoding, nesting.
//
// yaml-cpp recurses and allocates as the text tells it to, so a hostile file must be refused here,
// by linear scans that allocate nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/source.hpp"

namespace streamwall::config {

inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxDepth = 64;
inline constexpr std::size_t kMaxValues = 50'000;
inline constexpr std::size_t kMaxFindings = 500;  // who has more will not read them all

// Position of a byte offset; columns count code points.
Position position_at(std::string_view text, std::size_t offset);

// Appends what makes the text unfit for parsing; nothing appended means it may be parsed.
void check_text(std::string_view text, std::string_view file, Diagnostics& out);

}  // namespace streamwall::config
