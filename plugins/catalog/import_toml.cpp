#include "import_toml.hpp"

#include "import_cells.hpp"

#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

#include <toml++/toml.h>

#include <sstream>

namespace streamwall::catalog {
namespace {

// Through JSON: that is what bodies are.
Result<boost::json::object> to_json(const toml::table& table) {
    std::ostringstream text;
    text << toml::json_formatter(table);
    return json::parse_object(text.str());
}

Import rows_of(const toml::array& streams) {
    Import out{.format = "toml", .rows = {}, .refused = {}};
    for (const auto& node : streams) {
        const std::size_t number = node.source().begin.line;
        const auto* table = node.as_table();
        if (table == nullptr) {
            out.refused.push_back({.number = number, .reason = "is no table"});
            continue;
        }
        const auto item = to_json(*table);
        if (!item) {
            out.refused.push_back({.number = number, .reason = item.error().message});
            continue;
        }
        out.rows.push_back({.number = number, .body = stream_of_feed(*item)});
    }
    return out;
}

}  // namespace

// By the line that begins the streams: nothing else that can be imported has such a one.
bool is_toml(std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = model::trim(text.substr(0, end));
        if (line.starts_with("[[streams]]")) return true;
        constexpr std::string_view kName = "streams";
        if (line.starts_with(kName) && model::trim(line.substr(kName.size())).starts_with('=')) {
            return true;
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

Result<Import> read_toml(std::string_view text) {
    try {
        const auto file = toml::parse(text);
        const auto* streams = file["streams"].as_array();
        if (streams == nullptr) return Error::invalid("the TOML has no list of streams");
        return rows_of(*streams);
    } catch (const toml::parse_error& problem) {
        return Error::invalid("line " + std::to_string(problem.source().begin.line) +
                              " is no TOML: " + std::string(problem.description()));
    }
}

}  // namespace streamwall::catalog
