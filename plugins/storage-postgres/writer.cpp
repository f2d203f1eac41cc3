#include "writer.hpp"

#include <boost/asio/post.hpp>

#include <sys/random.h>

#include <algorithm>
#include <streamwall/sdk/fault.hpp>

#include "leases.hpp"
#include "storage-sql/replies.hpp"

namespace streamwall::postgres {
namespace {

constexpr int kMaxTries = 6;
// A session that was closed while nobody looked fails at once; what takes longer is no such case.
constexpr std::chrono::milliseconds kStaleSession{500};

constexpr std::string_view kMark =
    "INSERT INTO writers (name, batch, written_at, base) VALUES ($1, $2, $3, 0)"
    " ON CONFLICT (name) DO UPDATE SET batch = excluded.batch, written_at = excluded.written_at,"
    " base = excluded.base";

constexpr std::string_view kSavePositions =
    "INSERT INTO positions (name, epoch, sequence, parked)"
    " SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])"
    " ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence,"
    " parked = excluded.parked";

std::string random_name() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) {
        throw Failure::away("no random numbers for the writer's name");
    }
    return "writer-" + std::to_string(number);
}

}  // namespace

Writer::Writer(Executor executor, WriterOptions options, const ConnectionOptions& connection,
               std::string channel, const JournalHead& head, const storage::Hooks& hooks,
               Condition& condition, Tail& tail,
               std::function<std::unique_ptr<SmallJob>()> housekeeping)
    : executor_(executor),
      options_(options),
      connection_options_(connection),
      channel_(std::move(channel)),
      epoch_(head.epoch),
      hooks_(hooks),
      condition_(condition),
      tail_(tail),
      housekeeping_(std::move(housekeeping)),
      name_(random_name()),
      signal_(executor),
      last_time_(head.last_time),
      next_housekeeping_(Clock::now() + options.housekeeping_period) {}

std::optional<storage::Error> Writer::submit(WriteJob& job) {
    if (!condition_.reachable()) {
        return storage::busy_error(storage::Code::kUnavailable, "the database can't be reached", 1);
    }
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= options_.max_queued) return storage::too_much();
        queue_.push_back(std::move(job));
        if (queue_.size() > 1) return std::nullopt;  // the writer has been told
    }
    asio::post(executor_, [this] { signal_.raise(); });
    return std::nullopt;
}

void Writer::save_position(std::string name, storage::Position position) {
    if (!positions_.save(std::move(name), std::move(position))) return;
    asio::post(executor_, [this] { signal_.raise(); });
}

void Writer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    signal_.raise();
}

void Writer::refuse_queued() {
    Jobs jobs;
    {
        const std::lock_guard lock(mutex_);
        jobs = std::exchange(queue_, {});
    }
    fail(jobs, to_error(Failure::away(condition_.connection())));
}

Writer::Jobs Writer::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(queue_, {});
}

Clock::time_point Writer::next_wake() {
    if (positions_.empty()) {
        next_positions_ = Clock::time_point::max();
    } else if (next_positions_ == Clock::time_point::max()) {
        next_positions_ = Clock::now() + options_.positions_delay;
    }
    return std::min(next_positions_, next_housekeeping_);
}

Task<> Writer::run() {
    while (true) {
        Jobs jobs = take();
        if (Clock::now() >= next_housekeeping_) {
            next_housekeeping_ = Clock::now() + options_.housekeeping_period;
            jobs.push_back({nullptr, nullptr, housekeeping_()});
        }
        if (!jobs.empty()) {
            co_await process(std::move(jobs));
            continue;
        }
        bool stopping = false;
        {
            const std::lock_guard lock(mutex_);
            stopping = stopping_ && queue_.empty();
        }
        if (stopping || next_positions_ <= Clock::now()) co_await flush_positions();
        if (stopping) break;
        const auto until = next_wake();
        // Nothing can be queued between this look and the wait: raise() comes through this thread.
        bool waiting = false;
        {
            const std::lock_guard lock(mutex_);
            waiting = queue_.empty() && !stopping_;
        }
        if (waiting && until > Clock::now()) co_await signal_.wait_until(until);
    }
    finish_committed();
    connection_.reset();
}

