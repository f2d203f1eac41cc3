// The difference of two states of a record.
#include "streamwall/model/changes.hpp"

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <string_view>

namespace streamwall::model {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kNotReported = {"updated_at", "version", "link",
                                                          "last_checked"};

const json::value& value_or_null(const json::object& record, json::string_view name) {
    static const json::value kNull = nullptr;
    const json::value* value = record.if_contains(name);
    return value ? *value : kNull;
}

}  // namespace

json::object diff_changes(const json::object& old_record, const json::object& new_record) {
    json::object changes(old_record.storage());
    const auto compare = [&](json::string_view name) {
        const std::string_view plain(name.data(), name.size());
        if (std::ranges::find(kNotReported, plain) != kNotReported.end()) return;
        const json::value& from = value_or_null(old_record, name);
        const json::value& to = value_or_null(new_record, name);
        if (from != to) changes[name] = {{"from", from}, {"to", to}};
    };
    for (const auto& [name, value] : new_record)
        compare(name);
    for (const auto& [name, value] : old_record) {
        if (!new_record.contains(name)) compare(name);
    }
    return changes;
}

}  // namespace streamwall::model
