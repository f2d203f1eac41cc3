// Follower: brings a stream up to its journal, and keeps it there, over one connection.
//
// Nothing but the stream itself says how far it came: the last message of the journal in it carries
// the event's sequence, and the journal is read behind that. Whatever looks wrong – another epoch,
// a stream that vanished, went back or was purged, a message in the place of ours – ends run(), and
// the next connection begins by asking the stream again.
#pragma once

#include "journal.hpp"
#include "signals.hpp"
#include "stream.hpp"
#include "window.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace streamwall::jetstream {

// What is known beyond one connection. None of it is needed to be right, only to notice, to count
// and to save work.
struct Memory {
    std::string epoch;
    std::uint64_t highest = 0;  // of the events that were ever confirmed
    std::uint64_t too_old = 0;  // events up to here are older than the stream keeps any
    // Up to where a purged stream was filled again, until it is: what came behind the purge hides
    // what is missing before it.
    std::optional<std::uint64_t> refilled;
    std::optional<StreamState> seen;  // the stream as it was looked at last
};

enum class StreamChange { none, made_anew, went_back, purged };

// What became of a stream between two looks. One that removes messages by its own limits was not
// purged; `interval` is the usual time between looks, `now` in nanoseconds since 1970.
StreamChange change_between(const StreamState& before, const StreamState& after,
                            std::chrono::nanoseconds interval, std::int64_t now);

struct FollowerOptions {
    std::chrono::milliseconds request_timeout{2'000};
    std::chrono::milliseconds check_interval{5'000};
    std::size_t window = 256;
};

// What a follower tells, on its thread.
class FollowerObserver {
  public:
    virtual ~FollowerObserver() = default;
    // The stream is asked, and what is behind `after` will be sent. `why` is empty where the stream
    // is as it was left.
    virtual void on_following(std::uint64_t after, std::uint64_t last, std::string_view why) = 0;
    // The first event was confirmed, or there is none to send.
    virtual void on_working() = 0;
    virtual void on_published(std::uint64_t count, bool again) = 0;
    virtual void on_lag(std::uint64_t events) = 0;
    // An existing stream was not made with our settings.
    virtual void on_differs(const std::string& names) = 0;
    // Events that never get into the stream.
    virtual void on_left_out(std::uint64_t first, std::uint64_t last, std::string_view why) = 0;
};

class Follower {
  public:
    using WallClock = std::function<std::int64_t()>;  // milliseconds since 1970

    Follower(FollowerOptions options, Stream& stream, Journal& journal, Signals& signals,
             WallClock wall_ms, Memory& memory, FollowerObserver& observer)
        : options_(options),
          stream_(stream),
          journal_(journal),
          signals_(signals),
          wall_ms_(std::move(wall_ms)),
          memory_(memory),
          observer_(observer) {}

    // Until told to stop, which is success, or something is wrong.
    Result<> run();
    bool was_working() const { return is_working_; }

  private:
    using Clock = Signals::Clock;

    Result<> find_position();
    void learn_epoch(const std::string& epoch);
    Result<> send_some();
    Result<> next_page();
    Result<> skip_trimmed();
    bool is_too_old(const JournalEvent& event) const;
    Result<> take_answers();
    Result<> take(Stream::Answer answer);
    Result<> check();
    void tell_lag();
    void work();
    bool has_event() const { return page_ && next_ < page_->events.size(); }
    bool is_at_end() const { return is_at_end_ && !has_event(); }

    const FollowerOptions options_;
    Stream& stream_;
    Journal& journal_;
    Signals& signals_;
    const WallClock wall_ms_;
    Memory& memory_;
    FollowerObserver& observer_;

    std::optional<Window> window_;
    std::chrono::nanoseconds max_age_{0};
    std::uint64_t cursor_ = 0;  // the last event sent or left out
    std::string previous_;      // id of the event before, while it is under way
    std::uint64_t last_ = 0;    // of the journal, as it is known
    std::optional<Page> page_;
    std::size_t next_ = 0;  // in the page
    bool is_at_end_ = false;
    std::uint64_t signals_seen_ = 0;
    Clock::time_point check_at_;
    Clock::time_point answer_by_;
    bool is_working_ = false;
};

}  // namespace streamwall::jetstream