Task<> Writer::process(Jobs jobs) {
    for (auto& job : jobs) {
        if (job.call == nullptr || !job.call->abandoned()) continue;
        job.call->answer(std::unexpected(storage::abandoned()));
        job = {};
    }
    std::erase_if(jobs, [](const auto& job) { return !job.apply && !job.small; });
    for (std::size_t at = 0; at < jobs.size();) {
        if (!condition_.reachable()) {
            fail(std::span(jobs).subspan(at), to_error(Failure::away(condition_.connection())));
            co_return;
        }
        if (jobs[at].small != nullptr) {
            co_await commit_small(jobs[at++]);
            continue;
        }
        std::size_t end = at;
        while (end < jobs.size() && end - at < options_.max_batch && jobs[end].apply != nullptr)
            ++end;
        co_await commit_together(std::span(jobs).subspan(at, end - at));
        at = end;
    }
}

Task<> Writer::commit_together(std::span<WriteJob> jobs) {
    std::vector<ApplyRequest*> requests;
    for (auto& job : jobs)
        requests.push_back(job.apply.get());
    const auto positions = positions_.snapshot();
    bool careful = false;
    for (int tries = 1;; ++tries) {
        ApplyBatch batch(requests, next_time());
        const Ending ending = co_await attempt(batch, careful, positions);
        if (ending.kind == Ending::Kind::kCommitted) {
            positions_.forget(positions);
            finish_soon(
                {std::move(batch),
                 {std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end())},
                 ending});
            co_return;
        }
        careful = careful || ending.kind == Ending::Kind::kWithCare;
        if (ending.kind == Ending::Kind::kFailed || tries == kMaxTries) {
            fail(jobs, ending.error);
            co_return;
        }
    }
}

Task<Writer::Ending> Writer::attempt(ApplyBatch& batch, bool careful, const Positions& positions) {
    std::optional<Failure> failure;
    bool committing = false;
    const auto began = Clock::now();
    Ending ending;
    try {
        co_await ensure_connection();
        Pipeline pipeline;
        pipeline.add("BEGIN");
        if (batch.has_rows() && careful) {
            co_await batch.run_with_care(*connection_, std::exchange(pipeline, {}));
        } else if (batch.has_rows() &&
                   !co_await batch.run(*connection_, std::exchange(pipeline, {}))) {
            co_await roll_back();
            ending.kind = Ending::Kind::kWithCare;
            co_return ending;
        }
        batch.collect_events();
        add_positions(pipeline, positions);
        if (batch.event_count() > 0) {
            pipeline.add_values(kTakeLock, lock_values(Lock::kJournal, connection_options_.schema));
            batch.add_events(pipeline,
                             {static_cast<std::int64_t>(batch.event_count()), last_time_,
                              std::string_view(name_), ++batch_, std::string_view(channel_)});
        } else {
            add_mark(pipeline);
        }
        pipeline.add("COMMIT");
        SW_FAULT_POINT("before_commit");
        committing = true;
        tail_.own_commit_begins();
        auto replies = co_await connection_->run(pipeline);
        committing = false;
        const bool committed = !replies.failure && replies.rows.back().did_commit();
        if (!committed) tail_.own_commit_ends();
        replies.check();
        if (!committed) throw Failure::away("the commit was rolled back");
        SW_FAULT_POINT("after_commit");
        ending.kind = Ending::Kind::kCommitted;
        if (batch.event_count() > 0) {
            auto& head = replies.rows[replies.rows.size() - 2];
            head.step();
            ending.base = head.integer(0);
            ending.time_ms = head.integer(1);
        }
    } catch (const Failure& thrown) {
        failure = thrown;
    }
    if (!failure) co_return ending;
    ending = co_await after_failure(*failure, committing);
    if (ending.kind == Ending::Kind::kAgain && failure->kind() == Failure::Kind::kAway &&
        Clock::now() - began > kStaleSession) {
        ending.kind = Ending::Kind::kFailed;
    }
    co_return ending;
}

// Once the next transaction's changes are on their way: the server works on them meanwhile.
void Writer::finish_soon(Committed committed) {
    last_time_ = std::max(last_time_, committed.ending.time_ms);
    committed_.push_back(std::move(committed));
    asio::post(executor_, [this] { finish_committed(); });
}

