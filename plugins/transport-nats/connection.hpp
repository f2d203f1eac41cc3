// Connection: one connection to one NATS server, from its handshake to its end. It is never
// mended: who wants another makes a new one, so nothing that was written for the old one can be
// sent late.
//
// libnats is driven from outside (its event-loop mode). In its ordinary mode a publisher writes to
// a blocking socket under the connection's lock, and a server that stops reading stops every
// publisher. Here messages are queued within a bound and written without waiting: by the publisher
// itself where the way is free, else by the thread that serves the socket.
//
// Locks, in this order: io_, libnats's own, queue_mutex_, socket_mutex_. Whatever may close
// libnats's side of the socket runs under io_, as it would else be closed under a reader.
#pragma once

#include "options.hpp"
#include "poller.hpp"

#include <nats/nats.h>
#include <streamwall/transport.h>
#include <streamwall/sdk/buffer.hpp>

#include <atomic>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace streamwall::transport_nats {

// What a connection tells its owner until close() returns; must not block or call back.
struct ConnectionEvents {
    std::function<void()> closed;
    // Something went wrong that did not end the connection: a refused subject, dropped messages.
    std::function<void(std::string_view what)> problem;
};

class ProblemListener;
class Deliveries;

// Gets a subscription's messages, one at a time. Freed when libnats can no longer call it.
class Receiver {
  public:
    virtual ~Receiver() = default;
    virtual void receive(natsMsg* message) noexcept = 0;  // borrowed
};

// Ends the subscription when it is dropped.
using SubscriptionHandle = std::shared_ptr<natsSubscription>;

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    // Blocks for about the connect timeout. The error says why in words for people.
    static std::expected<std::shared_ptr<Connection>, std::string> open(const Options& options,
                                                                        const ServerUrl& server,
                                                                        Poller& poller,
                                                                        ConnectionEvents events);
    explicit Connection(Poller& poller) : poller_(poller) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Queues or writes the message. SW_OK, UNAVAILABLE once closed, RESOURCE_EXHAUSTED where it is
    // longer than the server takes or too many wait. Texts have been checked. [any]
    sw_status send(std::string_view subject, std::string_view reply, const sw_buffer* body);

    // Null once closed. The server knows of it before what is sent from here on. [any]
    SubscriptionHandle subscribe(const std::string& pattern, const std::string& group,
                                 std::shared_ptr<Receiver> receiver);

    // The socket is ready, or there is something to write. [the poller's thread]
    void serve(Poller::Ready ready);

    // Asks the server and waits for its answer. False: none in time, or closed. Not on the poller's
    // thread, which has to read it.
    bool ping(std::chrono::milliseconds timeout);

    // Sends what is queued, at most for `grace`, and ends the connection; without grace what waits
    // is dropped. Then waits for callbacks that run; none follows. Not in a callback.
    void close(std::chrono::milliseconds grace);

    bool is_open() const { return open_.load(); }
    std::int64_t max_payload() const { return max_payload_; }
    // Why it was closed, in words.
    std::string last_error() const;

  private:
    struct Message {
        std::string subject, reply;
        Buffer body;
        std::size_t cost() const { return subject.size() + reply.size() + body.size() + 64; }
    };
    class IoLock;

    static natsStatus on_attach(void** self, void* loop, natsConnection* raw, natsSock socket);
    static natsStatus on_read(void* self, bool add);
    static natsStatus on_write(void* self, bool add);
    static natsStatus on_detach(void* self);

    bool send_at_once(std::string_view subject, std::string_view reply, const sw_buffer* body);
    void unsubscribe(natsSubscription* subscription);
    void pump();
    void write_queue();                                                         // under io_
    void flush();                                                               // under io_
    void write(const char* subject, const char* reply, std::string_view body);  // under io_
    bool take_some(std::deque<Message>& batch);
    bool has_work();

    Poller& poller_;
    natsConnection* raw_ = nullptr;
    std::function<void()> closed_;
    std::shared_ptr<ProblemListener> problems_;
    std::shared_ptr<Deliveries> deliveries_;
    bool tls_ = false;
    std::int64_t max_payload_ = 0;
    std::size_t max_pending_ = 0;
    int max_unread_ = 0;
    std::atomic<bool> open_{true};

    std::mutex io_;
    std::atomic<std::thread::id> io_owner_;
    std::atomic<bool> wants_output_{false};
    std::atomic<bool> blocked_{false};  // the socket's output is full

    std::mutex queue_mutex_;
    std::deque<Message> queue_;
    std::size_t queued_bytes_ = 0;

    std::mutex socket_mutex_;
    int socket_ = -1;
};

}  // namespace streamwall::transport_nats
