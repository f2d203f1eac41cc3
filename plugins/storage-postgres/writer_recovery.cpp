// What the writer does where a transaction did not end as it should.
#include "writer.hpp"

namespace streamwall::postgres {
namespace {

constexpr std::chrono::milliseconds kAskAgain{50};

// Waits for a transaction of this writer that is still open.
constexpr std::string_view kFindMark =
    "INSERT INTO writers (name, batch, written_at, base) VALUES ($1, 0, $2, 0)"
    " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING batch, base";

}  // namespace

Task<> Writer::ensure_connection() {
    if (connection_ != nullptr && !connection_->is_lost()) co_return;
    connection_.reset();
    auto connection = co_await Connection::open(executor_, connection_options_);
    auto rows = co_await connection->query(
        "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()");
    rows.step();
    session_ = {rows.integer(0), std::string(rows.text(1))};
    connection_ = std::move(connection);
}

Task<> Writer::roll_back() {
    if (connection_ == nullptr) co_return;
    bool sound = false;
    try {
        if (!connection_->is_lost()) {
            co_await connection_->query("ROLLBACK");
            sound = true;
        }
    } catch (const Failure&) {
        // Without the session the server rolls back by itself.
    }
    if (!sound) connection_.reset();
}

// What an attempt ends with that did not go through.
Task<Writer::Ending> Writer::after_failure(Failure failure, bool committing) {
    Ending ending;
    if (committing) {
        connection_.reset();
        auto found = co_await look_for_commit();
        if (found && found->kind == Ending::Kind::kCommitted) co_return *found;
        tail_.own_commit_ends();
        if (found) co_return *found;
        ending.error = outcome_unknown();
        co_return ending;
    }
    ending.error = to_error(failure);
    switch (failure.kind()) {
        case Failure::Kind::kAway:
            connection_.reset();
            ending.kind = Ending::Kind::kAgain;
            break;
        case Failure::Kind::kRetry:
            ending.kind = Ending::Kind::kAgain;
            break;
        case Failure::Kind::kFull:
            condition_.set_disk("the disk of the database is full");
            break;
        default:
            break;
    }
    co_await roll_back();
    co_return ending;
}

// Nothing where the server could not be asked in time.
Task<std::optional<Writer::Ending>> Writer::look_for_commit() {
    const auto until = Clock::now() + options_.resolve_within;
    const Session old = session_;
    while (Clock::now() < until) {
        try {
            co_await ensure_connection();
            auto gone = co_await connection_->query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid = $1 AND backend_start = $2::text::timestamptz",
                {old.process, std::string_view(old.since)});
            if (gone.count() == 0) {
                auto rows =
                    co_await connection_->query(kFindMark, {std::string_view(name_), last_time_});
                rows.step();
                Ending ending;
                ending.found_later = true;
                ending.base = rows.integer(1);
                ending.kind =
                    rows.integer(0) == batch_ ? Ending::Kind::kCommitted : Ending::Kind::kAgain;
                ending.error = to_error(Failure::away("the connection was lost"));
                co_return ending;
            }
        } catch (const Failure&) {
            connection_.reset();
        }
        co_await signal_.wait_until(std::min(until, Clock::now() + kAskAgain));
    }
    co_return std::nullopt;
}

}  // namespace streamwall::postgres
