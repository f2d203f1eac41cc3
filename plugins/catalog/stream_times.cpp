#include "stream_times.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

// What becomes of a stream.
struct Step {
    std::string status;
    bool is_new_status = false;
    bool enters_archive = false;
    bool leaves_archive = false;

    static Step of(std::string_view record, const bj::object& values) {
        const auto before = contracts::glance_at_stream(record);
        const std::string old(record.empty() ? std::string_view("unknown") : before.status);
        const auto* status = values.if_contains("status");
        const auto* archived = values.if_contains("archived");
        const bool was_archived = !record.empty() && before.archived;
        const bool is_archived = archived == nullptr ? was_archived : archived->as_bool();
        Step out{.status = status == nullptr ? old : std::string(status->as_string())};
        out.is_new_status = out.status != old;
        out.enters_archive = is_archived && !was_archived;
        out.leaves_archive = was_archived && !is_archived;
        return out;
    }
    bool is_one() const { return is_new_status || enters_archive || leaves_archive; }
    bool to(std::string_view wanted) const { return is_new_status && status == wanted; }
};

class Times {
  public:
    Times(std::string_view record, const bj::object& values) : record_(record), values_(values) {}

    // As it will be; empty where there is none. Times of the store compare as text.
    std::string get(std::string_view name) const {
        for (const auto* from : {&set_, &values_}) {
            const auto* value = from->if_contains(name);
            if (value == nullptr) continue;
            if (value->is_string()) return std::string(value->get_string());
            if (from == &set_ || !record_.empty()) return {};
        }
        return std::string(json::to_plain_text(json::find_member(record_, name)).value_or(""));
    }
    void set(std::string_view name, bj::value value) {
        const auto* named = values_.if_contains(name);
        if (named == nullptr || (record_.empty() && named->is_null()))
            set_[name] = std::move(value);
    }
    bj::object take() { return std::move(set_); }

  private:
    std::string_view record_;
    const bj::object& values_;
    bj::object set_;
};

}  // namespace

bj::object times_of_step(std::string_view record, const bj::object& values, std::int64_t now_ms) {
    if (!values.contains("status") && !values.contains("archived")) return {};
    const auto step = Step::of(record, values);
    if (!step.is_one()) return {};
    Times times(record, values);
    const auto now = model::format_time(model::UtcTime{std::chrono::milliseconds(now_ms)});
    const auto* given = values.if_contains("last_checked_at");
    const bool says_when = given != nullptr && given->is_string();
    const auto at = says_when ? std::string(given->get_string()) : now;

    const bool is_check = step.is_new_status && step.status != "checking";
    const bool was_checked = !times.get("last_checked_at").empty();
    if (is_check || (step.leaves_archive && was_checked))
        times.set("last_checked_at", bj::value(at));
    const bool has_been_live =
        !times.get("last_live_at").empty() || !times.get("started_at").empty();
    if (step.to("live")) {
        times.set("last_live_at", bj::value(at));
        if (times.get("started_at").empty()) times.set("started_at", bj::value(at));
    }
    const bool goes_on = step.to("live") || (step.leaves_archive && step.status != "offline");
    if (goes_on) times.set("ended_at", nullptr);
    if (step.to("offline") && has_been_live && times.get("ended_at").empty()) {
        times.set("ended_at", bj::value(std::max(at, times.get("started_at"))));
    }
    if (step.enters_archive && times.get("ended_at").empty()) {
        const auto checked = times.get("last_checked_at");
        const bool is_live = step.status == "live";
        times.set("ended_at", bj::value(is_live || checked.empty() ? now : checked));
    }
    return times.take();
}

}  // namespace streamwall::catalog
