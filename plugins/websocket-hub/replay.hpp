// Replay: one subscription's way from a place in the past, or from a snapshot, to what is live.
//
// The topic is joined at the very end, so that live messages are held back by not being sent: what
// happens meanwhile is in the history, and is sent from there in its turn. Long ways are gone in
// pieces, as fast as the client reads.
#pragma once

#include "command.hpp"
#include "journal_page.hpp"
#include "streams_channel.hpp"
#include "timeline.hpp"

#include <streamwall/rooms/gate.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace streamwall::hub {

using rooms::Gate;

struct ReplayWish {
    std::optional<HistoryRequest> history;
    bool snapshot = false;  // where the history does not say where to go on
    bool confirm = false;   // the subscription, first of all
};

// What the replays of a hub share.
struct ReplayParts {
    Timeline& timeline;
    Gate& gate;
    std::uint64_t max_events = 100'000;  // that one may be behind
    Series refused{};                    // counter of histories that could not be given
};

// On the connection's loop, but for its construction.
class Replay : public std::enable_shared_from_this<Replay> {
  public:
    Replay(ReplayParts& parts, http::WsConnection connection, const sw_executor* home,
           StreamTopicPtr topic, ReplayWish wish)
        : parts_(parts),
          connection_(connection),
          home_(home),
          topic_(std::move(topic)),
          wish_(std::move(wish)),
          is_held_(!wish_.confirm) {}

    const StreamTopicPtr& topic() const { return topic_; }
    // That of a restored subscription waits for the client's request; false where it has one.
    bool is_held() const { return is_held_; }
    // What is asked while it is under way is done once it has come to what is live.
    void request(std::optional<HistoryRequest> history);
    bool is_unconfirmed() const { return wish_.confirm; }
    // Goes on as far as it can; again with each on_written(). Within the gate.
    void step();
    bool is_over() const { return phase_ == Phase::kOver; }
    // Neither sends nor joins any more: the subscription or the connection has ended.
    void abandon() { phase_ = Phase::kOver; }

  private:
    enum class Phase { kBegin, kAhead, kSince, kSnapshot, kHistory, kOver };

    bool begin();
    bool choose_place(const History& history);
    void check_ahead();
    void find_time();
    void send_snapshot_page(const Result<Buffer>& answer);
    void ask_for_streams();
    void go_on();
    void send_backlog();
    void read_journal();
    void take_page(const Result<Buffer>& answer);
    void refuse();
    void join();
    void begin_again();
    std::size_t send(const PastEvent& event);
    void send_answer(std::string_view type);
    void ask(const Ask& service, const Buffer& request,
             void (Replay::*then)(const Result<Buffer>& answer));
    void took_time(const Result<Buffer>& answer);
    void took_ahead(const Result<Buffer>& answer);

    ReplayParts& parts_;
    const http::WsConnection connection_;
    const sw_executor* const home_;
    const StreamTopicPtr topic_;
    ReplayWish wish_;
    std::optional<ReplayWish> next_wish_;
    bool is_held_;
    Phase phase_ = Phase::kBegin;
    bool is_asking_ = false;
    std::string epoch_;
    std::uint64_t start_ = 0;           // the newest event when it began
    std::uint64_t place_ = 0;           // everything up to it was sent, or is not wanted
    std::uint64_t read_ = 0;            // the newest event that was taken from the journal
    int probes_ = 0;                    // of the journal, to find the place
    std::uint64_t low_ = 0, high_ = 0;  // the time asked for lies between them
    bool has_given_up_ = false;
    std::string cursor_;             // of the snapshot
    std::deque<PastEvent> backlog_;  // read from the journal, not sent yet
    std::uint64_t backlog_through_ = 0;
};

}  // namespace streamwall::hub
