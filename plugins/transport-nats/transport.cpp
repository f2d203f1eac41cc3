// The keeper's and the poller's threads, and what callers do meanwhile.
#include "transport.hpp"

#include "receivers.hpp"
#include "subject.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

namespace streamwall::transport_nats {
namespace {

using std::chrono::milliseconds;

// How long stop() lets what is queued get out.
constexpr milliseconds kDrainTime{500};

// Signals are the host's business: threads are born with all of them blocked.
template <class F>
std::thread start_thread(const char* name, F body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread out(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(out.native_handle(), name);
    return out;
}

Error not_connected() {
    return Error::unavailable("not connected to NATS");
}

Error bad(std::string_view text, const char* what) {
    return Error::invalid("not a NATS " + std::string(what) + ": '" +
                              std::string(text.substr(0, kLongestSubject)) + "'",
                          what);
}

}  // namespace

Transport::Transport(Options options, TransportObserver& observer)
    : options_(std::move(options)),
      observer_(observer),
      requests_(std::make_shared<Requests>()),
      watcher_(std::make_shared<Watcher>(poller_)),
      inbox_(std::make_shared<Inbox>(requests_)),
      random_(std::random_device()()),
      gap_bound_(options_.backoff_first) {}

Transport::~Transport() {
    stop();
    if (keeper_.joinable()) keeper_.join();
}

void Transport::start() {
    watcher_->set(false, "connecting");
    poller_thread_ = start_thread("nats-poller", [this] { serve(); });
    keeper_ = start_thread("nats-keeper", [this] { keep(); });
}

void Transport::stop() {
    const std::lock_guard lock(keeper_mutex_);
    stopping_ = true;
    keeper_wakes_.notify_all();
}

// ---- the keeper ----

void Transport::keep() {
    for (std::size_t n = random_() % options_.servers.size();; ++n) {
        const auto& server = options_.servers[n % options_.servers.size()];
        bool was_connected = false;
        const auto reason = connect_and_stay(server, was_connected);
        if (was_connected) gap_bound_ = options_.backoff_first;
        if (!rest(milliseconds(0))) break;
        const auto gap = next_gap();
        observer_.on_disconnected(reason, gap);
        if (!rest(gap)) break;
    }
    requests_->fail_all(Error::unavailable("the transport stops"));
    inbox_->end();
    poller_ends_ = true;
    poller_.wake();
    poller_thread_.join();
    {
        const std::lock_guard lock(subscriptions_mutex_);
        for (const auto& [id, subscription] : subscriptions_)
            subscription->end();
        subscriptions_.clear();
    }
    observer_.on_stopped();
}

// Returns why it is over.
std::string Transport::connect_and_stay(const ServerUrl& server, bool& was_connected) {
    ConnectionEvents events;
    events.closed = [this] {
        const std::lock_guard lock(keeper_mutex_);
        keeper_wakes_.notify_all();
    };
    events.problem = [this](std::string_view what) { observer_.on_problem(what); };
    auto opened = Connection::open(options_, server, poller_, std::move(events));
    if (!opened) {
        auto reason = server.text() + ": " + opened.error();
        watcher_->set(false, reason);
        return reason;
    }
    const auto connection = *opened;
    {
        const std::lock_guard lock(current_mutex_);
        served_ = connection;
    }
    poller_.wake();
    // The server has all subscriptions before anybody hears that we are connected.
    if (restore(connection) && connection->ping(options_.connect_timeout)) {
        was_connected = true;
        {
            const std::lock_guard lock(current_mutex_);
            connected_ = connection;
        }
        watcher_->set(true, "");
        observer_.on_connected(server.text());
        stay(*connection);
    }
    auto reason = server.text() + ": " +
                  (connection->is_open() ? "it does not answer in time" : connection->last_error());
    let_go(connection, reason);
    return reason;
}

bool Transport::restore(const ConnectionPtr& connection) {
    inbox_->handle = connection->subscribe(inbox_->pattern(), "", inbox_);
    if (inbox_->handle == nullptr) return false;
    const std::lock_guard lock(subscriptions_mutex_);
    for (const auto& [id, subscription] : subscriptions_) {
        subscription->handle =
            connection->subscribe(subscription->pattern, subscription->group, subscription);
        if (subscription->handle == nullptr) return false;
    }
    subscribed_ = connection;
    return true;
}

// Until it is closed, falls silent or is no longer wanted.
void Transport::stay(Connection& connection) {
    while (rest(options_.ping_interval, &connection) && connection.is_open()) {
        if (!connection.ping(options_.ping_timeout)) return;
    }
}

void Transport::let_go(const ConnectionPtr& connection, const std::string& reason) {
    {
        const std::lock_guard lock(current_mutex_);
        connected_ = nullptr;
    }
    const bool is_stopping = !rest(milliseconds(0));
    if (!is_stopping) watcher_->set(false, reason);
    connection->close(is_stopping ? kDrainTime : milliseconds(0));
    if (is_stopping) watcher_->set(false, "the transport stops");
    requests_->fail_all(Error::unavailable("the connection to NATS was lost"));
    {
        const std::lock_guard lock(subscriptions_mutex_);
        subscribed_ = nullptr;
        for (const auto& [id, subscription] : subscriptions_)
            subscription->handle = nullptr;
    }
    inbox_->handle = nullptr;
    const std::lock_guard lock(current_mutex_);
    served_ = nullptr;
}

bool Transport::rest(milliseconds time, const Connection* connection) {
    std::unique_lock lock(keeper_mutex_);
    keeper_wakes_.wait_for(
        lock, time, [&] { return stopping_ || (connection != nullptr && !connection->is_open()); });
    return !stopping_;
}

// Random, so that a hundred processes do not come back in the same millisecond.
milliseconds Transport::next_gap() {
    const auto bound = gap_bound_.count();
    gap_bound_ = std::min(gap_bound_ * 2, options_.backoff_cap);
    return milliseconds(
        std::uniform_int_distribution<milliseconds::rep>(bound / 2, bound)(random_));
}

// ---- the poller ----

void Transport::serve() {
    while (!poller_ends_) {
        const auto ready = poller_.wait(requests_->next_deadline());
        ConnectionPtr connection;
        {
            const std::lock_guard lock(current_mutex_);
            connection = served_;
        }
        if (connection) connection->serve(ready);
        requests_->expire(Requests::Clock::now());
        watcher_->tell();
    }
}

// ---- callers ----

Transport::ConnectionPtr Transport::current() const {
    const std::lock_guard lock(current_mutex_);
    return connected_;
}

Result<> Transport::send(std::string_view subject, std::string_view reply, const sw_buffer* body) {
    if (body != nullptr && body->length > SW_TRANSPORT_MAX_MESSAGE) {
        return Error{SW_RESOURCE_EXHAUSTED, "the message is longer than 1 MiB", {}, {}};
    }
    const auto connection = current();
    if (connection == nullptr) return not_connected();
    const auto status = connection->send(subject, reply, body);
    if (status == SW_OK) return ok();
    if (status == SW_UNAVAILABLE) return not_connected();
    if (body != nullptr && static_cast<std::int64_t>(body->length) > connection->max_payload()) {
        return Error{SW_RESOURCE_EXHAUSTED,
                     "the server takes messages of " + std::to_string(connection->max_payload()) +
                         " bytes at most",
                     {},
                     {}};
    }
    return Error{SW_RESOURCE_EXHAUSTED, "too much waits to be sent", {}, R"({"retry_after":1})"};
}

Result<> Transport::publish(std::string_view subject, std::string_view reply,
                            const sw_buffer* body) {
    if (!is_subject(subject)) return bad(subject, "subject");
    if (!reply.empty() && !is_subject(reply)) return bad(reply, "reply subject");
    return send(subject, reply, body);
}

Result<> Transport::request(std::string_view subject, const sw_buffer* body,
                            std::chrono::nanoseconds timeout, sw_answer_fn on_answer, void* ctx) {
    if (!is_subject(subject)) return bad(subject, "subject");
    // An age is as good as for ever, and does not overflow.
    const auto bounded = std::min<std::chrono::nanoseconds>(timeout, std::chrono::hours(24 * 365));
    const auto added = requests_->add(on_answer, ctx, Requests::Clock::now() + bounded);
    if (added.is_next_to_expire) poller_.wake();
    auto sent = send(subject, inbox_->subject_of(added.number), body);
    if (sent || !requests_->take_back(added.number)) return ok();
    return sent;
}

Result<std::uint64_t> Transport::subscribe(std::string_view pattern, std::string_view group,
                                           sw_message_fn on_message, void* ctx) {
    if (!is_pattern(pattern)) return bad(pattern, "pattern");
    if (!is_group(group)) return bad(group, "group");
    auto made = std::make_shared<Subscription>(pattern, group, on_message, ctx);
    const std::lock_guard lock(subscriptions_mutex_);
    if (subscribed_) made->handle = subscribed_->subscribe(made->pattern, made->group, made);
    const auto id = ++last_subscription_;
    subscriptions_.emplace(id, std::move(made));
    return id;
}

void Transport::unsubscribe(std::uint64_t id) {
    std::shared_ptr<Subscription> ended;
    SubscriptionHandle handle;
    {
        const std::lock_guard lock(subscriptions_mutex_);
        const auto found = subscriptions_.find(id);
        if (found == subscriptions_.end()) return;
        ended = std::move(found->second);
        handle = std::move(ended->handle);
        subscriptions_.erase(found);
    }
    handle.reset();
    ended->end();
}

void Transport::watch(sw_transport_state_fn on_state, void* ctx) {
    watcher_->watch(on_state, ctx);
}

}  // namespace streamwall::transport_nats
