#include "journal_page.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::hub {

namespace {

std::uint64_t to_sequence(std::string_view raw) {
    const auto value = json::to_integer(raw);
    return value && *value > 0 ? static_cast<std::uint64_t>(*value) : 0;
}

// The envelope has the changes as the last member of its data; the record is what stands before.
void split_data(std::string_view data, PastEvent& event) {
    constexpr std::string_view kName = R"("changes":)";
    const auto changes = json::find_member(data, "changes");
    if (changes.empty()) {
        event.record = Buffer(data);
        return;
    }
    auto head = data.substr(0, static_cast<std::size_t>(changes.data() - data.data()));
    head.remove_suffix(kName.size());
    if (head.ends_with(',')) head.remove_suffix(1);
    event.record = Buffer(std::string(head) + "}");
    event.changes = changes;
}

std::optional<PastEvent> parse_event(std::string_view envelope) {
    PastEvent out;
    std::string_view data;
    json::scan_members(envelope, [&](std::string_view name, std::string_view value) {
        if (name == "type") out.type = json::to_plain_text(value).value_or("");
        if (name == "sequence") out.sequence = to_sequence(value);
        if (name == "data") data = value;
        if (name == "timestamp") {
            const auto time = model::parse_time(json::to_plain_text(value).value_or(""));
            if (time) out.time_ms = time->time_since_epoch().count();
        }
        return true;
    });
    if (out.sequence == 0 || out.type.empty() || !json::is_enclosed_object(data)) {
        return std::nullopt;
    }
    split_data(data, out);
    return out;
}

}  // namespace

std::optional<JournalPage> parse_journal_page(std::string_view text) {
    JournalPage out;
    bool is_whole = false;
    json::scan_members(text, [&](std::string_view name, std::string_view value) {
        if (name == "epoch") out.newest.epoch = json::to_plain_text(value).value_or("");
        if (name == "first") out.first = to_sequence(value);
        if (name == "last") out.newest.sequence = to_sequence(value);
        if (name == "through") out.through = to_sequence(value);
        if (name != "events") return true;
        is_whole = json::scan_items(value, [&](std::string_view item) {
            if (auto event = parse_event(item)) out.events.push_back(std::move(*event));
        });
        return true;
    });
    if (!is_whole || out.newest.epoch.empty()) return std::nullopt;
    return out;
}

Buffer journal_request(std::uint64_t after, std::int64_t limit, std::string_view types) {
    json::Writer writer;
    writer.number("after", static_cast<std::int64_t>(after)).number("limit", limit);
    if (!types.empty()) writer.raw("types", types);
    return writer.buffer();
}

}  // namespace streamwall::hub
