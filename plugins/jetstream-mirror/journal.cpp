// Reading of pages: members are found in the text, envelopes are passed on unparsed.
#include "journal.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <charconv>
#include <chrono>
#include <optional>

namespace streamwall::jetstream {
namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int out = 0;
    const auto* end = text.data() + at + count;
    const auto [stopped, failed] = std::from_chars(text.data() + at, end, out);
    if (failed != std::errc{} || stopped != end || out < 0) return std::nullopt;
    return out;
}

// 2026-01-31T12:34:56.789Z, as all envelopes have it.
std::optional<std::int64_t> parse_time(std::string_view text) {
    using namespace std::chrono;
    const auto y = digits(text, 0, 4);
    const auto mo = digits(text, 5, 2);
    const auto d = digits(text, 8, 2);
    const auto h = digits(text, 11, 2);
    const auto mi = digits(text, 14, 2);
    const auto s = digits(text, 17, 2);
    const auto ms = digits(text, 20, 3);
    if (!y || !mo || !d || !h || !mi || !s || !ms) return std::nullopt;
    const year_month_day date{year(*y), month(static_cast<unsigned>(*mo)),
                              day(static_cast<unsigned>(*d))};
    if (!date.ok()) return std::nullopt;
    const auto time = sys_days(date).time_since_epoch() + hours(*h) + minutes(*mi) + seconds(*s) +
                      milliseconds(*ms);
    return duration_cast<milliseconds>(time).count();
}

std::optional<std::uint64_t> number(std::string_view object, std::string_view name) {
    const auto value = json::to_integer(json::find_member(object, name));
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

std::optional<std::string_view> text(std::string_view object, std::string_view name) {
    return json::to_plain_text(json::find_member(object, name));
}

std::optional<JournalEvent> parse_event(std::string_view envelope) {
    const auto id = text(envelope, "id");
    const auto type = text(envelope, "type");
    const auto sequence = number(envelope, "sequence");
    const auto time = parse_time(text(envelope, "timestamp").value_or(""));
    if (!id || !type || !sequence || !time) return std::nullopt;
    return JournalEvent{*sequence, *time, *id, *type, envelope};
}

}  // namespace

Result<Page> parse_page(std::string_view reply) {
    Page out;
    out.text = std::make_unique<const std::string>(reply);
    const std::string_view kept = *out.text;
    const auto epoch = text(kept, "epoch");
    const auto first = number(kept, "first");
    const auto last = number(kept, "last");
    const auto through = number(kept, "through");
    bool all_read = true;
    const bool is_list =
        json::scan_items(json::find_member(kept, "events"), [&](std::string_view envelope) {
            const auto event = parse_event(envelope);
            if (event) out.events.push_back(*event);
            return all_read = event.has_value();
        });
    if (!epoch || !first || !last || !through || !is_list || !all_read) {
        return Error::internal("the journal gave a reply that is none of its method `read`");
    }
    out.epoch = *epoch;
    out.first = *first;
    out.last = *last;
    out.through = *through;
    return out;
}

}  // namespace streamwall::jetstream
