// Driving libnats's event-loop mode.
#include "connection.hpp"

#include "nats/connection_options.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>

namespace streamwall::transport_nats {

using nats::in_words;
using nats::last_nats_error;
using nats::make_nats_options;

namespace {

// What is handed to libnats before the socket is tried again: small enough to keep memory in our
// own bounded queue, large enough for few system calls.
constexpr std::size_t kBatchBytes = 128 * 1024;
// What a socket may still hold when it is shut, in reads.
constexpr int kReadsToTheEnd = 1'000;
constexpr std::size_t kTextBuffer = 513;  // the longest subject and its end

bool is_readable(int socket) {
    pollfd wanted{socket, POLLIN, 0};
    return ::poll(&wanted, 1, 0) > 0;
}

// libnats wants terminated texts.
const char* terminated(std::string_view text, std::array<char, kTextBuffer>& into) {
    if (text.empty()) return nullptr;
    const auto length = std::min(text.size(), into.size() - 1);
    std::memcpy(into.data(), text.data(), length);
    into[length] = '\0';
    return into.data();
}

}  // namespace

// libnats tells of problems on a thread of its own, perhaps after the connection has gone.
class ProblemListener {
  public:
    explicit ProblemListener(std::function<void(std::string_view)> tell) : tell_(std::move(tell)) {}
    void leave() {
        const std::lock_guard lock(mutex_);
        tell_ = nullptr;
    }
    void tell(std::string_view what) {
        const std::lock_guard lock(mutex_);
        if (tell_) tell_(what);
    }

    static void on_error(natsConnection* /*raw*/, natsSubscription* subscription, natsStatus status,
                         void* closure) {
        std::string what = last_nats_error(status);
        if (status == NATS_SLOW_CONSUMER && subscription != nullptr) {
            what = std::string("a subscriber is too slow, messages were dropped: ") +
                   natsSubscription_GetSubject(subscription);
        }
        (*static_cast<std::shared_ptr<ProblemListener>*>(closure))->tell(what);
    }
    // The last call that libnats makes for a connection.
    static void on_closed(natsConnection* /*raw*/, void* closure) {
        delete static_cast<std::shared_ptr<ProblemListener>*>(closure);
    }

  private:
    std::mutex mutex_;
    std::function<void(std::string_view)> tell_;
};

// The subscriptions of a connection that libnats may still call.
class Deliveries {
  public:
    // One of them: libnats's closure.
    struct One {
        std::shared_ptr<Receiver> receiver;
        std::shared_ptr<Deliveries> all;
    };

    void begin() {
        const std::lock_guard lock(mutex_);
        ++count_;
    }
    // libnats frees messages on a thread that, when it closes, may end before the one that
    // delivers; what is delivered then would leak.
    void wait_until_ended() {
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [this] { return count_ == 0; });
    }

    static void on_message(natsConnection* /*raw*/, natsSubscription* /*subscription*/,
                           natsMsg* message, void* closure) {
        static_cast<One*>(closure)->receiver->receive(message);
        natsMsg_Destroy(message);
    }
    // Comes behind the last message.
    static void on_ended(void* closure) {
        const std::unique_ptr<One> one(static_cast<One*>(closure));
        one->receiver.reset();
        const std::lock_guard lock(one->all->mutex_);
        --one->all->count_;
        one->all->ended_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable ended_;
    int count_ = 0;
};

// io_ with the name of its holder, whom libnats need not wake.
class Connection::IoLock {
  public:
    explicit IoLock(Connection& connection) : connection_(connection), lock_(connection.io_) {
        mark();
    }
    IoLock(Connection& connection, std::try_to_lock_t how)
        : connection_(connection), lock_(connection.io_, how) {
        if (lock_) mark();
    }
    ~IoLock() { release(); }
    void release() {
        if (!lock_) return;
        connection_.io_owner_ = std::thread::id();
        lock_.unlock();
    }
    explicit operator bool() const { return lock_.owns_lock(); }

