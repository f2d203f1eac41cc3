#include "analytics.hpp"

#include "flow.hpp"
#include "stream_history.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <map>

namespace streamwall::catalog {
namespace {

using std::chrono::milliseconds;

// More steps than these are not read; the span then begins with the oldest that was.
constexpr std::size_t kMaxSteps = 10'000;
constexpr std::int64_t kPage = 1'000;

std::optional<model::UtcTime> time_of(std::string_view record, std::string_view name) {
    const auto text = json::to_plain_text(json::find_member(record, name));
    return text ? model::parse_time(*text) : std::nullopt;
}

std::int64_t seconds(milliseconds span) {
    return std::chrono::duration_cast<std::chrono::seconds>(span).count();
}

// Adds up spans of one status after the other.
class Sum {
  public:
    void span(const std::string& status, milliseconds length) {
        by_status_[status] += length;
        observed_ += length;
        if (status != "live") {
            close();
            return;
        }
        live_now_ += length;
        is_live_ = true;
    }
    std::string json(std::string_view record, std::size_t changes, model::UtcTime from,
                     model::UtcTime to) {
        const bool is_live = is_live_;
        close();
        json::Writer spans;
        for (const auto& [status, length] : by_status_)
            spans.number(status, seconds(length));
        json::Writer out;
        out.number("stream_id", contracts::record_id(record));
        out.text("from", model::format_time(from)).text("to", model::format_time(to));
        out.number("observed_seconds", seconds(observed_));
        out.raw("seconds_by_status", spans.take());
        out.raw("live_share", share());
        out.number("status_changes", static_cast<std::int64_t>(changes));
        out.number("live_sessions", sessions_).boolean("is_live", is_live);
        return out.number("longest_live_seconds", seconds(longest_)).take();
    }

  private:
    void close() {
        if (is_live_) ++sessions_;
        longest_ = std::max(longest_, live_now_);
        live_now_ = {};
        is_live_ = false;
    }
    std::string share() const {
        if (observed_.count() == 0) return "null";
        const auto live = by_status_.find("live");
        const auto length = live == by_status_.end() ? milliseconds{} : live->second;
        const auto share =
            static_cast<double>(length.count()) / static_cast<double>(observed_.count());
        return boost::json::serialize(boost::json::value(share));
    }

    std::map<std::string, milliseconds> by_status_;
    milliseconds observed_{};
    milliseconds live_now_{};
    milliseconds longest_{};
    std::int64_t sessions_ = 0;
    bool is_live_ = false;
};

// Adds the page's steps after `from`, newest first. False once the page reaches beyond `from`.
bool take_steps(std::string_view page, model::UtcTime from, std::vector<HistoryStep>& steps) {
    bool is_inside = true;
    json::scan_items(json::find_member(page, "records"), [&](std::string_view entry) {
        const auto at = time_of(entry, "created_at");
        is_inside = at && *at >= from;
        if (!is_inside) return false;
        const auto text = [entry](std::string_view name) {
            return std::string(json::to_plain_text(json::find_member(entry, name)).value_or(""));
        };
        steps.push_back({*at, text("previous_status"), text("status")});
        return true;
    });
    return is_inside;
}

Flow<> gather(StreamRecords& records, AnalyticsOptions options, std::int64_t id,
              std::chrono::days days, Context context) {
    auto record =
        co_await asked([&](Reply reply) { records.load(id, context.raw(), std::move(reply)); });
    if (!record) co_return std::move(record).error();
    const model::UtcTime to{milliseconds(options.wall_ms())};
    auto from = to - std::min<milliseconds>(days, options.kept);
    from = std::max(from, time_of(record->view(), "created_at").value_or(from));
    std::vector<HistoryStep> steps;
    for (bool more = true; more;) {
        const auto request = json::Writer()
                                 .number("id", id)
                                 .number("limit", kPage)
                                 .number("offset", static_cast<std::int64_t>(steps.size()))
                                 .take();
        auto page = co_await asked(
            [&](Reply reply) { read_history(records, request, context.raw(), std::move(reply)); });
        if (!page) co_return std::move(page).error();
        const auto before = steps.size();
        more = take_steps(page->view(), from, steps) && steps.size() > before;
        if (steps.size() >= kMaxSteps && more) {
            from = steps.back().at;
            break;
        }
    }
    std::ranges::reverse(steps);
    co_return Buffer(analyse(record->view(), steps, from, std::max(from, to)));
}

}  // namespace

std::string analyse(std::string_view record, const std::vector<HistoryStep>& steps,
                    model::UtcTime from, model::UtcTime to) {
    Sum sum;
    std::size_t changes = 0;
    auto at = from;
    std::string status(contracts::glance_at_stream(record).status);
    if (!steps.empty()) status = steps.front().previous_status;
    for (const auto& step : steps) {
        const auto until = std::clamp(step.at, at, std::max(at, to));
        sum.span(status, until - at);
        if (step.status != step.previous_status) ++changes;
        at = until;
        status = step.status;
    }
    sum.span(status, std::max(to, at) - at);
    return sum.json(record, changes, from, to);
}

void read_analytics(StreamRecords& records, const AnalyticsOptions& options,
                    std::string_view request, const sw_context& context, Reply reply) {
    const auto id = json::to_integer(json::find_member(request, "id")).value_or(0);
    const auto days = json::to_integer(json::find_member(request, "days")).value_or(7);
    if (days < 1 || days > contracts::streams::kMaxAnalyticsDays) {
        return reply(Error::invalid("days must be from 1 to 90", "days"));
    }
    run(gather(records, options, id, std::chrono::days(days), Context(context)), std::move(reply));
}

}  // namespace streamwall::catalog
