// Transport: streamwall.transport/1 over NATS, from start() to stop() without a gap: it connects
// again for ever, and restores every subscription.
//
// Threads, besides those of libnats: the keeper makes connections and asks them whether they live;
// the poller's reads and writes the socket, lets requests expire and tells the watcher. Messages
// and answers come on libnats's one delivery thread.
#pragma once

#include "connection.hpp"
#include "gate.hpp"
#include "options.hpp"
#include "requests.hpp"

#include <streamwall/transport.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace streamwall::transport_nats {

// What the transport tells its plugin, on the keeper's thread or one of libnats's.
class TransportObserver {
  public:
    virtual ~TransportObserver() = default;
    virtual void on_connected(const std::string& server) = 0;
    // Once for each try that failed and for each connection that was lost.
    virtual void on_disconnected(const std::string& reason, std::chrono::milliseconds retry_in) = 0;
    virtual void on_problem(std::string_view what) = 0;
    virtual void on_stopped() = 0;  // the last call
};

class Transport {
  public:
    // The options have been checked.
    Transport(Options options, TransportObserver& observer);
    ~Transport();  // stops and joins
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    void start();
    // Ends everything on the keeper's thread, which then tells on_stopped(). Requests that wait get
    // UNAVAILABLE. Does not block; a second call does nothing.
    void stop();

    // As in <streamwall/transport.h>. [any]
    Result<> publish(std::string_view subject, std::string_view reply, const sw_buffer* body);
    Result<> request(std::string_view subject, const sw_buffer* body,
                     std::chrono::nanoseconds timeout, sw_answer_fn on_answer, void* ctx);
    Result<std::uint64_t> subscribe(std::string_view pattern, std::string_view group,
                                    sw_message_fn on_message, void* ctx);
    void unsubscribe(std::uint64_t id);
    void watch(sw_transport_state_fn on_state, void* ctx);

  private:
    class Subscription;
    class Inbox;
    class Watcher;
    using ConnectionPtr = std::shared_ptr<Connection>;

    void keep();
    std::string connect_and_stay(const ServerUrl& server, bool& was_connected);
    bool restore(const ConnectionPtr& connection);
    void stay(Connection& connection);
    void let_go(const ConnectionPtr& connection, const std::string& reason);
    void serve();
    Result<> send(std::string_view subject, std::string_view reply, const sw_buffer* body);
    ConnectionPtr current() const;
    // False once told to stop; else true after `time` or, where `connection` is given, its end.
    bool rest(std::chrono::milliseconds time, const Connection* connection = nullptr);
    std::chrono::milliseconds next_gap();

    const Options options_;
    TransportObserver& observer_;
    Poller poller_;
    const std::shared_ptr<Requests> requests_;
    const std::shared_ptr<Watcher> watcher_;
    std::shared_ptr<Inbox> inbox_;

    mutable std::mutex current_mutex_;
    ConnectionPtr connected_;  // where messages go; null while disconnected
    ConnectionPtr served_;     // whose socket is read; from its handshake on

    std::mutex subscriptions_mutex_;  // before a connection's locks
    ConnectionPtr subscribed_;        // where new subscriptions go
    std::map<std::uint64_t, std::shared_ptr<Subscription>> subscriptions_;
    std::uint64_t last_subscription_ = 0;

    std::mutex keeper_mutex_;
    std::condition_variable keeper_wakes_;
    bool stopping_ = false;
    std::atomic<bool> poller_ends_{false};

    std::minstd_rand random_;
    std::chrono::milliseconds gap_bound_;
    std::thread keeper_;
    std::thread poller_thread_;
};

}  // namespace streamwall::transport_nats
