#include "tail.hpp"

#include <algorithm>
#include <charconv>

#include "storage-sql/replies.hpp"

namespace streamwall::postgres {
namespace {

constexpr std::int64_t kEventsAtOnce = 200;

}  // namespace

Tail::Tail(Executor executor, TailOptions options, const ConnectionOptions& connection,
           std::string channel, JournalHead head, const storage::Hooks& hooks, Condition& condition,
           TailCallbacks callbacks)
    : executor_(executor),
      options_(options),
      connection_options_(connection),
      channel_(std::move(channel)),
      epoch_(std::move(head.epoch)),
      hooks_(hooks),
      condition_(condition),
      callbacks_(std::move(callbacks)),
      signal_(executor),
      announced_(head.last),
      heard_of_(head.last) {
    connection_options_.statement_timeout = options_.answer_within;
    connection_options_.connect_timeout =
        std::min(connection_options_.connect_timeout, std::chrono::milliseconds(1500));
}

void Tail::stop() {
    stopping_ = true;
    signal_.raise();
    if (connection_ != nullptr) connection_->wake();
}

Task<> Tail::run() {
    auto pause = options_.least_pause;
    while (!stopping_) {
        std::string trouble;
        try {
            connection_ = co_await Connection::open(executor_, connection_options_);
            pause = options_.least_pause;
            co_await follow();
        } catch (const Failure& failure) {
            trouble = failure.what();
        }
        connection_.reset();
        if (stopping_) break;
        condition_.set_connection(trouble.empty() ? "the connection was lost" : trouble);
        callbacks_.lost();
        co_await signal_.wait_until(Clock::now() + pause);
        pause = std::min(pause * 2, options_.most_pause);
    }
    connection_.reset();
}

Task<> Tail::follow() {
    Pipeline listen;
    listen.add_once("LISTEN " + storage::quoted_identifier(channel_));
    (co_await connection_->run(listen)).check();
    const auto head = co_await read_head(*connection_);
    if (head.epoch != epoch_) {
        throw Failure::refused("the database now holds another journal; start again to use it");
    }
    callbacks_.learned(co_await load_declarations(*connection_));
    co_await catch_up();
    condition_.set_connection({});
    auto next_heartbeat = Clock::now() + options_.heartbeat;
    while (!stopping_) {
        const std::int64_t wanted = heard_of_;
        const bool missing = wanted > announced_ && own_commits_ == 0;
        if (missing || Clock::now() >= next_heartbeat) {
            co_await catch_up();
            if (heard_of_ == wanted) heard_of_ = announced_;
            next_heartbeat = Clock::now() + options_.heartbeat;
            continue;
        }
        for (const auto& payload :
             co_await connection_->wait_notified(next_heartbeat - Clock::now())) {
            if (payload == "schema") {
                callbacks_.learned(co_await load_declarations(*connection_));
                continue;
            }
            std::int64_t sequence = 0;
            std::from_chars(payload.data(), payload.data() + payload.size(), sequence);
            heard_of_ = std::max(heard_of_, sequence);
        }
    }
}

Task<> Tail::catch_up() {
    while (co_await read_page()) {
    }
}

// True where there may be more.
Task<bool> Tail::read_page() {
    auto rows = co_await connection_->query(
        "SELECT sequence, type, subject, version, timestamp, producer, changes, metadata, data"
        " FROM events WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        {announced_, kEventsAtOnce});
    struct Kept {
        std::string id;
        storage::Origin origin;
    };
    std::vector<Kept> kept(static_cast<std::size_t>(rows.count()));
    std::vector<storage::CommittedEvent> events;
    for (auto& [id, origin] : kept) {
        rows.step();
        const std::int64_t sequence = rows.integer(0);
        // The writer may have announced some while they were read.
        if (sequence <= announced_) continue;
        id = storage::event_id(epoch_, sequence);
        origin = storage::parse_metadata(rows.text(7), rows.text(5));
        events.push_back(
            {{id, rows.text(1), rows.text(3), rows.text(2), rows.integer(4), rows.text(5), sequence,
              epoch_, rows.text(8), rows.text(6), rows.text(7)},
             &origin});
    }
    if (!events.empty()) {
        announced_ = events.back().event.sequence;
        hooks_.committed(events);
    }
    co_return rows.count() == kEventsAtOnce;
}

bool Tail::announce(std::span<const storage::CommittedEvent> events) {
    if (events.empty()) return true;
    heard_of_ = std::max(heard_of_, events.back().event.sequence);
    if (events.front().event.sequence != announced_ + 1) return false;
    announced_ = events.back().event.sequence;
    hooks_.committed(events);
    return true;
}

void Tail::own_commit_ends() {
    --own_commits_;
    if (heard_of_ > announced_ && connection_ != nullptr) connection_->wake();
}

}  // namespace streamwall::postgres
