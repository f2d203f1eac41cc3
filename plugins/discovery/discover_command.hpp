// `streamwall discover`: what discovery finds in a text, one JSON object for each line.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gazetteer.hpp"

namespace streamwall::discovery {

struct DiscoverArguments {
    std::vector<std::string> text = {};  // joined with spaces
    bool from_stdin = false;             // every line of standard input, behind the text
    bool explain = false;                // adds what was taken for a place, and why
};

struct CommandIo {
    std::function<std::size_t(std::span<char>)> read;  // 0 at the end
    std::function<void(std::string_view)> write;
};

// A line may end with "\n" or "\r\n"; an empty one gets its object too.
void discover(const DiscoverArguments& arguments, const Gazetteer& gazetteer, const CommandIo& io);

}  // namespace streamwall::discovery
