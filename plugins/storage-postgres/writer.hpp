// Makes the changes: what waits together becomes one transaction (group commit).
//
// Sequences are given as a transaction's last step, under a lock that ends with the commit: so the
// order of commits is the order of numbers, over all instances, and no reader ever passes a gap.
//
// A commit whose answer never came is looked for: the transaction leaves a note in the table
// `writers`, and once the server has ended the old session nothing can follow it. What was made is
// answered so; what was not is made again, once; where the server can't be asked in time the caller
// is told that nobody knows.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apply_batch.hpp"
#include "condition.hpp"
#include "connection.hpp"
#include "small_jobs.hpp"
#include "storage-sql/call.hpp"
#include "storage-sql/positions.hpp"
#include "tail.hpp"

namespace streamwall::postgres {

struct WriterOptions {
    std::size_t max_queued = 4096;
    std::size_t max_batch = 256;
    std::chrono::milliseconds positions_delay{300};  // at most this long in memory only
    std::chrono::milliseconds housekeeping_period{std::chrono::hours(1)};
    std::chrono::milliseconds resolve_within{3000};  // for commits that broke off
};

// One of both is set.
struct WriteJob {
    std::unique_ptr<storage::Call> call;  // null for housekeeping
    std::unique_ptr<ApplyRequest> apply;
    std::unique_ptr<SmallJob> small;
};

class Writer {
  public:
    // All that is referred to outlives the writer.
    Writer(Executor executor, WriterOptions options, const ConnectionOptions& connection,
           std::string channel, const JournalHead& head, const storage::Hooks& hooks,
           Condition& condition, Tail& tail,
           std::function<std::unique_ptr<SmallJob>()> housekeeping);

    // Callable from every thread. An answer where the job was not taken; it is untouched then.
    std::optional<storage::Error> submit(WriteJob& job);
    void save_position(std::string name, storage::Position position);
    std::optional<storage::Position> pending_position(std::string_view name) const {
        return positions_.find(name);
    }
    std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }

    Task<> run();  // until stop(), and everything queued has been answered
    void stop();
    void refuse_queued();  // the server has gone

  private:
    using Jobs = std::vector<WriteJob>;
    using Positions = storage::PendingPositions::Map;

    // How an attempt to commit something went.
    struct Ending {
        enum class Kind { kCommitted, kAgain, kWithCare, kFailed };
        Kind kind = Kind::kFailed;
        storage::Error error;
        std::int64_t base = 0;  // the sequence before the first event
        std::int64_t time_ms = 0;
        bool found_later = false;  // committed, but the answer never came
    };
    // What was committed, and whom to answer.
    struct Committed {
        ApplyBatch batch;
        Jobs jobs;
        Ending ending;
    };
    struct Session {
        std::int64_t process = 0;
        std::string since;
    };

    Jobs take();
    Clock::time_point next_wake();
    Task<> process(Jobs jobs);
    Task<> commit_together(std::span<WriteJob> jobs);
    Task<Ending> attempt(ApplyBatch& batch, bool careful, const Positions& positions);
    Task<> commit_small(WriteJob& job);
    Task<Ending> attempt(SmallJob& job, Answer& answer);
    Task<> flush_positions();

    Task<> ensure_connection();
    Task<Ending> after_failure(Failure failure, bool committing);
    Task<std::optional<Ending>> look_for_commit();
    Task<> roll_back();

    void add_positions(Pipeline& pipeline, const Positions& positions) const;
    void add_mark(Pipeline& pipeline);
    void finish_soon(Committed committed);
    void finish_committed();
    void finish(Committed& committed);
    static void fail(std::span<WriteJob> jobs, const storage::Error& error);
    std::int64_t next_time();

    Executor executor_;
    const WriterOptions options_;
    const ConnectionOptions& connection_options_;
    const std::string channel_;
    const std::string epoch_;
    const storage::Hooks& hooks_;
    Condition& condition_;
    Tail& tail_;
    const std::function<std::unique_ptr<SmallJob>()> housekeeping_;
    const std::string name_;  // of this writer among all
    storage::PendingPositions positions_;
    std::atomic<std::uint64_t> commits_{0};

    std::mutex mutex_;  // of the two below
    Jobs queue_;
    bool stopping_ = false;

    // The I/O thread's own.
    Signal signal_;
    std::unique_ptr<Connection> connection_;
    Session session_;
    std::vector<Committed> committed_;  // and not finished yet
    std::int64_t batch_ = 0;            // number of the newest transaction
    std::int64_t last_time_ = 0;
    Clock::time_point next_positions_ = Clock::time_point::max();
    Clock::time_point next_housekeeping_;
};

}  // namespace streamwall::postgres
