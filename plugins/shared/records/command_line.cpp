#include <streamwall/records/command_line.hpp>

#include <streamwall/model/text.hpp>
#include <streamwall/records/store.hpp>

#include <algorithm>

namespace streamwall::records {

Result<CommandLine> CommandLine::read(std::string_view request) {
    auto parsed = json::parse_object(request);
    if (!parsed) return std::move(parsed).error();
    CommandLine out;
    if (auto* arguments = parsed->if_contains("arguments")) {
        if (arguments->is_object()) out.arguments = std::move(arguments->get_object());
    }
    out.input = text_at(*parsed, "input");
    out.progress = text_at(*parsed, "progress");
    return out;
}

bool CommandLine::wants_json() const {
    return option("output") == "json";
}

std::string_view CommandLine::option(std::string_view name) const {
    return text_at(arguments, name);
}

std::string_view CommandLine::positional(std::size_t n) const {
    const auto* list = arguments.if_contains("_");
    if (list == nullptr || !list->is_array() || list->get_array().size() <= n) return {};
    const auto& value = list->get_array()[n];
    return value.is_string() ? std::string_view(value.get_string()) : std::string_view();
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (const auto item = model::trim(text.substr(0, comma)); !item.empty()) {
            out.emplace_back(item);
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

Buffer printed(std::string_view text) {
    return json::Writer().text("out", text).buffer();
}

}  // namespace streamwall::records
