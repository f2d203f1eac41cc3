// Link: Redis as long as the plugin lives. Connects, and connects again after whatever happens;
// while Redis is away, commands fail at once.
//
// Two connections that live and die together: one for commands, and one on which Redis says which
// of the watched keys somebody else changed (CLIENT TRACKING in broadcasting mode, Redis 6). So as
// long as the link is up no change is missed, and each time it comes up some may have been.
#pragma once

#include "connection.hpp"
#include "scripts.hpp"

#include <streamwall/net/backoff.hpp>

#include <atomic>
#include <optional>
#include <random>
#include <span>

namespace streamwall::redis {

struct LinkOptions {
    ConnectionOptions connection;
    std::string watched_prefix;      // of the keys whose changes are told
    std::size_t max_owed = 100'000;  // answers; more commands fail with RESOURCE_EXHAUSTED
    std::chrono::milliseconds backoff_first{50};
    std::chrono::milliseconds backoff_cap{1000};
};

// What a link tells, on the loop's thread.
class LinkObserver {
  public:
    virtual ~LinkObserver() = default;
    virtual void on_up() = 0;
    // Also for an attempt that failed, so that the first one is told of either way.
    virtual void on_down(const std::string& reason) = 0;
    // Somebody else changed or removed the key, or it expired; nothing: any may have changed.
    virtual void on_changed(std::optional<std::string_view> key) = 0;
};

// Everything on the loop's thread but what is marked [any].
class Link {
  public:
    Link(boost::asio::io_context& loop, std::unique_ptr<net::StreamFactory> factory,
         LinkOptions options, LinkObserver& observer);

    void start();
    // What is unanswered fails before this returns.
    void stop();
    bool is_up() const { return up_.load(std::memory_order_relaxed); }  // [any]

    // `done` runs exactly once; inside send() where Redis is away. Scripts outlive their run.
    void send(const Command& command, OnReply done);
    void run(const Script& script, std::vector<std::string> keys,
             std::vector<std::string> arguments, OnReply done);

  private:
    void connect();
    void watch_changes();
    void open_commands(std::int64_t watcher);
    void track(std::int64_t watcher);
    void lost(const std::string& reason);
    void on_message(ReplyView message);

    boost::asio::io_context& loop_;
    std::unique_ptr<net::StreamFactory> factory_;
    const LinkOptions options_;
    LinkObserver& observer_;
    std::minstd_rand random_{std::random_device{}()};
    net::Backoff backoff_;
    boost::asio::steady_timer retry_timer_;
    std::shared_ptr<Connection> changes_;
    std::shared_ptr<Connection> commands_;
    std::atomic<bool> up_{false};
    bool running_ = false;
    std::string last_problem_ = "not connected yet";
};

}  // namespace streamwall::redis
