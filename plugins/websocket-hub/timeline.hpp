// Timeline: where what has been becomes what is. Events are added to the history and broadcast
// under one lock, and a subscriber goes from the one to the other under it: nothing falls between
// them, nothing comes twice.
#pragma once

#include "history.hpp"

#include <streamwall/sdk/result.hpp>
#include <streamwall/sdk/websocket.hpp>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace streamwall::hub {

// A call of a service with a JSON request; `done` runs once, on `home`.
using Ask = std::function<void(const Buffer& request, const sw_executor* home,
                               std::function<void(Result<Buffer>)> done)>;

// Where replays read what the hub does not have.
struct Sources {
    Ask events;   // the store's method `events`
    Ask streams;  // the list of catalog.streams
};

// Thread-safe. The lock is held while topics are joined and published to, never the other way
// round.
class Timeline {
  public:
    using Wake = std::move_only_function<void()>;

    Timeline(std::size_t max_bytes, Sources sources)
        : sources_(std::move(sources)), history_(max_bytes) {}

    const Sources& sources() const { return sources_; }
    // What brings those who are here up to date before anybody joins them; under the lock.
    void settle_by(std::function<void()> settle) { settle_ = std::move(settle); }
    void settle() {
        const std::lock_guard lock(mutex_);
        settle_();
    }

    // Adds an event; `broadcast(history)` sends it to who is here now.
    template <class Broadcast>
    void add(std::string_view epoch, PastEvent event, Broadcast broadcast) {
        std::vector<Wake> woken;
        {
            const std::lock_guard lock(mutex_);
            history_.add(epoch, std::move(event));
            broadcast(std::as_const(history_));
            woken.swap(waiting_);
        }
        wake(woken);
    }
    void begin(const Position& newest, std::int64_t now_ms) {
        std::vector<Wake> woken;
        {
            const std::lock_guard lock(mutex_);
            history_.begin(newest, now_ms);
            woken.swap(waiting_);
        }
        wake(woken);
    }
    bool has_begun() const {
        const std::lock_guard lock(mutex_);
        return history_.has_begun();
    }

    // Runs `look(history)` while nothing is added. Returning false it asks for a call of `wake`, on
    // any thread, once there is more to see.
    template <class Look>
    void look(Look look, Wake wake) {
        const std::lock_guard lock(mutex_);
        if (!look(std::as_const(history_))) waiting_.push_back(std::move(wake));
    }
    // The same with the connection's on_written().
    template <class Look>
    void look(http::WsConnection connection, Look look) {
        const std::lock_guard lock(mutex_);
        settle_();
        if (look(std::as_const(history_))) return;
        waiting_.emplace_back(
            [asked = http::WsConnectionRef(connection)] { asked->ask_when_written(); });
    }
    // Wakes all who wait, though there is nothing new.
    void wake_all() {
        std::vector<Wake> woken;
        {
            const std::lock_guard lock(mutex_);
            woken.swap(waiting_);
        }
        wake(woken);
    }
    // Nobody waits any more.
    void close() {
        std::vector<Wake> dropped;
        const std::lock_guard lock(mutex_);
        dropped.swap(waiting_);
    }

  private:
    static void wake(std::vector<Wake>& sleepers) {
        for (auto& each : sleepers)
            each();
    }

    const Sources sources_;
    std::function<void()> settle_ = [] {};
    mutable std::mutex mutex_;
    History history_;
    std::vector<Wake> waiting_;
};

}  // namespace streamwall::hub
