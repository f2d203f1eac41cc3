#include "streamwall/records/job.hpp"

#include <streamwall/model/rfc3339.hpp>

namespace streamwall::records {
namespace {

double to_seconds(std::int64_t ms) {
    return static_cast<double>(ms) / 1000;
}

}  // namespace

Job::Job(const Host& host, std::string name, std::chrono::milliseconds every)
    : host_(host), name_(std::move(name)), every_(every) {
    constexpr std::string_view kRuns = "streamwall_job_runs_total";
    constexpr std::string_view kHelp = "Runs of work that plugins do by themselves.";
    successes_ = host.counter(kRuns, kHelp, {{"job", name_}, {"result", "ok"}});
    failures_ = host.counter(kRuns, kHelp, {{"job", name_}, {"result", "failed"}});
    last_ = host.gauge("streamwall_job_last_run_seconds", "When the work was last done.",
                       {{"job", name_}});
    next_ = host.gauge("streamwall_job_next_run_seconds", "When the work is done next.",
                       {{"job", name_}});
}

std::string Job::time_text(std::int64_t ms) const {
    return model::format_time(model::UtcTime{std::chrono::milliseconds(ms)});
}

void Job::waits() {
    next_ms_ = host_.wall_ms() + every_.count();
    next_.set(to_seconds(next_ms_));
}

void Job::ran(const Result<std::string>& outcome) {
    const auto now = host_.wall_ms();
    (outcome ? successes_ : failures_).add();
    last_.set(to_seconds(now));
    const auto what = outcome ? *outcome : "failed: " + outcome.error().message;
    host_.health(
        outcome ? SW_HEALTH_OK : SW_HEALTH_DEGRADED,
        name_ + " at " + time_text(now) + ": " + what + "; next at " + time_text(next_ms_));
}

}  // namespace streamwall::records
