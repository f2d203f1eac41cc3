#include "import_rows.hpp"

#include "import_cells.hpp"
#include "import_dump.hpp"
#include "import_toml.hpp"

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

// ---- JSON ----

// What only the feed of the desktop app says.
bool is_of_feed(const bj::object& item) {
    const auto* orientation = item.if_contains("orientation");
    const bool is_short =
        orientation != nullptr && orientation->is_string() && orientation->get_string().size() == 1;
    return is_short || item.contains("addedDate") || item.contains("rotation");
}

bj::object from_json(const bj::object& item) {
    bj::object out;
    for (const auto& [name, value] : item) {
        const auto field = stream_field_of(name);
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
        out.rows.push_back(
            {.number = number, .body = is_feed ? stream_of_feed(*object) : from_json(*object)});
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
        fields.push_back(stream_field_of(*column));
    if (std::ranges::find(fields, "url") == fields.end()) {
        return Error::invalid(
            "this is no PostgreSQL dump of StreamSource, no JSON, no TOML, and no CSV whose "
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
    if (is_dump(text)) return read_dump(text);
    if (is_toml(text)) return read_toml(text);
    if (text[begin] == '[' || text[begin] == '{') return read_json(text);
    return read_csv(text);
}

}  // namespace streamwall::catalog
