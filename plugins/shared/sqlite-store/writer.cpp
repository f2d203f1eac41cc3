#include "sqlite-store/writer.hpp"

#include <algorithm>
#include <streamwall/sdk/fault.hpp>

#include "sqlite-store/schema.hpp"
#include "sqlite-store/search_index.hpp"

namespace streamwall::sqlite {

using storage::Code;
using storage::Error;

Writer::Writer(WriterOptions options, const Hooks& hooks, RecordCache& cache,
               std::function<std::unique_ptr<Job>()> housekeeping)
    : options_(std::move(options)),
      hooks_(hooks),
      cache_(cache),
      housekeeping_(std::move(housekeeping)) {
    open();
    next_housekeeping_ = Clock::now() + options_.housekeeping_period;
    report(Health::kOk, {});
    thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

bool Writer::submit(std::unique_ptr<Job>& job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= options_.max_queued) return false;
        queue_.push_back(std::move(job));
        if (queue_.size() > 1) return true;  // the writer has been told
    }
    wake_.notify_one();
    return true;
}

std::shared_ptr<const storage::Schema> Writer::schema() const {
    const std::lock_guard lock(mutex_);
    return schema_;
}

void Writer::save_position(std::string name, Position position) {
    if (!positions_.save(std::move(name), std::move(position))) return;
    // The lock makes sure that the writer either sees the position or waits for this notice.
    {
        const std::lock_guard lock(mutex_);
    }
    wake_.notify_one();
}

void Writer::open() {
    auto connection = std::make_unique<Connection>(options_.path, Connection::Role::kWriter);
    migrate(*connection, options_.path);
    auto schema = std::make_shared<const storage::Schema>(load_collections(*connection));
    ensure_search_rules(*connection, *schema);
    epoch_ = meta_text(*connection, "epoch");
    const std::int64_t trimmed = std::stoll(meta_text(*connection, "trimmed"));
    const std::int64_t newest = connection->number("SELECT max(sequence) FROM events");
    last_time_ = std::max(last_time_, connection->number("SELECT timestamp FROM events"
                                                         " ORDER BY sequence DESC LIMIT 1"));
    connection_ = std::move(connection);
    const bool again = last_sequence_ > 0 || commits_.load() > 0;
    if (!again) last_sequence_ = std::max(newest, trimmed);
    {
        const std::lock_guard lock(mutex_);
        schema_ = std::move(schema);
    }
    if (again && newest > last_sequence_) announce_missed();
}

// A commit that reported an error may still have reached the disk; its events are in the journal
// then and everybody else counts on hearing of them.
void Writer::announce_missed() {
    auto cursor = connection_->prepare(
        "SELECT sequence, type, subject, id, version, timestamp, producer, changes, metadata, data"
        " FROM events WHERE sequence > ? ORDER BY sequence");
    cursor.bind(1, last_sequence_);
    while (cursor.step()) {
        const storage::Origin origin = storage::parse_metadata(cursor.text(8), cursor.text(6));
        CommittedEvent committed{{cursor.text(3), cursor.text(1), cursor.text(4), cursor.text(2),
                                  cursor.integer(5), cursor.text(6), cursor.integer(0), epoch_,
                                  cursor.text(9), cursor.text(7), cursor.text(8)},
                                 &origin};
        hooks_.committed({&committed, 1});
        last_sequence_ = committed.event.sequence;
    }
}

void Writer::run() {
    while (true) {
        bool positions_due = false;
        // Who was answered just now may have the next change ready; with cores to spare they do not
        // wait for this thread's turn to end, with one they would, and each commit holds less.
        std::this_thread::yield();
        Jobs jobs = take(positions_due);
        const bool idle = jobs.empty() && !positions_due;
        if (connection_ == nullptr && Clock::now() >= next_open_) {
            try {
                open();
                cache_.clear();
                report(Health::kOk, {});
            } catch (const Failure& failure) {
                lose_connection(failure);
            }
        }
        if (Clock::now() >= next_housekeeping_ && connection_ != nullptr) {
            next_housekeeping_ = Clock::now() + options_.housekeeping_period;
            jobs.push_back(housekeeping_());
        }
        for (std::size_t at = 0; at < jobs.size(); at += options_.max_batch) {
            const std::size_t count = std::min(options_.max_batch, jobs.size() - at);
            process(std::span(jobs).subspan(at, count));
        }
        if (jobs.empty() && positions_due) process({});
        const std::lock_guard lock(mutex_);
        for (auto& job : jobs) {
            if (job != nullptr) queue_.push_back(std::move(job));  // unfinished
        }
        if (idle && stopping_ && queue_.empty()) return;
    }
}

