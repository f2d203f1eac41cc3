// One loop of the server with all that its connections share: the read buffer, spare outputs, the
// clock's date, the routes as this loop sees them. And what all loops share (Services).
#pragma once

#include "address.hpp"
#include "answer.hpp"
#include "auth.hpp"
#include "compression.hpp"
#include "doubt.hpp"
#include "fan_out.hpp"
#include "host.hpp"
#include "key_traffic.hpp"
#include "loop.hpp"
#include "openers.hpp"
#include "options.hpp"
#include "output.hpp"
#include "request_head.hpp"
#include "router.hpp"
#include "traffic.hpp"
#include "ws_deflate.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct sw_http_exchange;

namespace streamwall::http_server {

class HttpSession;

// The current routes. Loops look at the generation before each request and take over a new router
// between callbacks, so nothing is locked while nothing changes.
class RouterBoard {
  public:
    RouterBoard() : router_(std::make_shared<Router>()) {}
    std::shared_ptr<const Router> get() const {
        const std::lock_guard lock(mutex_);
        return router_;
    }
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    // Applies `change` to a copy and publishes it where it succeeds.
    template <typename Change>
    auto update(Change change) {
        const std::lock_guard lock(mutex_);
        auto copy = router_->copy();
        auto result = change(copy);
        if (result) {
            router_ = std::move(copy);
            generation_.fetch_add(1, std::memory_order_release);
        }
        return result;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Router> router_;
    std::atomic<std::uint64_t> generation_{1};
};

struct Services {
    Host host;
    Options options;
    std::unique_ptr<Authenticator> authenticator;
    RateLimiter limiter;
    // Of connections by address and messages by credential, never shared with other processes.
    RateLimiter local_limiter;
    RouterBoard board;
    RouteMetrics unmatched;
    sw_series* active_connections = nullptr;
    TrafficSeries traffic;
    KeyNames key_names;
    std::atomic<std::size_t> connections{0};
};

// A request between its head and its answer. The texts of `head` point into the read buffer, or
// into `text` where the body takes longer than one read.
struct Inbound {
    std::string text;
    RequestHead head;
    Match match;
    Principal principal;
    std::string token;              // that says so
    std::string unverified;         // one that somebody must be asked about first
    bool identity_unknown = false;  // nobody could be asked about its token
    Answer answer;
    std::optional<PeerAddress> client;  // as a trusted proxy says
    std::string query;                  // without a token
    std::string target;
    bool query_cleaned = false;
    bool upgrade = false;
    bool preflight = false;
    std::string limit_note;  // why it came too early
    std::string csrf_token;  // that the request must show; empty where no cookie authenticates
};

class Worker {
  public:
    Worker(Services& services, std::size_t index);
    ~Worker();

    Services& services;
    Loop loop;
    FanOut fan_out;
    Inbound scratch;  // of the request that is being looked at
    std::vector<char> read_buffer;
    bool draining = false;
    Doubt doubt{*this};
    Traffic traffic;
    Openers openers{traffic.connection_bytes};
    KeyTraffic key_traffic;
    // Brings it to the metrics, soon.
    void report_traffic();
    // From where on large queues are cut.
    const std::int64_t queued_limit;
    // Connections here and on their way here; how the acceptor balances. [any]
    std::atomic<std::size_t> load{0};

    const Router& router();
    // RFC 9110 5.6.7, made once a second.
    std::string_view date();
    void make_request_id(Answer& answer);
    // A new W3C trace, of which the request is the first step; `text` holds it.
    using Traceparent = std::array<char, 55>;
    std::string_view begin_trace(Traceparent& text);
    std::unique_ptr<Output> take_output();
    void give_output(std::unique_ptr<Output> output);

    // Takes a connected descriptor over. [loop]
    void adopt(int descriptor, PeerAddress peer);
    void add(Session& session);
    void remove(Session& session);
    std::size_t session_count() const { return sessions_.size(); }
    std::vector<SessionPtr> sessions() const;
    // Called on the loop once drained and empty.
    void when_empty(std::move_only_function<void()> task);

    sw_http_exchange* make_exchange();
    void free_exchange(sw_http_exchange* exchange);

    // Nothing where it is not worth it.
    std::optional<std::string> compress(std::string_view body);

    // For messages of this loop's connections, made when they are first needed.
    MessageDeflater& deflater();
    MessageInflater& inflater();

    // Counts an answered request, and logs it where such lines are asked for.
    void measure(const Answer& answer, int status);

  private:
    // Unique, not secret: one of two counters, through a mixer, as 16 hex digits.
    char* append_unique(std::size_t counter, char* to);
    void log_answer(const Answer& answer, int status) const;

    std::shared_ptr<const Router> router_;
    std::uint64_t generation_ = 0;
    std::int64_t date_second_ = -1;
    std::string date_;
    std::unique_ptr<Gzip> gzip_;  // made when it is first needed
    std::unique_ptr<MessageDeflater> deflater_;
    std::unique_ptr<MessageInflater> inflater_;
    std::uint64_t id_state_[2];
    std::vector<std::unique_ptr<Output>> spare_outputs_;
    std::vector<std::unique_ptr<sw_http_exchange>> exchanges_;
    std::vector<sw_http_exchange*> spare_exchanges_;
    std::vector<Session*> sessions_;
    std::move_only_function<void()> when_empty_;
};

}  // namespace streamwall::http_server
