// Client: stays in the channels, for ever: connects, and connects again after whatever happens.
#pragma once

#include "connection.hpp"

#include <streamwall/net/backoff.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace streamwall::twitch {

struct ClientOptions {
    Address address;
    SessionOptions session;
    std::chrono::milliseconds connect_timeout{5'000};  // for each address of the name
    std::chrono::milliseconds backoff_first{1'000};
    std::chrono::milliseconds backoff_cap{30'000};
};

// What a client tells, on the loop's thread. None of it may destroy the client; stop() is allowed.
class ClientObserver {
  public:
    enum class Health { kOk, kDegraded, kDown };
    virtual ~ClientObserver() = default;
    virtual void on_post(const Post& post) = 0;
    // Told when it changes.
    virtual void on_health(Health health, const std::string& reason) = 0;
    virtual void on_registered() = 0;
    // `retry_in` is absent where there is no further try.
    virtual void on_lost(const SessionEnd& end,
                         std::optional<std::chrono::milliseconds> retry_in) = 0;
};

// All calls on the loop's thread. A refused login ends the tries, because Twitch locks out who goes
// on asking; start() begins anew.
class Client {
  public:
    Client(boost::asio::io_context& loop, std::unique_ptr<StreamFactory> factory,
           ClientOptions options, ClientObserver& observer);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void start();
    // Idempotent. The observer is not called any more.
    void stop();

  private:
    void connect();
    void on_progress();
    void on_end(const SessionEnd& end);
    void report(ClientObserver::Health health, std::string reason);

    boost::asio::io_context& loop_;
    std::unique_ptr<StreamFactory> factory_;
    ClientOptions options_;
    ClientObserver& observer_;
    std::mt19937 random_{std::random_device{}()};
    JoinPacer pacer_;
    net::Backoff backoff_;
    boost::asio::steady_timer retry_timer_;
    std::shared_ptr<Connection> connection_;
    bool running_ = false;
    bool was_registered_ = false;
    TimePoint registered_at_{};
    ClientObserver::Health health_ = ClientObserver::Health::kOk;
    std::string health_reason_ = "-";  // differs from every reason, so that the first is told
};

}  // namespace streamwall::twitch
