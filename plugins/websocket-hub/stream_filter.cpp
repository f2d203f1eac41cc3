// Parsing and matching of stream filters.
#include "stream_filter.hpp"

#include <streamwall/model/platform.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <charconv>

namespace streamwall::hub {

namespace {

constexpr std::size_t kMaxValues = 2'000;  // of one parameter
constexpr std::array<std::string_view, 5> kStatuses = {"unknown", "checking", "live", "offline",
                                                       "error"};

// The text of a raw JSON value in lower case; empty for null.
std::string to_fact(std::string_view raw) {
    if (const auto plain = json::to_plain_text(raw)) return model::to_lower(*plain);
    if (!raw.starts_with('"')) return {};
    const auto value = json::parse(raw);
    return value && value->is_string() ? model::to_lower(std::string_view(value->get_string()))
                                       : std::string();
}

std::optional<std::size_t> find_field(std::string_view name) {
    const auto found = std::ranges::find(kFilterFields, name);
    if (found == kFilterFields.end()) return std::nullopt;
    return static_cast<std::size_t>(found - kFilterFields.begin());
}

void split(std::string_view list, std::vector<std::string>& out) {
    for (std::size_t begin = 0; begin <= list.size();) {
        const auto end = std::min(list.find(',', begin), list.size());
        const auto item = model::trim(list.substr(begin, end - begin));
        if (!item.empty()) out.emplace_back(item);
        begin = end + 1;
    }
}

// A parameter's values as texts; nothing where it has another shape.
std::optional<std::vector<std::string>> read_list(const boost::json::value& value) {
    std::vector<std::string> out;
    const auto add = [&](const boost::json::value& item) {
        std::string text;
        if (item.is_int64())
            text = std::to_string(item.get_int64());
        else if (item.is_string())
            text = model::trim(item.get_string());
        else
            return false;
        if (!text.empty()) out.push_back(std::move(text));
        return true;
    };
    if (value.is_null()) return out;
    if (value.is_string()) {
        split(value.get_string(), out);
    } else if (value.is_array()) {
        if (!std::ranges::all_of(value.get_array(), add)) return std::nullopt;
    } else if (!add(value)) {
        return std::nullopt;
    }
    if (out.size() > kMaxValues) return std::nullopt;
    return out;
}

template <class T>
void sort_unique(std::vector<T>& values) {
    std::ranges::sort(values);
    const auto [first, last] = std::ranges::unique(values);
    values.erase(first, last);
}

bool is_possible(std::string_view field, std::string_view value) {
    if (field == "status") return std::ranges::find(kStatuses, value) != kStatuses.end();
    if (field == "platform") return model::parse_platform(value).has_value();
    return true;
}

}  // namespace

std::optional<StreamFacts> read_facts(std::string_view record, std::string_view changes) {
    StreamFacts out;
    json::scan_members(record, [&](std::string_view name, std::string_view value) {
        if (name == "id") out.id = json::to_integer(value).value_or(0);
        if (const auto field = find_field(name)) out.after[*field] = to_fact(value);
        return true;
    });
    if (out.id <= 0) return std::nullopt;
    out.before = out.after;
    json::scan_members(changes, [&](std::string_view name, std::string_view change) {
        if (const auto field = find_field(name)) {
            out.before[*field] = to_fact(json::find_member(change, "from"));
        }
        return true;
    });
    return out;
}

std::optional<StreamFilter> StreamFilter::parse(const boost::json::object& params) {
    StreamFilter out;
    for (std::size_t field = 0; field < kFilterFields.size(); ++field) {
        const auto* value = params.if_contains(kFilterFields[field]);
        if (value == nullptr) continue;
        auto list = read_list(*value);
        if (!list) return std::nullopt;
        for (auto& item : *list) {
            item = model::to_lower(item);
            if (!is_possible(kFilterFields[field], item)) return std::nullopt;
        }
        sort_unique(*list);
        out.wanted_[field] = std::move(*list);
    }
    if (const auto* value = params.if_contains("ids")) {
        const auto list = read_list(*value);
        if (!list) return std::nullopt;
        for (const auto& item : *list) {
            const auto id = json::to_integer(item);
            if (!id || *id <= 0) return std::nullopt;
            out.ids_.push_back(*id);
        }
        sort_unique(out.ids_);
    }
    return out;
}

bool StreamFilter::matches(const StreamFacts& facts) const {
    if (!ids_.empty() && !std::ranges::binary_search(ids_, facts.id)) return false;
    return matches(facts.after) || matches(facts.before);
}

bool StreamFilter::matches(const std::array<std::string, kFilterFields.size()>& values) const {
    for (std::size_t field = 0; field < values.size(); ++field) {
        const auto& wanted = wanted_[field];
        if (!wanted.empty() && !std::ranges::binary_search(wanted, values[field])) return false;
    }
    return true;
}

// Lengths stand before texts, so that no value can look like a border.
std::string StreamFilter::canonical() const {
    std::string out;
    for (const auto& wanted : wanted_) {
        out += std::to_string(wanted.size()) + ';';
        for (const auto& value : wanted)
            out += std::to_string(value.size()) + ':' + value;
    }
    for (const auto id : ids_)
        out += std::to_string(id) + ',';
    return out;
}

}  // namespace streamwall::hub
