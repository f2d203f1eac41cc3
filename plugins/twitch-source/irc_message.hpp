// IRC lines: RFC 1459 section 2.3.1 with IRCv3 message tags
// (https://ircv3.net/specs/extensions/message-tags). Pure functions over text of strangers; nothing
// is copied, views point into the line.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::twitch {

inline constexpr std::size_t kMaxParams = 15;

struct IrcMessage {
    std::string_view tags;     // raw, without '@'
    std::string_view prefix;   // without ':'
    std::string_view command;  // letters, or three digits
    std::array<std::string_view, kMaxParams> params{};
    std::size_t param_count = 0;

    // Empty where there are fewer.
    std::string_view param(std::size_t index) const {
        return index < param_count ? params[index] : std::string_view();
    }
    std::string_view last_param() const { return param_count ? params[param_count - 1] : ""; }
    // The part of the prefix before '!' or '@'.
    std::string_view nick() const { return prefix.substr(0, prefix.find_first_of("!@")); }
    // A server speaks where the prefix names no user.
    bool is_from_server() const { return prefix.find('!') == std::string_view::npos; }
    // The unescaped value of a tag; nothing where absent. The last one of several counts.
    std::optional<std::string> tag(std::string_view name) const;
};

// `line` comes without its CR LF. Nothing where it is no message.
std::optional<IrcMessage> parse_irc(std::string_view line);

}  // namespace streamwall::twitch
