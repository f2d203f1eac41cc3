// Matching of types against patterns, token by token.
#include "bus/pattern.hpp"

namespace streamwall::bus {

namespace {

// Cuts the first token off; `text` is empty and `more` false after the last one.
std::string_view take_token(std::string_view& text, bool& more) {
    const auto dot = text.find('.');
    const auto token = text.substr(0, dot);
    more = dot != std::string_view::npos;
    text = more ? text.substr(dot + 1) : std::string_view{};
    return token;
}

bool is_name(std::string_view token) {
    if (token.empty()) return false;
    for (const char c : token) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}

bool every_token(std::string_view text, bool wildcards) {
    if (text.empty() || text.size() > 255) return false;
    for (bool more = true; more;) {
        const auto token = take_token(text, more);
        if (wildcards && (token == "*" || (token == ">" && !more))) continue;
        if (!is_name(token)) return false;
    }
    return true;
}

}  // namespace

bool is_type(std::string_view text) {
    return every_token(text, false);
}
bool is_pattern(std::string_view text) {
    return every_token(text, true);
}

bool covers(std::string_view outer, std::string_view inner) {
    for (bool more_outer = true, more_inner = true;;) {
        const auto left = take_token(outer, more_outer);
        const auto right = take_token(inner, more_inner);
        if (left == ">") return true;
        if (right == ">" || (right == "*" && left != "*")) return false;
        if (left != "*" && left != right) return false;
        if (more_outer != more_inner) return false;
        if (!more_outer) return true;
    }
}

bool matches(std::string_view pattern, std::string_view type) {
    return covers(pattern, type);
}

}  // namespace streamwall::bus
