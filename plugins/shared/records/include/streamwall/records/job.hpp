// What a plugin does by itself, again and again: when it ran last, what came of it, and when it
// runs next. People see it in `streamwall status`, in the instance's health; programs in
// streamwall_job_runs_total{job,result}, streamwall_job_last_run_seconds{job} and
// streamwall_job_next_run_seconds{job}, both since 1970.
#pragma once

#include <streamwall/sdk/host.hpp>
#include <streamwall/sdk/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace streamwall::records {

// Runs must not overlap; waits() may be called meanwhile.
class Job {
  public:
    // `name`: a word or two, such as "archive rule".
    Job(const Host& host, std::string name, std::chrono::milliseconds every);

    // The timer that brings the next run has been set.
    void waits();
    // A run has ended: what it did, for people ("3 archived"), or why it failed. After a failure
    // the instance is degraded until the next run that succeeds.
    void ran(const Result<std::string>& outcome);

  private:
    std::string time_text(std::int64_t ms) const;

    const Host& host_;
    const std::string name_;
    const std::chrono::milliseconds every_;
    std::atomic<std::int64_t> next_ms_ = 0;
    Series successes_, failures_, last_, next_;
};

}  // namespace streamwall::records