void Writer::finish_committed() {
    for (auto& committed : std::exchange(committed_, {}))
        finish(committed);
}

// Answers, after the host has heard of the events.
void Writer::finish(Committed& committed) {
    auto& [batch, jobs, ending] = committed;
    commits_.fetch_add(1, std::memory_order_relaxed);
    condition_.set_disk({});
    SW_FAULT_POINT("before_publish");
    if (!ending.found_later) tail_.announce(batch.events(epoch_, ending.base, ending.time_ms));
    tail_.own_commit_ends();
    SW_FAULT_POINT("before_reply");
    for (auto& job : jobs) {
        if (job.apply->error) {
            job.call->answer(std::unexpected(std::move(*job.apply->error)));
        } else {
            job.call->answer(job.apply->reply(epoch_, ending.base));
        }
    }
}

Task<> Writer::commit_small(WriteJob& job) {
    for (int tries = 1;; ++tries) {
        Answer answer;
        const Ending ending = co_await attempt(*job.small, answer);
        if (ending.kind == Ending::Kind::kAgain && tries < kMaxTries) continue;
        if (ending.kind == Ending::Kind::kCommitted && job.small->unfinished()) {
            tries = 1;
            continue;
        }
        if (ending.kind != Ending::Kind::kCommitted) answer = std::unexpected(ending.error);
        if (job.call != nullptr) job.call->answer(std::move(answer));
        job = {};
        co_return;
    }
}

Task<Writer::Ending> Writer::attempt(SmallJob& job, Answer& answer) {
    std::optional<Failure> failure;
    bool committing = false;
    const auto began = Clock::now();
    Ending ending;
    try {
        co_await ensure_connection();
        co_await connection_->query("BEGIN");
        answer =
            co_await job.run({*connection_, connection_options_.schema, channel_, next_time()});
        if (!answer) {
            co_await roll_back();
            ending.error = answer.error();
            co_return ending;
        }
        Pipeline pipeline;
        add_mark(pipeline);
        pipeline.add("COMMIT");
        committing = true;
        tail_.own_commit_begins();
        auto replies = co_await connection_->run(pipeline);
        committing = false;
        if (replies.failure) tail_.own_commit_ends();
        replies.check();
        ending.kind = Ending::Kind::kCommitted;
    } catch (const Failure& thrown) {
        failure = thrown;
    }
    if (failure) {
        ending = co_await after_failure(*failure, committing);
        if (ending.kind == Ending::Kind::kAgain && failure->kind() == Failure::Kind::kAway &&
            Clock::now() - began > kStaleSession) {
            ending.kind = Ending::Kind::kFailed;
        }
    }
    if (ending.kind == Ending::Kind::kCommitted) {
        tail_.own_commit_ends();
        job.committed();
    }
    co_return ending;
}

Task<> Writer::flush_positions() {
    const auto positions = positions_.snapshot();
    next_positions_ = Clock::time_point::max();  // where this fails, the next attempt waits again
    if (positions.empty() || !condition_.reachable()) co_return;
    std::optional<Failure> failure;
    try {
        co_await ensure_connection();
        Pipeline pipeline;
        add_positions(pipeline, positions);
        (co_await connection_->run(pipeline)).check();
        positions_.forget(positions);
    } catch (const Failure& thrown) {
        failure = thrown;
    }
    if (failure) co_await after_failure(*failure, false);
}

void Writer::add_positions(Pipeline& pipeline, const Positions& positions) const {
    if (positions.empty()) return;
    PositionColumns columns;
    for (const auto& [name, entry] : positions)
        columns.add(name, entry.position);
    pipeline.add_values(kSavePositions, columns.keep_in(pipeline));
}

void Writer::add_mark(Pipeline& pipeline) {
    pipeline.add_values(kMark, {std::string_view(name_), ++batch_, last_time_});
}

void Writer::fail(std::span<WriteJob> jobs, const storage::Error& error) {
    for (auto& job : jobs) {
        if (job.call != nullptr) job.call->answer(std::unexpected(error));
        job = {};
    }
}

std::int64_t Writer::next_time() {
    last_time_ = std::max(last_time_, hooks_.wall_ms());
    return last_time_;
}

}  // namespace streamwall::postgres
