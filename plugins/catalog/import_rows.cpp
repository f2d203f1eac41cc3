#include "import_rows.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;
using Cells = std::vector<std::optional<std::string>>;

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

std::string field_of(std::string_view column) {
    auto name = model::to_lower(model::trim(column));
    const auto found = std::ranges::find(kRenamed, name, &Renamed::from);
    if (found != kRenamed.end()) name = found->to;
    return model::find_stream_field(name) == nullptr ? std::string() : name;
}

// "2025-01-31 12:34:56.789" of PostgreSQL is UTC without saying so.
std::string time_text(std::string text) {
    const auto zone = text.find_last_of("Zz+");
    const bool has_zone = zone != text.npos && zone > 10;
    if (!has_zone && text.size() >= 19) text += 'Z';
    if (has_zone && text[zone] == '+' && text.size() - zone == 3) text += ":00";
    return text;
}

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

bj::object to_body(const std::vector<std::string>& fields, const Cells& cells) {
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
    into.rows.push_back({number, to_body(fields, cells)});
}

// ---- PostgreSQL: the block that COPY streams begins ----

// The text format of COPY: \N is null, and the usual escapes.
std::optional<std::string> copied(std::string_view cell) {
    if (cell == "\\N") return std::nullopt;
    std::string out;
    for (std::size_t at = 0; at < cell.size(); ++at) {
        if (cell[at] != '\\' || at + 1 == cell.size()) {
            out += cell[at];
            continue;
        }
        constexpr std::string_view kFrom = "tnrbfv", kTo = "\t\n\r\b\f\v";
        const auto known = kFrom.find(cell[++at]);
        out += known == kFrom.npos ? cell[at] : kTo[known];
    }
    return out;
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> out;
    for (;;) {
        const auto end = text.find(by);
        out.push_back(text.substr(0, end));
        if (end == text.npos) return out;
        text.remove_prefix(end + 1);
    }
}

constexpr std::array<std::string_view, 2> kCopies = {"COPY public.streams (", "COPY streams ("};

bool begins_block(std::string_view line) {
    return std::ranges::any_of(kCopies, [line](auto head) { return line.starts_with(head); });
}

Import read_dump(std::string_view text) {
    Import out{.format = "postgresql", .rows = {}, .refused = {}};
    std::vector<std::string> fields;
    std::size_t number = 0;
    for (auto line : split(text, '\n')) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (begins_block(line)) {
            const auto open = line.find('(') + 1;
            for (const auto column : split(line.substr(open, line.find(')') - open), ',')) {
                auto name = model::trim(column);
                if (name.starts_with('"')) name = name.substr(1, name.size() - 2);
                fields.push_back(field_of(name));
            }
        } else if (!fields.empty()) {
            if (line == "\\.") break;
            Cells cells;
            for (const auto cell : split(line, '\t'))
                cells.push_back(copied(cell));
            add_row(out, number, fields, cells);
        }
    }
    return out;
}

// ---- JSON ----

// What only the feed of the desktop app says.
bool is_of_feed(const bj::object& item) {
    const auto* orientation = item.if_contains("orientation");
    const bool is_short =
        orientation != nullptr && orientation->is_string() && orientation->get_string().size() == 1;
    return is_short || item.contains("addedDate") || item.contains("rotation");
}

bj::object from_feed(const bj::object& item) {
    bj::object out;
    for (const auto& [name, value] : item) {
        if (name == "source") {
            out["streamer_name"] = value;
        } else if (name == "orientation") {
            out["orientation"] = value == "V"   ? bj::value("vertical")
                                 : value == "H" ? bj::value("horizontal")
                                                : value;
        } else if (const auto field = field_of(name); !field.empty()) {
            out[field] = value;
        }
    }
    return out;
}

bj::object from_json(const bj::object& item) {
    bj::object out;
    for (const auto& [name, value] : item) {
        const auto field = field_of(name);
        const auto* known = field.empty() ? nullptr : model::find_stream_field(field);
        if (known != nullptr && known->writable) out[field] = value;
    }
    const auto* location = item.if_contains("location");
    if (location != nullptr && location->is_object()) out["location"] = *location;
    return out;
}