Writer::Jobs Writer::take(bool& positions_due) {
    std::unique_lock lock(mutex_);
    while (true) {
        const auto now = Clock::now();
        if (positions_.empty()) {
            next_positions_ = Clock::time_point::max();
        } else if (next_positions_ == Clock::time_point::max()) {
            next_positions_ = now + options_.positions_delay;
        }
        const bool last_chance = stopping_ && !positions_.empty() && !flushed_at_stop_;
        positions_due = connection_ != nullptr && (next_positions_ <= now || last_chance);
        if (!queue_.empty() || positions_due || stopping_) break;
        auto until = std::min(next_housekeeping_, next_positions_);
        if (connection_ == nullptr) until = next_open_;
        if (until <= now) break;
        wake_.wait_until(lock, until);
    }
    if (positions_due) {
        // Where this attempt fails, the next one waits again.
        next_positions_ = Clock::time_point::max();
        flushed_at_stop_ = stopping_;
    }
    return std::exchange(queue_, {});
}

void Writer::process(std::span<std::unique_ptr<Job>> jobs) {
    for (auto& job : jobs) {
        if (job->call == nullptr || !job->call->abandoned()) continue;
        job->call->answer(std::unexpected(Error{Code::kCancelled, "nobody waits for it", {}, {}}));
        job.reset();
    }
    const auto gone = std::ranges::remove_if(jobs, [](const auto& job) { return job == nullptr; });
    jobs = jobs.first(jobs.size() - gone.size());
    if (connection_ == nullptr) {
        fail(jobs, storage::busy_error(Code::kUnavailable,
                                       "the database can't be used now: " + down_reason_, 1));
        return;
    }
    try {
        if (transact(jobs)) return;
    } catch (const Failure& failure) {
        roll_back();
        if (!failure.is_full()) {
            lose_connection(failure);
            fail(jobs, to_error(failure));
            return;
        }
        report(Health::kDegraded, failure.what());
        if (jobs.size() <= 1) {
            fail(jobs, to_error(failure));
            return;
        }
    }
    process_alone(jobs);
}

void Writer::process_alone(std::span<std::unique_ptr<Job>> jobs) {
    for (auto& job : jobs) {
        const std::span<std::unique_ptr<Job>> alone(&job, 1);
        if (connection_ == nullptr) {
            fail(alone, storage::busy_error(Code::kUnavailable, down_reason_, 1));
            continue;
        }
        try {
            transact(alone);
        } catch (const Failure& failure) {
            roll_back();
            if (failure.is_full()) {
                report(Health::kDegraded, failure.what());
            } else {
                lose_connection(failure);
            }
            fail(alone, to_error(failure));
        }
    }
}

bool Writer::transact(std::span<std::unique_ptr<Job>> jobs) {
    Batch batch(*connection_, cache_, epoch_, last_sequence_, next_time(), schema());
    const auto old_schema = batch.schema;
    const auto pending = positions_.snapshot();
    std::vector<Answer> answers;
    answers.reserve(jobs.size());
    connection_->search_changes().rewind(0);
    connection_->run("BEGIN IMMEDIATE");
    if (!run_jobs(batch, jobs, answers)) {
        roll_back();
        if (jobs.size() > 1) return false;
        answer(jobs, answers);
        return true;
    }
    write_positions(pending);
    write_search_changes(*connection_);
    // Leases and positions are written whenever it is time; no test could count those.
    const bool brings_events = !batch.events.empty();
    if (brings_events) SW_FAULT_POINT("before_commit");
    connection_->run("COMMIT");
    if (brings_events) SW_FAULT_POINT("after_commit");
    commits_.fetch_add(1, std::memory_order_relaxed);
    positions_.forget(pending);
    last_sequence_ = batch.last_sequence;
    if (batch.schema != old_schema) {
        const std::lock_guard lock(mutex_);
        schema_ = batch.schema;
    }
    for (const auto& record : batch.records) {
        const auto& name = record.collection->name();
        // A record rendered before its collection was declared anew lacks the new fields.
        const bool current = storage::find_collection(*batch.schema, name) == record.collection;
        if (record.text != nullptr && current) {
            cache_.put(name, record.id, record.text);
        } else {
            cache_.erase(name, record.id);
        }
    }
    if (batch.schema != old_schema) cache_.clear();
    if (brings_events) SW_FAULT_POINT("before_publish");
    publish(batch);
    if (brings_events) SW_FAULT_POINT("before_reply");
    report(Health::kOk, {});
    answer(jobs, answers);
    return true;
}

