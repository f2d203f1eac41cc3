// The one thread that writes.
//
// Requests that wait together are run in one transaction and made durable by one fsync (group
// commit); the writer never waits for more to come. After the commit, in this order: the cache
// knows the records, the host hears of the events, the callers get their answers.
//
// A request that fails is undone alone. A full disk fails the requests that don't fit. Any other
// trouble with the file closes the connection: everything is `unavailable` until it opens again.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sqlite-store/batch.hpp"
#include "sqlite-store/positions.hpp"

namespace streamwall::sqlite {

struct WriterOptions {
    std::string path;
    std::size_t max_queued = 4096;
    std::size_t max_batch = 512;
    std::chrono::milliseconds positions_delay{300};  // at most this long in memory only
    std::chrono::milliseconds reopen_delay{500};
    std::chrono::milliseconds housekeeping_period{std::chrono::hours(1)};
};

class Writer {
  public:
    // Opens, and upgrades, the file; throws Failure. `housekeeping` makes the job that is run
    // now and then. Cache and hooks outlive the writer.
    Writer(WriterOptions options, const Hooks& hooks, RecordCache& cache,
           std::function<std::unique_ptr<Job>()> housekeeping);
    ~Writer();  // finishes what is queued
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // False where too much is queued; the job is untouched then. Callable from every thread.
    bool submit(std::unique_ptr<Job>& job);

    std::shared_ptr<const storage::Schema> schema() const;
    const std::string& epoch() const { return epoch_; }
    void save_position(std::string name, Position position);
    std::optional<Position> pending_position(std::string_view name) const {
        return positions_.find(name);
    }
    std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }

  private:
    using Clock = std::chrono::steady_clock;
    using Jobs = std::vector<std::unique_ptr<Job>>;

    void open();
    void announce_missed();
    void run();
    Jobs take(bool& positions_due);
    void process(std::span<std::unique_ptr<Job>> jobs);
    void process_alone(std::span<std::unique_ptr<Job>> jobs);
    // False where the jobs must be run again, each alone.
    bool transact(std::span<std::unique_ptr<Job>> jobs);
    bool run_jobs(Batch& batch, std::span<std::unique_ptr<Job>> jobs, std::vector<Answer>& answers);
    Answer run_job(Batch& batch, Job& job, bool savepoint);
    void write_positions(const PendingPositions::Map& pending);
    void publish(const Batch& batch);
    void answer(std::span<std::unique_ptr<Job>> jobs, std::vector<Answer>& answers);
    void fail(std::span<std::unique_ptr<Job>> jobs, const storage::Error& error);
    void roll_back() noexcept;
    void lose_connection(const Failure& failure);
    void report(Health health, std::string_view reason);
    std::int64_t next_time();

    const WriterOptions options_;
    const Hooks& hooks_;
    RecordCache& cache_;
    const std::function<std::unique_ptr<Job>()> housekeeping_;
    PendingPositions positions_;
    std::string epoch_;
    std::atomic<std::uint64_t> commits_{0};

    mutable std::mutex mutex_;  // of the four below
    std::condition_variable wake_;
    Jobs queue_;
    bool stopping_ = false;
    std::shared_ptr<const storage::Schema> schema_;

    // The thread's own.
    std::unique_ptr<Connection> connection_;
    std::int64_t last_sequence_ = 0;
    std::int64_t last_time_ = 0;
    std::optional<Health> health_;  // last reported
    std::string down_reason_;
    Clock::time_point next_open_{};
    Clock::time_point next_positions_ = Clock::time_point::max();
    Clock::time_point next_housekeeping_{};
    bool flushed_at_stop_ = false;

    std::thread thread_;  // last: starts when all else is there
};

}  // namespace streamwall::sqlite