Result<Import> read_json(std::string_view text) {
    const auto parsed = json::parse_strict(text);
    if (!parsed) return parsed.error();
    const auto* list = parsed->if_array();
    if (const auto* object = parsed->if_object()) {
        const auto* streams = object->if_contains("streams");
        list = streams == nullptr ? nullptr : streams->if_array();
    }
    if (list == nullptr) return Error::invalid("the JSON is no list of streams");
    Import out{.format = "json", .rows = {}, .refused = {}};
    std::size_t number = 0;
    for (const auto& item : *list) {
        ++number;
        const auto* object = item.if_object();
        if (object == nullptr) {
            out.refused.push_back({number, "is no JSON object"});
            continue;
        }
        const bool is_feed = is_of_feed(*object);
        if (is_feed) out.format = "feed";
        out.rows.push_back({number, is_feed ? from_feed(*object) : from_json(*object)});
    }
    return out;
}

// ---- CSV (RFC 4180) ----

class CsvReader {
  public:
    explicit CsvReader(std::string_view text) : rest_(text) {}
    std::size_t line() const { return begin_; }

    // The next row, empty at the end.
    Cells next() {
        Cells out;
        begin_ = line_;
        for (bool more = !rest_.empty(); more;) {
            out.emplace_back(cell());
            more = !rest_.empty() && rest_.front() == ',';
            if (more) rest_.remove_prefix(1);
        }
        if (rest_.starts_with('\r')) rest_.remove_prefix(1);
        if (rest_.starts_with('\n')) rest_.remove_prefix(1);
        ++line_;
        return out;
    }

  private:
    std::string cell() {
        std::string out;
        if (!rest_.starts_with('"')) {
            const auto end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
            out = rest_.substr(0, end);
            rest_.remove_prefix(end);
        } else {
            rest_.remove_prefix(1);
            while (!rest_.empty() && !(rest_.front() == '"' && !rest_.starts_with("\"\""))) {
                if (rest_.front() == '"') rest_.remove_prefix(1);
                if (rest_.front() == '\n') ++line_;
                out += rest_.front();
                rest_.remove_prefix(1);
            }
            if (!rest_.empty()) rest_.remove_prefix(1);
            // What follows the closing quote belongs to no cell.
            rest_.remove_prefix(std::min(rest_.find_first_of(",\r\n"), rest_.size()));
        }
        // The mark that an export puts before what a spreadsheet would run.
        constexpr std::string_view kFormula = "=+-@\t\r";
        if (out.size() > 1 && out[0] == '\'' && kFormula.find(out[1]) != kFormula.npos)
            out.erase(0, 1);
        return out;
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    std::size_t begin_ = 1;
};

Result<Import> read_csv(std::string_view text) {
    CsvReader reader(text);
    std::vector<std::string> fields;
    for (const auto& column : reader.next())
        fields.push_back(field_of(*column));
    if (std::ranges::find(fields, "url") == fields.end()) {
        return Error::invalid(
            "this is no PostgreSQL dump of streams, no JSON, and no CSV whose "
            "first line names a column url or link");
    }
    Import out{.format = "csv", .rows = {}, .refused = {}};
    for (auto cells = reader.next(); !cells.empty(); cells = reader.next()) {
        const bool is_blank = cells.size() == 1 && cells.front()->empty();
        if (!is_blank) add_row(out, reader.line(), fields, cells);
    }
    return out;
}

}  // namespace

Result<Import> read_import(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos) return Error::invalid("the file is empty");
    if (text[begin] == '[' || text[begin] == '{') return read_json(text);
    for (const auto head : kCopies) {
        const auto at = text.find(head);
        if (at != text.npos && (at == 0 || text[at - 1] == '\n')) return read_dump(text);
    }
    return read_csv(text);
}

}  // namespace streamwall::catalog
