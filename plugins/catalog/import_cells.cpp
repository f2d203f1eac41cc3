#include "import_cells.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/model/text.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

struct Renamed {
    std::string_view from;
    std::string_view to;  // empty: means nothing here
};
// Columns of other systems. Ids and owners of theirs name other things here.
constexpr std::array kRenamed = std::to_array<Renamed>({
    {"id", ""},
    {"user_id", ""},
    {"streamer_id", ""},
    {"location_id", ""},
    {"created_at", ""},
    {"updated_at", ""},
    {"version", ""},
    {"last_checked", "last_checked_at"},
    {"link", "url"},
    {"is_pinned", "pinned"},
    {"is_archived", "archived"},
    {"posted by", "posted_by"},
    {"label", "title"},
    {"name", "title"},
});

// A cell as the value that its field takes; what makes no sense stays text, and is refused as such.
bj::value to_value(const model::FieldSpec& field, const std::string& text) {
    if (text.empty() && field.nullable) return nullptr;
    switch (field.type) {
        case model::FieldType::kBoolean: {
            const auto word = model::to_lower(text);
            if (word == "t" || word == "true" || word == "1") return true;
            if (word == "f" || word == "false" || word == "0" || word.empty()) return false;
            return bj::value(text);
        }
        case model::FieldType::kInteger: {
            std::int64_t number = 0;
            const auto* end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, number);
            if (read.ec == std::errc() && read.ptr == end) return number;
            return bj::value(text);
        }
        case model::FieldType::kTime:
            return bj::value(time_text(text));
        case model::FieldType::kLabels: {
            bj::array labels;
            for (std::size_t at = 0; at <= text.size();) {
                const auto end = std::min(text.find(';', at), text.size());
                const auto label = model::trim(std::string_view(text).substr(at, end - at));
                if (!label.empty()) labels.emplace_back(label);
                at = end + 1;
            }
            return labels;
        }
        default:
            return bj::value(text);
    }
}

// A stream without streamer and title has its host there.
bool is_host_of_link(const bj::value& source, const bj::object& item) {
    const auto* link = item.if_contains("link");
    if (link == nullptr || !link->is_string() || !source.is_string()) return false;
    const std::string_view text(link->get_string());
    const auto scheme = text.find("://");
    if (scheme == text.npos) return false;
    const auto host = text.substr(scheme + 3);
    return host.substr(0, host.find_first_of("/?#:")) == std::string_view(source.get_string());
}

}  // namespace

std::string stream_field_of(std::string_view column) {
    auto name = model::to_lower(model::trim(column));
    const auto found = std::ranges::find(kRenamed, name, &Renamed::from);
    if (found != kRenamed.end()) name = found->to;
    return model::find_stream_field(name) == nullptr ? std::string() : name;
}

std::string time_text(std::string text) {
    const auto zone = text.find_last_of("Zz+");
    const bool has_zone = zone != text.npos && zone > 10;
    if (!has_zone && text.size() >= 19) text += 'Z';
    if (has_zone && text[zone] == '+' && text.size() - zone == 3) text += ":00";
    return text;
}

bj::object stream_of_cells(const std::vector<std::string>& fields, const Cells& cells) {
    bj::object out;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto* field = fields[i].empty() ? nullptr : model::find_stream_field(fields[i]);
        if (field == nullptr || !field->writable || !cells[i]) continue;
        // An empty cell of a field that needs a value stands for its default.
        if (cells[i]->empty() && !field->nullable) continue;
        out[fields[i]] = to_value(*field, *cells[i]);
    }
    return out;
}

void add_row(Import& into, std::size_t number, const std::vector<std::string>& fields,
             const Cells& cells) {
    if (cells.size() != fields.size()) {
        into.refused.push_back({number, "has " + std::to_string(cells.size()) + " columns, not " +
                                            std::to_string(fields.size())});
        return;
    }
    into.rows.push_back({.number = number, .body = stream_of_cells(fields, cells)});
}

bj::object stream_of_feed(const bj::object& item) {
    bj::object out;
    for (const auto& [name, value] : item) {
        if (name == "source") {
            if (!is_host_of_link(value, item)) out["streamer_name"] = value;
        } else if (name == "orientation") {
            out["orientation"] = value == "V"   ? bj::value("vertical")
                                 : value == "H" ? bj::value("horizontal")
                                                : value;
        } else if (const auto field = stream_field_of(name); !field.empty()) {
            out[field] = value;
        }
    }
    return out;
}

}  // namespace streamwall::catalog
