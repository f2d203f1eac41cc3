#include "place.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>

namespace streamwall::collaboration {

namespace {

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_resource(std::string_view text) {
    return !text.empty() && text.size() <= 32 && is_lower(text[0]) &&
           std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}
bool is_resource_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-';
    });
}
bool is_field(std::string_view text) {
    return !text.empty() && text.size() <= 64 && is_lower(text[0]) &&
           std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

// The member as text; a whole number counts as its digits. Null counts as absent.
std::optional<std::string> text_of(const boost::json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_string()) return std::string(value->get_string());
    if (value->is_int64()) return std::to_string(value->get_int64());
    return std::string("?");  // nothing that any of these may be
}

Error wrong(const char* member) {
    return Error::invalid(std::string(member) + " is missing or not understood", member);
}

std::optional<Cell> parse_cell_id(std::string_view id) {
    const auto first = id.find('_');
    const auto second = first == id.npos ? first : id.find('_', first + 1);
    if (second == id.npos) return std::nullopt;
    return Cell{
        {std::string(id.substr(0, first)), std::string(id.substr(first + 1, second - first - 1))},
        std::string(id.substr(second + 1))};
}

}  // namespace

Result<Place> read_place(const boost::json::object& from) {
    Place out{text_of(from, "resource").value_or(""), text_of(from, "resource_id").value_or("")};
    if (!is_resource(out.resource)) return wrong("resource");
    if (!out.resource_id.empty() && !is_resource_id(out.resource_id)) return wrong("resource_id");
    return out;
}

Result<Cell> read_cell(const boost::json::object& from, const Place& here) {
    Cell out;
    if (const auto id = text_of(from, "cell_id")) {
        const auto parsed = parse_cell_id(*id);
        if (!parsed) return wrong("cell_id");
        out = *parsed;
    } else {
        out = {{text_of(from, "resource").value_or(here.resource),
                text_of(from, "resource_id").value_or(here.resource_id)},
               text_of(from, "field").value_or("")};
    }
    if (!is_resource(out.place.resource)) return wrong("resource");
    if (!is_resource_id(out.place.resource_id)) return wrong("resource_id");
    if (!is_field(out.field)) return wrong("field");
    if (!here.covers(out.place)) return Error::invalid("this is not the cell's session", "cell_id");
    return out;
}

void describe(const Cell& cell, boost::json::object& message) {
    message["resource"] = cell.place.resource;
    message["resource_id"] = cell.place.resource_id;
    message["field"] = cell.field;
    message["cell_id"] = cell.id();
}

}  // namespace streamwall::collaboration
