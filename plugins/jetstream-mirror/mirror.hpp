// Mirror: a thread that follows the journal into a stream from start() to stop() without giving up:
// after each failure it connects again.
#pragma once

#include "follower.hpp"
#include "nats/options.hpp"

#include <chrono>
#include <random>
#include <string>
#include <thread>

namespace streamwall::jetstream {

struct MirrorOptions {
    nats::Options connection;
    StreamSettings stream;
    FollowerOptions follower;
};

// What a mirror tells, on its thread.
class MirrorObserver : public FollowerObserver {
  public:
    // Once for each try that failed and each connection that was given up.
    virtual void on_away(const std::string& reason, std::chrono::milliseconds retry_in) = 0;
    virtual void on_stopped() = 0;  // the last call
};

class Mirror {
  public:
    // The options have been checked. All that is referred to outlives the mirror.
    Mirror(MirrorOptions options, Journal& journal, Follower::WallClock wall_ms,
           MirrorObserver& observer);
    ~Mirror();  // stops and joins
    Mirror(const Mirror&) = delete;
    Mirror& operator=(const Mirror&) = delete;

    void start();
    // The thread ends when what it waits for has come or timed out, and tells on_stopped(). Does
    // not block.
    void stop() { signals_->stop(); }
    // The journal may have new events. [any]
    void wake() { signals_->wake(); }

  private:
    void run();
    Result<> follow(const nats::ServerUrl& server, bool& was_working);
    std::chrono::milliseconds next_gap();

    const MirrorOptions options_;
    Journal& journal_;
    const Follower::WallClock wall_ms_;
    MirrorObserver& observer_;
    const std::shared_ptr<Signals> signals_ = std::make_shared<Signals>();
    Memory memory_;
    std::minstd_rand random_;
    std::chrono::milliseconds gap_bound_;
    std::thread thread_;
};

}  // namespace streamwall::jetstream
