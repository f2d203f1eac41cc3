#include "conditional.hpp"

#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::rest_api {
namespace {

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

struct Tag {
    bool weak = false;
    std::string_view quoted;
};

// Calls `each(Tag)` for a comma list of entity tags, up to the first that is none.
template <class Each>
void for_each_tag(std::string_view list, Each&& each) {
    for (list = trim(list); !list.empty(); list = trim(list)) {
        if (list.front() == ',') {
            list.remove_prefix(1);
            continue;
        }
        Tag tag;
        if (list.starts_with("W/")) {
            tag.weak = true;
            list.remove_prefix(2);
        }
        if (list.empty() || list.front() != '"') return;
        const auto end = list.find('"', 1);
        if (end == list.npos) return;
        tag.quoted = list.substr(0, end + 1);
        list.remove_prefix(end + 1);
        each(tag);
    }
}

}  // namespace

bool matches_none_match(std::string_view header, std::string_view tag) {
    if (trim(header) == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    bool found = false;
    for_each_tag(header, [&](Tag each) { found = found || each.quoted == tag; });
    return found;
}

contracts::streams::Versions accepted_versions(std::string_view header) {
    header = trim(header);
    if (header.empty() || header == "*") return std::nullopt;
    std::vector<std::int64_t> versions;
    for_each_tag(header, [&](Tag tag) {
        const auto inside = tag.quoted.substr(1, tag.quoted.size() - 2);
        const auto version = json::to_integer(inside);
        if (!tag.weak && version && *version > 0) versions.push_back(*version);
    });
    return versions;
}

}  // namespace streamwall::rest_api