  private:
    void mark() { connection_.io_owner_ = std::this_thread::get_id(); }
    Connection& connection_;
    std::unique_lock<std::mutex> lock_;
};

std::expected<std::shared_ptr<Connection>, std::string> Connection::open(const Options& options,
                                                                         const ServerUrl& server,
                                                                         Poller& poller,
                                                                         ConnectionEvents events) {
    auto made = make_nats_options(options, server);
    if (!made) {
        const auto& error = made.error();
        return std::unexpected(error.where.empty() ? error.message
                                                   : error.where + ": " + error.message);
    }
    natsOptions* raw_options = made->get();
    auto out = std::make_shared<Connection>(poller);
    out->closed_ = std::move(events.closed);
    out->problems_ = std::make_shared<ProblemListener>(std::move(events.problem));
    out->deliveries_ = std::make_shared<Deliveries>();
    out->tls_ = options.wants_tls(server);
    out->max_pending_ = options.max_pending;
    out->max_unread_ = static_cast<int>(options.max_unread);
    auto for_library = std::make_unique<std::shared_ptr<ProblemListener>>(out->problems_);
    natsOptions_SetEventLoop(raw_options, out.get(), &on_attach, &on_read, &on_write, &on_detach);
    natsOptions_SetErrorHandler(raw_options, &ProblemListener::on_error, for_library.get());
    natsOptions_SetClosedCB(raw_options, &ProblemListener::on_closed, for_library.get());
    const auto status = natsConnection_Connect(&out->raw_, raw_options);
    if (status != NATS_OK) return std::unexpected(last_nats_error(status));
    static_cast<void>(for_library.release());  // until on_closed()
    out->max_payload_ =
        std::min<std::int64_t>(natsConnection_GetMaxPayload(out->raw_), SW_TRANSPORT_MAX_MESSAGE);
    return out;
}

Connection::~Connection() {
    if (raw_ == nullptr) return;
    close(std::chrono::milliseconds(0));
    natsConnection_Destroy(raw_);
}

// ---- libnats's event-loop callbacks; all run under its lock but on_detach ----

natsStatus Connection::on_attach(void** self, void* loop, natsConnection* /*raw*/,
                                 natsSock socket) {
    auto& connection = *static_cast<Connection*>(loop);
    *self = loop;
    const std::lock_guard lock(connection.socket_mutex_);
    if (!connection.poller_.watch(socket, false)) return NATS_NO_MEMORY;
    connection.socket_ = socket;
    return NATS_OK;
}

natsStatus Connection::on_read(void* self, bool add) {
    auto& connection = *static_cast<Connection*>(self);
    if (add) return NATS_OK;
    const std::lock_guard lock(connection.socket_mutex_);
    if (connection.socket_ >= 0) connection.poller_.forget(connection.socket_);
    connection.socket_ = -1;
    return NATS_OK;
}

natsStatus Connection::on_write(void* self, bool add) {
    auto& connection = *static_cast<Connection*>(self);
    connection.wants_output_ = add;
    if (add && connection.io_owner_.load() != std::this_thread::get_id()) {
        connection.poller_.wake();
    }
    return NATS_OK;
}

natsStatus Connection::on_detach(void* self) {
    auto& connection = *static_cast<Connection*>(self);
    {
        const std::lock_guard lock(connection.queue_mutex_);
        connection.open_ = false;
        connection.queue_.clear();
        connection.queued_bytes_ = 0;
    }
    connection.closed_();
    return NATS_OK;
}

// ---- out ----

sw_status Connection::send(std::string_view subject, std::string_view reply,
                           const sw_buffer* body) {
    const auto length = body != nullptr ? body->length : 0;
    if (static_cast<std::int64_t>(length) > max_payload_) return SW_RESOURCE_EXHAUSTED;
    if (send_at_once(subject, reply, body)) {
        pump();
        return SW_OK;
    }
    Message message{std::string(subject), std::string(reply), Buffer::share(body)};
    {
        const std::lock_guard lock(queue_mutex_);
        if (!open_) return SW_UNAVAILABLE;
        if (queued_bytes_ + message.cost() > max_pending_) return SW_RESOURCE_EXHAUSTED;
        queued_bytes_ += message.cost();
        queue_.push_back(std::move(message));
    }
    pump();
    return SW_OK;
}

// Where nobody is before it. With TLS a write may wait, which a publisher must not.
bool Connection::send_at_once(std::string_view subject, std::string_view reply,
                              const sw_buffer* body) {
    if (tls_ || blocked_) return false;
    const IoLock io(*this, std::try_to_lock);
    if (!io || blocked_ || !open_) return false;
    {
        const std::lock_guard lock(queue_mutex_);
        if (!queue_.empty()) return false;
    }
    std::array<char, kTextBuffer> subject_text;
    std::array<char, kTextBuffer> reply_text;
    write(terminated(subject, subject_text), terminated(reply, reply_text),
          body != nullptr ? std::string_view(body->data, body->length) : std::string_view());
    flush();
    return true;
}

// Whoever fails to get io_ may go: its holder looks at the queue once more behind it.
void Connection::pump() {
    if (tls_) {
        if (has_work()) poller_.wake();
        return;
    }
    while (has_work()) {
        const IoLock io(*this, std::try_to_lock);
        if (!io) return;
        write_queue();
    }
}

bool Connection::has_work() {
    if (blocked_) return false;
    const std::lock_guard lock(queue_mutex_);
    return !queue_.empty();
}

bool Connection::take_some(std::deque<Message>& batch) {
    const std::lock_guard lock(queue_mutex_);
    std::size_t bytes = 0;
    while (!queue_.empty() && bytes < kBatchBytes) {
        bytes += queue_.front().cost();
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    queued_bytes_ -= bytes;
    return !batch.empty();
}

void Connection::write_queue() {
    for (std::deque<Message> batch; !blocked_ && take_some(batch); batch.clear()) {
        for (const auto& message : batch) {
            write(message.subject.c_str(), message.reply.empty() ? nullptr : message.reply.c_str(),
                  message.body.view());
        }
        flush();
    }
}

// Fails only where the connection has just been closed, and then with everything else.
void Connection::write(const char* subject, const char* reply, std::string_view body) {
    const int length = static_cast<int>(body.size());
    if (reply == nullptr) {
        natsConnection_Publish(raw_, subject, body.data(), length);
    } else {
        natsConnection_PublishRequest(raw_, subject, reply, body.data(), length);
    }
}

void Connection::flush() {
    if (!wants_output_) return;
    natsConnection_ProcessWriteEvent(raw_);
    const bool blocked = wants_output_ && open_;
    if (blocked == blocked_) return;
    blocked_ = blocked;
    const std::lock_guard lock(socket_mutex_);
    if (socket_ >= 0) poller_.watch(socket_, blocked);
}

// ---- in, and the rest ----

SubscriptionHandle Connection::subscribe(const std::string& pattern, const std::string& group,
                                         std::shared_ptr<Receiver> receiver) {
    auto closure = std::make_unique<Deliveries::One>(std::move(receiver), deliveries_);
    natsSubscription* raw = nullptr;
    {
        // Nothing is closed meanwhile, so no message comes between the two calls' successes.
        const IoLock io(*this);
        if (!open_) return {};
        const auto status =
            group.empty()
                ? natsConnection_Subscribe(&raw, raw_, pattern.c_str(), &Deliveries::on_message,
                                           closure.get())
                : natsConnection_QueueSubscribe(&raw, raw_, pattern.c_str(), group.c_str(),
                                                &Deliveries::on_message, closure.get());
        if (status != NATS_OK) return {};
        if (natsSubscription_SetOnCompleteCB(raw, &Deliveries::on_ended, closure.get()) ==
            NATS_OK) {
            static_cast<void>(closure.release());  // until on_ended()
            deliveries_->begin();
        }
        natsSubscription_SetPendingLimits(raw, -1, max_unread_);
        flush();
    }
    pump();
    return {raw,
            [self = shared_from_this()](natsSubscription* ended) { self->unsubscribe(ended); }};
}

void Connection::unsubscribe(natsSubscription* subscription) {
    {
        // Nothing is read meanwhile: libnats 3.4.1 looks up the subscription of a message and then
        // uses it without a reference.
        const IoLock io(*this);
        natsSubscription_Unsubscribe(subscription);
        natsSubscription_Destroy(subscription);
        flush();
    }
    pump();
}

void Connection::serve(Poller::Ready ready) {
    {
        const IoLock io(*this);
        // With TLS libnats waits for input where there is none, so it must be there.
        if (ready.input && open_ && (!tls_ || is_readable(socket_))) {
            natsConnection_ProcessReadEvent(raw_);
        }
        flush();
        write_queue();
    }
    pump();
}

bool Connection::ping(std::chrono::milliseconds timeout) {
    return natsConnection_FlushTimeout(raw_, timeout.count()) == NATS_OK;
}

void Connection::close(std::chrono::milliseconds grace) {
    if (open_ && grace.count() > 0) ping(grace);
    {
        // Ends a wait of OpenSSL's that holds io_.
        const std::lock_guard lock(socket_mutex_);
        if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
    }
    IoLock io(*this);
    // Reading the end of the stream closes at once; natsConnection_Close would first wait for what
    // is unsent.
    for (int reads = 0; open_ && reads < kReadsToTheEnd; ++reads)
        natsConnection_ProcessReadEvent(raw_);
    natsConnection_Close(raw_);
    problems_->leave();
    io.release();
    deliveries_->wait_until_ended();
}

std::string Connection::last_error() const {
    const char* text = nullptr;
    const auto status = natsConnection_GetLastError(raw_, &text);
    return status == NATS_OK ? "the connection was closed" : in_words(status, text);
}

}  // namespace streamwall::transport_nats
