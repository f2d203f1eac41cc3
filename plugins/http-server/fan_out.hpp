// WebSocket messages on their way to the connections of one loop, and topics over all loops.
//
// Publishers push into the loop's inbox; the first push wakes the loop once. The loop then takes
// the whole inbox, appends each frame to the queues of its members, and writes each connection's
// queue with one vectored call: what was published together goes out together.
//
// A loop that is busy, as several frames came while it wrote the ones before, waits before the next
// round for as long as the last one took, at most the time that is configured: a system call for
// each connection is most of what a broadcast costs, and one takes many frames as well as one.
#pragma once

#include "loop.hpp"
#include "ws_frame.hpp"

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

struct sw_lease;
struct sw_ws_connection;
struct sw_ws_topic {};

namespace streamwall::http_server {

class FanOut;
class Server;
class Topic;
class Worker;
class WsSession;
using TopicPtr = boost::intrusive_ptr<Topic>;

// A set of connections. Lock order: a topic's mutex, then an inbox's.
class Topic final : public sw_ws_topic,
                    public boost::intrusive_ref_counter<Topic, boost::thread_safe_counter> {
  public:
    // `loops` are all loops of the server, which outlive every topic.
    Topic(Server& server, std::vector<FanOut*> loops, const sw_lease* lease);

    // Adds to the order of this topic, the same for every connection. [any]
    void publish(std::string_view payload, std::string_view merge_key);
    void close();  // [any]
    const sw_lease* lease() const { return lease_; }
    Server& server() const { return server_; }

    // A member gets what is published after it joined. [the connection's loop]
    void join(WsSession& session);
    void leave(WsSession& session);

  private:
    friend class FanOut;
    struct Member {
        WsSession* session;
        std::uint64_t since;  // sequence of the last message before it joined
    };
    // One loop's members; `count` is what publishers look at.
    struct alignas(64) Shard {
        std::vector<Member> members;
        std::atomic<std::uint32_t> count{0};
    };

    Server& server_;
    const std::vector<FanOut*> loops_;
    const sw_lease* const lease_;
    std::atomic<std::uint32_t> deflating_{0};  // members who take compressed frames
    std::mutex mutex_;
    std::uint64_t sequence_ = 0;
    bool closed_ = false;
    std::unique_ptr<Shard[]> shards_;
};

// What the inbox carries: a frame for a topic's members or for one connection; a topic without a
// frame ends, a connection without one is to say when it has written everything.
struct Delivery {
    TopicPtr topic;
    SessionPtr session;  // a WsSession
    FramePtr frame;
};

class FanOut {
  public:
    FanOut(Worker& worker, std::size_t index) : worker_(worker), index_(index) {}

    void push(Delivery delivery) { push_all({&delivery, 1}); }  // [any]
    // The same for many, in their order; takes what they hold. [any]
    void push_all(std::span<Delivery> deliveries);
    std::size_t index() const { return index_; }

    // The session has something to write; done before the loop sleeps again. [loop]
    void mark_dirty(WsSession& session);

  private:
    void post_drain();
    void drain();
    bool waits_for_more();
    void take_all();
    void deliver(Topic& topic, const FramePtr& frame, bool is_alone);
    void drop(Topic& topic);
    void send(WsSession& session, const FramePtr& frame);
    void flush_dirty();

    Worker& worker_;
    const std::size_t index_;
    Time last_end_{};  // of a round
    Duration last_took_{};
    bool is_busy_ = false;  // the last round was of several frames
    bool has_waited_ = false;
    std::mutex mutex_;
    std::vector<Delivery> inbox_;
    std::vector<Delivery> taken_;    // swapped with the inbox, so that both keep their memory
    std::vector<SessionPtr> dirty_;  // WsSessions
    bool flush_posted_ = false;
    bool draining_ = false;
};

// One message for each of them, framed once. [any]
void send_to_all(std::span<sw_ws_connection* const> connections, std::string_view payload);

}  // namespace streamwall::http_server