bool Writer::run_jobs(Batch& batch, std::span<std::unique_ptr<Job>> jobs,
                      std::vector<Answer>& answers) {
    for (auto& job : jobs) {
        const bool savepoint = jobs.size() > 1 && !job->undoes_itself();
        const auto mark = batch.mark();
        const std::int64_t changes = connection_->total_changes();
        answers.push_back(run_job(batch, *job, savepoint));
        if (answers.back()) continue;
        batch.rewind(mark);
        // Something was left behind after all (a value too big for SQLite, say): start over.
        if (!savepoint && connection_->total_changes() != changes) return false;
    }
    return true;
}

Answer Writer::run_job(Batch& batch, Job& job, bool savepoint) {
    if (savepoint) connection_->run("SAVEPOINT job");
    Answer answer = [&]() -> Answer {
        try {
            return job.run(batch);
        } catch (const Failure& failure) {
            if (!failure.concerns_statement_only()) throw;
            return std::unexpected(to_error(failure));
        }
    }();
    if (savepoint) {
        if (!answer) connection_->run("ROLLBACK TO job");
        connection_->run("RELEASE job");
    }
    return answer;
}

void Writer::write_positions(const PendingPositions::Map& pending) {
    for (const auto& [name, entry] : pending) {
        auto cursor = connection_->prepare(
            "INSERT INTO positions (name, epoch, sequence, parked) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch,"
            " sequence = excluded.sequence, parked = excluded.parked");
        cursor.bind(1, std::string_view(name)).bind(2, std::string_view(entry.position.epoch));
        cursor.bind(3, entry.position.sequence);
        cursor.bind(4, std::string_view(entry.position.parked)).finish();
    }
}

void Writer::publish(const Batch& batch) {
    if (batch.events.empty()) return;
    std::vector<CommittedEvent> committed;
    committed.reserve(batch.events.size());
    for (const auto& event : batch.events) {
        committed.push_back({{event.id, event.type, event.version, event.subject, batch.now_ms,
                              event.origin->producer, event.sequence, epoch_, event.data,
                              event.changes, event.metadata},
                             event.origin});
    }
    hooks_.committed(committed);
}

void Writer::answer(std::span<std::unique_ptr<Job>> jobs, std::vector<Answer>& answers) {
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (answers[i] && jobs[i]->unfinished()) continue;
        if (jobs[i]->call != nullptr) jobs[i]->call->answer(std::move(answers[i]));
        jobs[i].reset();
    }
}

void Writer::fail(std::span<std::unique_ptr<Job>> jobs, const Error& error) {
    for (auto& job : jobs) {
        if (job->call != nullptr) job->call->answer(std::unexpected(error));
        job.reset();
    }
}

void Writer::roll_back() noexcept {
    try {
        if (connection_->in_transaction()) connection_->run("ROLLBACK");
    } catch (const Failure& failure) {
        lose_connection(failure);
    }
}

void Writer::lose_connection(const Failure& failure) {
    connection_.reset();
    down_reason_ = failure.what();
    next_open_ = Clock::now() + options_.reopen_delay;
    cache_.clear();
    report(Health::kDown, down_reason_);
}

void Writer::report(Health health, std::string_view reason) {
    if (health == health_) return;
    health_ = health;
    hooks_.health(health, reason);
}

std::int64_t Writer::next_time() {
    last_time_ = std::max(last_time_, hooks_.wall_ms());
    return last_time_;
}

}  // namespace streamwall::sqlite
