// JSON as the contract wants it: Boost.JSON with the strictness it leaves out, and a writer for hot
// paths that builds text without a document.
#pragma once

#include <streamwall/sdk/buffer.hpp>
#include <streamwall/sdk/result.hpp>

#include <boost/json.hpp>

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace streamwall::json {

namespace detail {

inline const char* find_problem(const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::double_:
            return std::isfinite(value.get_double()) ? nullptr : "a number is out of range";
        case boost::json::kind::uint64:
            return "an integer is out of the 64-bit signed range";
        case boost::json::kind::string:
            return value.get_string().find('\0') == boost::json::string::npos
                       ? nullptr
                       : "a text contains the character U+0000";
        case boost::json::kind::array:
            for (const auto& item : value.get_array())
                if (auto* problem = find_problem(item)) return problem;
            return nullptr;
        case boost::json::kind::object:
            for (const auto& [key, item] : value.get_object()) {
                if (key.find('\0') != std::string_view::npos) return "a key contains U+0000";
                if (auto* problem = find_problem(item)) return problem;
            }
            return nullptr;
        default:
            return nullptr;
    }
}

// Index of the string's closing quote, `text[at]` being the first character inside.
inline std::size_t string_end(std::string_view text, std::size_t at) {
    while (at < text.size() && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at;
}

// Counts the keys of all objects in well-formed JSON: one per ':' outside of texts.
inline std::size_t count_keys(std::string_view text) {
    std::size_t keys = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"')
            at = string_end(text, at + 1);
        else if (text[at] == ':')
            ++keys;
    }
    return keys;
}
inline std::size_t count_members(const boost::json::value& value) {
    std::size_t members = 0;
    if (const auto* object = value.if_object()) {
        members = object->size();
        for (const auto& member : *object)
            members += count_members(member.value());
    } else if (const auto* array = value.if_array()) {
        for (const auto& item : *array)
            members += count_members(item);
    }
    return members;
}
// An integer literal beyond 64 bits becomes a double in Boost.JSON; find it in the text.
inline bool has_wide_integer(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '"') {
            at = string_end(text, at + 1) + 1;
        } else if ((text[at] >= '0' && text[at] <= '9') || text[at] == '-') {
            const auto end = text.find_first_not_of("+-.0123456789eE", at);
            const auto number = text.substr(at, end == text.npos ? text.npos : end - at);
            long long parsed = 0;
            if (number.size() > 18 && number.find_first_of(".eE") == number.npos &&
                std::from_chars(number.data(), number.data() + number.size(), parsed).ec !=
                    std::errc{}) {
                return true;
            }
            at += number.size();
        } else {
            ++at;
        }
    }
    return false;
}
}  // namespace detail

// Parses text of strangers. Refused: invalid UTF-8, depth over 32, duplicate keys, U+0000,
// non-finite numbers, integers outside int64. Linear in the text's length.
inline Result<boost::json::value> parse_strict(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code failed;
    auto value = boost::json::parse(text, failed, {}, options);
    if (failed) return Error::invalid("malformed JSON: " + failed.message());
    if (const char* problem = detail::find_problem(value)) return Error::invalid(problem);
    if (detail::has_wide_integer(text)) {
        return Error::invalid("an integer is out of the 64-bit signed range");
    }
    if (detail::count_keys(text) != detail::count_members(value)) {
        return Error::invalid("an object has the same key twice");
    }
    return value;
}

// Parses text that our own side rendered.
inline Result<boost::json::value> parse(std::string_view text) {
    boost::system::error_code failed;
    auto value = boost::json::parse(text, failed);
    if (failed) return Error::internal("malformed JSON from a neighbour: " + failed.message());
    return value;
}
inline Result<boost::json::object> parse_object(std::string_view text) {
    auto value = parse(text);
    if (!value) return std::move(value).error();
    if (!value->is_object()) return Error::invalid("expected a JSON object");
    return std::move(value->get_object());
}

// Appends `text` as a JSON string, quotes included. The text must be valid UTF-8.
inline void append_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, begin, at - begin);
        begin = at + 1;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default: {
                constexpr char kHex[] = "0123456789abcdef";
                out += "\\u00";
                out += kHex[c >> 4];
                out += kHex[c & 15];
            }
        }
    }
    out.append(text, begin);
    out += '"';
}

// Builds an object's text member by member: Writer w; w.text("a", "b").number("n", 1); w.take().
class Writer {
  public:
    Writer() {
        out_.reserve(
            kUsualSize);  // growing from nothing would cost an allocation every few members
        out_ += '{';
    }
    // The object comes behind `head`, which take() returns with it.
    explicit Writer(std::string head) : out_(std::move(head)) { out_ += '{'; }
    Writer& text(std::string_view key, std::string_view value) {
        name(key);
        append_string(out_, value);
        return *this;
    }
    Writer& number(std::string_view key, std::int64_t value) {
        name(key);
        char digits[24];
        out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
        return *this;
    }
    Writer& boolean(std::string_view key, bool value) {
        name(key);
        out_ += value ? "true" : "false";
        return *this;
    }
    // `json` must be one complete JSON value.
    Writer& raw(std::string_view key, std::string_view json) {
        name(key);
        out_ += json;
        return *this;
    }
    std::string take() {
        out_ += '}';
        return std::move(out_);
    }
    Buffer buffer() {
        out_ += '}';
        return Buffer(out_);
    }

  private:
    void name(std::string_view key) {
        if (out_.back() != '{') out_ += ',';  // no value ends in one
        append_string(out_, key);
        out_ += ':';
    }
    static constexpr std::size_t kUsualSize = 240;
    std::string out_;
};

}  // namespace streamwall::json
