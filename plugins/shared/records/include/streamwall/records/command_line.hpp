// Commands that the command line hands to the host: {"arguments":{…},"input":"…","progress":"…"},
// answered by {"out":"text for people or JSON"}. With `progress`, somebody looks on: how far the
// command is may be published as `command.progress`, with the subject command/PROGRESS.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::records {

struct CommandLine {
    boost::json::object arguments;
    std::string input;
    std::string progress;

    static Result<CommandLine> read(std::string_view request);
    bool wants_json() const;  // --output json
    // Empty where it was not given.
    std::string_view option(std::string_view name) const;
    std::string_view positional(std::size_t n) const;
};

// The items of "a, b" without the blanks around them; empty ones are left out.
std::vector<std::string> split_list(std::string_view text);

Buffer printed(std::string_view text);

}  // namespace streamwall::records
