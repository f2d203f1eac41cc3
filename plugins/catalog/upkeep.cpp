#include "upkeep.hpp"

#include "stream_history.hpp"
#include "update_stream.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <vector>

namespace streamwall::catalog {
namespace {

namespace store = contracts::store;
using std::chrono::milliseconds;

constexpr std::int64_t kPage = 500;
constexpr std::string_view kLease = "catalog/upkeep";
constexpr std::string_view kUp = R"([{"field":"id","direction":"asc"}])";
constexpr std::string_view kDown = R"([{"field":"id","direction":"desc"}])";

std::string_view plain(std::string_view record, std::string_view name) {
    return json::to_plain_text(json::find_member(record, name)).value_or("");
}

// Times of the store compare as text.
bool is_due(std::string_view record, std::string_view checked_before) {
    const auto checked = plain(record, "last_checked_at");
    return plain(record, "status") != "live" && !checked.empty() && checked < checked_before;
}

}  // namespace

std::string Upkeep::time_before(milliseconds age) const {
    return model::format_time(model::UtcTime{milliseconds(wall_ms_()) - age});
}

Flow<> Upkeep::claim(milliseconds lease_for, const Context& context) {
    const auto request = json::Writer()
                             .text("name", kLease)
                             .text("owner", owner_)
                             .number("ttl_ms", lease_for.count())
                             .buffer();
    co_return co_await asked(
        [&](Reply reply) { records_.lease(request, context.raw(), std::move(reply)); });
}

// Walks over the streams that are not archived in the order of their ids, which an index gives.
Flow<> Upkeep::archive_page(const Context& context, std::size_t& looked, std::size_t& archived) {
    json::Writer query;
    query.text("collection", contracts::streams::kCollection)
        .raw("filter", R"({"field":"archived","op":"eq","value":false})")
        .raw("sort", kUp)
        .number("limit", kPage);
    if (!cursor_.empty()) query.text("cursor", cursor_);
    const auto request = query.buffer();
    auto page = co_await asked(
        [&](Reply reply) { records_.query(request, context.raw(), std::move(reply)); });
    if (!page) {
        cursor_.clear();
        co_return page;
    }
    std::vector<StreamTarget> due;
    const auto checked_before = time_before(rules_.archive_after);
    json::scan_items(json::find_member(page->view(), "records"), [&](std::string_view record) {
        ++looked;
        if (!is_due(record, checked_before)) return;
        due.push_back({.id = contracts::record_id(record),
                       .versions = {{contracts::record_version(record)}}});
    });
    cursor_ = plain(page->view(), "next_cursor");
    for (const auto& target : due) {
        auto done = co_await asked([&](Reply reply) {
            update_by_rule(records_, target, {{"archived", true}}, context.raw(), std::move(reply));
        });
        // Who was checked or removed meanwhile is not due any more.
        const bool is_other = done.code() == SW_FAILED_PRECONDITION || done.code() == SW_NOT_FOUND;
        if (!done && !is_other) co_return done;
        if (!done) continue;
        ++archived;
        records_.rest(done->view(), rules_.continue_within);
    }
    co_return page;
}

Flow<> Upkeep::forget_history(const Context& context) {
    const auto query = json::Writer()
                           .text("collection", kHistoryCollection)
                           .raw("sort", kUp)
                           .number("limit", kPage)
                           .buffer();
    auto page = co_await asked(
        [&](Reply reply) { records_.query(query, context.raw(), std::move(reply)); });
    if (!page) co_return page;
    store::Changes changes;
    std::int64_t count = 0;
    const auto oldest = time_before(rules_.history_for);
    json::scan_items(json::find_member(page->view(), "records"), [&](std::string_view entry) {
        if (plain(entry, "created_at") >= oldest) return false;
        changes.erase(kHistoryCollection, contracts::record_id(entry),
                      contracts::record_version(entry));
        ++count;
        return true;
    });
    if (count > 0) {
        auto done = co_await asked([&](Reply reply) {
            records_.apply(changes.buffer(), context.raw(), std::move(reply));
        });
        if (!done) co_return done;
    }
    co_return json::Writer().number("forgotten", count).buffer();
}

Flow<> Upkeep::run_once(milliseconds lease_for, Context context) {
    auto lease = co_await claim(lease_for, context);
    if (!lease) co_return lease;
    std::size_t looked = 0, archived = 0;
    std::int64_t forgotten = 0;
    if (json::find_member(lease->view(), "granted") == "true") {
        bool more = rules_.archive_after.count() > 0;
        while (more) {
            auto page = co_await archive_page(context, looked, archived);
            if (!page) co_return page;
            more = !cursor_.empty() && looked < kLook && archived < kChange;
        }
        auto gone = co_await forget_history(context);
        if (!gone) co_return gone;
        forgotten = json::to_integer(json::find_member(gone->view(), "forgotten")).value_or(0);
    }
    co_return json::Writer()
        .number("archived", static_cast<std::int64_t>(archived))
        .number("forgotten", forgotten)
        .buffer();
}

Flow<> Upkeep::learn_resting(Context context) {
    const auto query = json::Writer()
                           .text("collection", kHistoryCollection)
                           .raw("sort", kDown)
                           .number("limit", 1'000)
                           .buffer();
    auto page = co_await asked(
        [&](Reply reply) { records_.query(query, context.raw(), std::move(reply)); });
    if (!page) co_return page;
    struct Seen {
        std::int64_t stream;
        milliseconds left;
    };
    std::vector<Seen> seen;
    std::int64_t newest = last_entry_;
    const auto now = milliseconds(wall_ms_());
    json::scan_items(json::find_member(page->view(), "records"), [&](std::string_view entry) {
        const auto id = contracts::record_id(entry);
        const auto at = model::parse_time(plain(entry, "created_at"));
        const auto left =
            at ? rules_.continue_within - (now - at->time_since_epoch()) : milliseconds{};
        if (id <= last_entry_ || left.count() <= 0) return false;
        newest = std::max(newest, id);
        const auto stream = json::to_integer(json::find_member(entry, "stream_id")).value_or(0);
        const bool rests =
            plain(entry, "reason") == kRule && json::find_member(entry, "archived") == "true";
        // Of several entries of a stream the newest one tells.
        if (std::ranges::find(seen, stream, &Seen::stream) == seen.end())
            seen.push_back({stream, rests ? left : milliseconds{}});
        return true;
    });
    for (const auto& [stream, left] : seen) {
        if (left.count() == 0) {
            records_.resting().forget(stream);
            continue;
        }
        auto record = co_await asked(
            [&](Reply reply) { records_.load(stream, context.raw(), std::move(reply)); });
        if (record && contracts::glance_at_stream(record->view()).archived)
            records_.rest(record->view(), left);
    }
    last_entry_ = newest;
    co_return Buffer("{}");
}

}  // namespace streamwall::catalog
