// The IRC line parser.
#include "irc_message.hpp"

#include <streamwall/model/text.hpp>

#include <algorithm>

namespace streamwall::twitch {

namespace {

std::string unescape_tag(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (std::size_t at = 0; at < value.size(); ++at) {
        if (value[at] != '\\') {
            out += value[at];
            continue;
        }
        if (++at == value.size()) break;  // a lone backslash at the end is dropped
        switch (value[at]) {
            case ':':
                out += ';';
                break;
            case 's':
                out += ' ';
                break;
            case 'r':
                out += '\r';
                break;
            case 'n':
                out += '\n';
                break;
            default:
                out += value[at];
        }
    }
    return out;
}

bool is_command(std::string_view text) {
    if (text.size() == 3 && std::ranges::all_of(text, model::is_digit)) return true;
    return !text.empty() && std::ranges::all_of(text, [](char c) { return model::is_alpha(c); });
}

// Cuts the next word off `rest`; words are separated by one or more spaces.
std::string_view take_word(std::string_view& rest) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.find_first_not_of(' ', end), rest.size()));
    return word;
}

}  // namespace

std::optional<std::string> IrcMessage::tag(std::string_view name) const {
    std::optional<std::string> found;
    for (auto rest = tags; !rest.empty();) {
        const auto end = std::min(rest.find(';'), rest.size());
        const auto item = rest.substr(0, end);
        const auto equals = std::min(item.find('='), item.size());
        if (item.substr(0, equals) == name) {
            found = unescape_tag(item.substr(std::min(equals + 1, item.size())));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return found;
}

std::optional<IrcMessage> parse_irc(std::string_view line) {
    if (line.find_first_of(std::string_view("\0\r\n", 3)) != line.npos) return std::nullopt;
    IrcMessage out;
    auto rest = line;
    if (rest.starts_with('@')) out.tags = take_word(rest).substr(1);
    if (rest.starts_with(':')) out.prefix = take_word(rest).substr(1);
    out.command = take_word(rest);
    if (!is_command(out.command)) return std::nullopt;
    while (!rest.empty()) {
        const bool is_last = out.param_count == kMaxParams - 1;
        if (rest.starts_with(':') || is_last) {
            out.params[out.param_count++] = rest.substr(rest.starts_with(':') ? 1 : 0);
            break;
        }
        out.params[out.param_count++] = take_word(rest);
    }
    return out;
}

}  // namespace streamwall::twitch
