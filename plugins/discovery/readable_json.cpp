#include "readable_json.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace streamwall::discovery {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value);

void append(std::string& out, double number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append(std::string& out, const json::object& object) {
    out += '{';
    for (const auto& [name, value] : object) {
        if (out.back() != '{') out += ',';
        out += json::serialize(name);
        out += ':';
        append(out, value);
    }
    out += '}';
}

void append(std::string& out, const json::array& array) {
    out += '[';
    for (const auto& value : array) {
        if (out.back() != '[') out += ',';
        append(out, value);
    }
    out += ']';
}

void append(std::string& out, const json::value& value) {
    if (const auto* number = value.if_double()) return append(out, *number);
    if (const auto* object = value.if_object()) return append(out, *object);
    if (const auto* array = value.if_array()) return append(out, *array);
    out += json::serialize(value);
}

}  // namespace

std::string to_readable(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

}  // namespace streamwall::discovery
