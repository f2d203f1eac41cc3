#include "stream_change.hpp"

#include "collection.hpp"
#include "stream_times.hpp"

#include <streamwall/contracts/events.hpp>
#include <streamwall/model/changes.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace streamwall::catalog {
namespace {

namespace events = contracts::events;

// Fields that say where a stream is found and counted.
constexpr std::array<std::string_view, 3> kPlaces = {"url", "status", "archived"};

std::string_view event_type_of(const boost::json::object& changes) {
    const auto* archived = changes.if_contains("archived");
    if (archived != nullptr && archived->at("to").as_bool()) return events::kStreamArchived;
    if (changes.contains("status")) return events::kStreamStatusChanged;
    if (changes.contains("pinned")) return events::kStreamPinned;
    return events::kStreamUpdated;
}

// Those members of `record` that `values` has too.
boost::json::object counterpart(std::string_view record, const boost::json::object& values,
                                const boost::json::storage_ptr& memory) {
    boost::json::object out(memory);
    json::scan_members(record, [&](std::string_view key, std::string_view value) {
        if (values.contains(key)) out.emplace(key, boost::json::parse(value, memory));
        return out.size() < values.size();
    });
    return out;
}

void add_member(json::Writer& out, std::string_view name, const boost::json::value& value) {
    const auto text = boost::json::serialize(value);
    out.raw(name, text);
    if (const auto other = repeated_field(name); !other.empty()) out.raw(other, text);
}

std::vector<std::string> names_of(const boost::json::object& changes) {
    std::vector<std::string> out;
    for (const auto& change : changes)
        out.emplace_back(change.key());
    return out;
}

}  // namespace

std::optional<StreamChange> plan_change(std::string_view record, const boost::json::object& values,
                                        std::int64_t now_ms) {
    unsigned char stack[4096];
    boost::json::monotonic_resource memory(stack, sizeof stack);
    auto changes = model::diff_changes(counterpart(record, values, &memory), values);
    if (changes.empty()) return std::nullopt;

    StreamChange out;
    out.fields = names_of(changes);
    if (const auto times = times_of_step(record, values, now_ms); !times.empty()) {
        for (auto& change : model::diff_changes(counterpart(record, times, &memory), times))
            changes.emplace(change.key(), change.value());
    }
    json::Writer set;
    for (const auto& [name, change] : changes)
        add_member(set, name, change.at("to"));
    out.set_json = set.take();
    out.changes_json = boost::json::serialize(changes);
    out.event_type = event_type_of(changes);
    out.moves = std::ranges::any_of(kPlaces, [&](auto name) { return changes.contains(name); });
    out.is_touch = out.fields.size() == 1 && out.fields.front() == "last_checked_at";
    return out;
}

std::vector<std::string> changed_fields(std::string_view record,
                                        const boost::json::object& values) {
    return names_of(model::diff_changes(counterpart(record, values, {}), values));
}

std::string new_record_json(const boost::json::object& values, std::int64_t user_id,
                            std::int64_t now_ms) {
    json::Writer out;
    // What is absent is null or the declared default anyway.
    const auto add = [&out](const boost::json::object& members) {
        for (const auto& [name, value] : members) {
            if (!value.is_null()) add_member(out, name, value);
        }
    };
    add(values);
    add(times_of_step({}, values, now_ms));
    if (user_id != 0 && !values.contains("user_id")) out.number("user_id", user_id);
    return out.take();
}

std::string stream_subject(std::int64_t id) {
    return "stream/" + std::to_string(id);
}

}  // namespace streamwall::catalog
