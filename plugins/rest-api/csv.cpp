#include "csv.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>

namespace streamwall::rest_api {
namespace {

std::string text_of(const boost::json::value& value) {
    if (value.is_null()) return {};
    if (const auto* text = value.if_string()) return std::string(*text);
    const auto* list = value.if_array();
    if (list == nullptr) return boost::json::serialize(value);
    std::string out;
    for (const auto& item : *list) {
        if (!out.empty()) out += "; ";
        out += text_of(item);
    }
    return out;
}

}  // namespace

void append_csv_cell(std::string& out, std::string_view text) {
    constexpr std::string_view kFormula = "=+-@\t\r";
    constexpr std::string_view kQuoted = ",\"\r\n";
    const bool is_formula = !text.empty() && kFormula.find(text.front()) != kFormula.npos;
    const bool is_quoted = text.find_first_of(kQuoted) != text.npos;
    if (is_quoted) out += '"';
    if (is_formula) out += '\'';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    if (is_quoted) out += '"';
}

std::string csv_head() {
    std::string out;
    for (const auto& field : model::stream_fields()) {
        if (!out.empty()) out += ',';
        out += field.name;
    }
    return out + "\r\n";
}

void append_csv_row(std::string& out, std::string_view record) {
    const auto parsed = json::parse_object(record);
    if (!parsed) return;
    bool is_first = true;
    for (const auto& field : model::stream_fields()) {
        if (!std::exchange(is_first, false)) out += ',';
        const auto* value = parsed->if_contains(field.name);
        if (value != nullptr) append_csv_cell(out, text_of(*value));
    }
    out += "\r\n";
}

}  // namespace streamwall::rest_api
