// HTTP: routes on the listener of the same process (streamwall.http/1; the manifest requires the
// interface).
//
//   streamwall::http::Listener listener(host());
//   listener.route({.method = "GET", .path = "/hello/{name}", .access = SW_HTTP_OPEN},
//                  [](const http::Request& request, http::Exchange exchange) {
//                      http::Response answer(200, Buffer(request.parameter(0)));
//                      exchange.send(answer.header("content-type", "text/plain"));
//                  });
//   return listener.watch([this](const Error& error) { log().error("http.refused", error.message);
//   });
//
// and, in stop():
//   listener.unmount([host = host()] { host.complete(SW_STEP_STOP); });
//   return pending;
//
// Handlers run on the connections' loops, several at a time, and must not block. The listener may
// go and come back; routes are mounted again by themselves.
#pragma once

#include <streamwall/ext/http.h>
#include <streamwall/sdk/host.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http {

// A request; borrowed during the handler.
class Request {
  public:
    explicit Request(const sw_http_request* raw) : raw_(raw) {}
    std::string_view method() const { return to_view(raw_->method); }
    std::string_view target() const { return to_view(raw_->target); }  // as sent
    std::string_view path() const { return to_view(raw_->path); }      // percent-decoded
    std::string_view query() const { return to_view(raw_->query); }    // raw, without '?'
    // The value of the template's n-th {name}, empty past the last.
    std::string_view parameter(std::size_t n) const {
        return n < raw_->parameter_count ? to_view(raw_->parameters[n]) : std::string_view{};
    }
    // The first header of that (lower case) name; empty where there is none.
    std::string_view header(std::string_view name) const {
        for (std::size_t i = 0; i < raw_->header_count; ++i) {
            if (to_view(raw_->headers[i].name) == name) return to_view(raw_->headers[i].value);
        }
        return {};
    }
    bool has_header(std::string_view name) const {
        for (std::size_t i = 0; i < raw_->header_count; ++i) {
            if (to_view(raw_->headers[i].name) == name) return true;
        }
        return false;
    }
    std::string_view body() const { return to_view(raw_->body); }
    std::string_view peer() const { return to_view(raw_->peer); }
    // Whether the client speaks TLS, with the listener or with a trusted proxy in front of it.
    bool is_secure() const {
        return raw_->size > offsetof(sw_http_request, flags) && (raw_->flags & SW_HTTP_SECURE) != 0;
    }
    const sw_context& context() const { return *raw_->context; }
    const sw_http_request& raw() const { return *raw_; }

  private:
    const sw_http_request* raw_;
};

// An answer being put together. Header texts are borrowed until it is sent; the body is shared.
class Response {
  public:
    static constexpr std::size_t kMaxHeaders = 16;

    explicit Response(int status, Buffer body = {}) : body_(std::move(body)) {
        raw_.size = sizeof raw_;
        raw_.status = status;
    }
    // Headers past kMaxHeaders are left out.
    Response& header(std::string_view name, std::string_view value) {
        if (count_ < kMaxHeaders) headers_[count_++] = {to_str(name), to_str(value)};
        return *this;
    }
    int status() const { return raw_.status; }
    std::string_view body() const { return body_.view(); }
    // The value of a header set before, or empty.
    std::string_view header(std::string_view name) const {
        for (std::size_t i = 0; i < count_; ++i) {
            if (to_view(headers_[i].name) == name) return to_view(headers_[i].value);
        }
        return {};
    }
    // For the boundary; valid as long as this object.
    const sw_http_response* raw() {
        raw_.headers = headers_.data();
        raw_.header_count = count_;
        raw_.body = body_.get();
        return &raw_;
    }

  private:
    sw_http_response raw_{};
    std::array<sw_http_header, kMaxHeaders> headers_;
    std::size_t count_ = 0;
    Buffer body_;
};

// The value of the first parameter of that name in a query, as sent; nothing where there is none.
inline std::optional<std::string_view> find_parameter(std::string_view query,
                                                      std::string_view name) {
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

class Source;

// The body of a route with SW_HTTP_STREAMED_BODY, piece by piece; of use as long as its request is
// to be answered, or a part of the answer to be given.
class Body {
  public:
    enum class State {
        kMore = SW_HTTP_BODY_MORE,
        kLast = SW_HTTP_BODY_LAST,
        kLost = SW_HTTP_BODY_LOST
    };

    Body(const sw_http_table* table, sw_http_exchange* raw) : table_(table), raw_(raw) {}

    // `got(std::string_view bytes, State)` runs once, on the connection's loop, not from inside
    // this; the bytes are borrowed. One at a time, and before the answer or the part that is owed.
    template <class Got>
    void read(Got got) const {
        auto kept = std::make_unique<Got>(std::move(got));
        table_->read_body(
            raw_,
            [](void* arg, const char* bytes, std::size_t length, std::int32_t state) noexcept {
                const std::unique_ptr<Got> owned(static_cast<Got*>(arg));
                try {
                    (*owned)(std::string_view(bytes, length), static_cast<State>(state));
                } catch (...) {  // what was owed has been given up while it was unwound
                }
            },
            kept.release());
    }

  private:
    const sw_http_table* table_;
    sw_http_exchange* raw_;
};

// The right to answer one request, on any thread. Destroyed unused, it answers 500.
class Exchange {
  public:
    Exchange(const sw_http_table* table, sw_http_exchange* raw) : table_(table), raw_(raw) {}
    Exchange(Exchange&& other) noexcept
        : table_(other.table_), raw_(std::exchange(other.raw_, nullptr)) {}
    Exchange& operator=(Exchange&& other) noexcept {
        std::swap(table_, other.table_);
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Exchange() {
        if (raw_ == nullptr) return;
        constexpr std::string_view kBody =
            R"({"type":"about:blank","title":"Internal Server Error","status":500,)"
            R"("code":"internal","error":"The request could not be answered."})";
        Response answer(500, Buffer(kBody));
        send(answer.header("content-type", "application/problem+json"));
    }
    void send(Response& response) { table_->respond(std::exchange(raw_, nullptr), response.raw()); }

    // Where the route takes its body in pieces.
    Body body() const { return {table_, raw_}; }

    // An answer in parts, for what is longer than memory should hold: `head` now, then the bytes
    // that `source` gives, one part after the other, each once the client has taken what was
    // before. The source lives until the answer is over.
    void stream(Response& head, std::unique_ptr<Source> source);

  private:
    const sw_http_table* table_;
    sw_http_exchange* raw_;
};

// The right to give the part that a source was asked for, on any thread. Destroyed unused, it
// breaks the answer off, and its client sees that it is not whole.
class Part {
  public:
    Part(const sw_http_table* table, sw_http_exchange* raw) : table_(table), raw_(raw) {}
    Part(Part&& other) noexcept : table_(other.table_), raw_(std::exchange(other.raw_, nullptr)) {}
    Part& operator=(Part&&) = delete;
    ~Part() {
        if (raw_ != nullptr) table_->part(raw_, nullptr, 1);
    }
    // Nothing else may follow the last one.
    void give(const Buffer& bytes, bool is_last) {
        table_->part(std::exchange(raw_, nullptr), bytes.get(), is_last ? 1 : 0);
    }

  private:
    const sw_http_table* table_;
    sw_http_exchange* raw_;
};

// Where an answer in parts comes from. Asked on the connection's loop, must not block.
class Source {
  public:
    virtual ~Source() = default;
    virtual void next(Part part) = 0;
};

namespace detail {
struct RunningSource {
    const sw_http_table* table;
    std::unique_ptr<Source> source;

    static void more(void* arg, sw_http_exchange* exchange) noexcept {
        auto* self = static_cast<RunningSource*>(arg);
        if (exchange == nullptr) {
            delete self;
            return;
        }
        try {
            self->source->next(Part(self->table, exchange));
        } catch (...) {  // the part has broken the answer off while it was unwound
        }
    }
};
}  // namespace detail

inline void Exchange::stream(Response& head, std::unique_ptr<Source> source) {
    auto running = std::make_unique<detail::RunningSource>(table_, std::move(source));
    table_->stream(std::exchange(raw_, nullptr), head.raw(), &detail::RunningSource::more,
                   running.release());
}

// Texts are copied by Listener::route.
struct Route {
    std::string method = "GET";
    std::string path;
    int access = SW_HTTP_ADMIN;
    std::string scope = {};  // or several, separated by blanks
    std::uint32_t flags = 0;
    std::uint32_t timeout_ms = 0;
    std::size_t body_limit = 0;
    std::string openapi = {};  // JSON of the operation object; empty: not in the document
};

// The plugin's side of the interface: declare all routes, then watch once, in start().
// Lives as long as the plugin. Methods on the strand unless they say otherwise.
class Listener {
  public:
    explicit Listener(const Host& host)
        : host_(host.raw()), interfaces_(host.find<sw_interfaces_api>(SW_INTERFACES)) {}
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // `handler` is callable as void(const Request&, Exchange). Exceptions become an answer 500.
    template <class Handler>
    void route(Route route, Handler handler) {
        auto kept = std::make_unique<Kept<Handler>>(this, std::move(route), std::move(handler));
        kept->run = &Kept<Handler>::serve;
        routes_.push_back(std::move(kept));
    }

    // `refused` is told of every route that the listener does not take. `changed(bool)` runs each
    // time the listener has come (routes are mounted) or goes.
    Result<> watch(std::function<void(const Error&)> refused,
                   std::function<void(bool)> changed = {}) {
        refused_ = std::move(refused);
        changed_ = std::move(changed);
        ErrorSlot slot;
        const auto status = interfaces_->watch(host_, to_str(SW_HTTP), &Listener::on_available,
                                               &Listener::on_revoked, this, slot.get());
        if (status != SW_OK) return slot.take(status);
        return ok();
    }

    // Takes down everything that was mounted and lets go of the listener for good; `done()` runs
    // once no handler runs or will run, on any thread, maybe before this returns. For stop(), which
    // waits for it: handlers must not outlive the plugin. [strand]
    void unmount(std::function<void()> done) {
        if (lease_) leave(lease_);
        const auto leaving = leaving_;
        if (leaving && leaving->wait(done)) return;
        done();
    }

    // The listener's table and self while it is there, else null; for endpoints and topics.
    // The table is usable on any thread as its comments say; the lease only on the strand.
    const sw_http_table* table() const { return table_.load(std::memory_order_acquire); }
    void* self() const { return self_.load(std::memory_order_acquire); }
    sw_lease* lease() const { return lease_; }
    // JSON of everything mounted by anybody, "[]" while there is no listener. [any]
    Buffer mounted() const {
        const auto* table = this->table();
        return table ? Buffer::adopt(table->routes(self())) : Buffer("[]");
    }

  private:
    struct KeptRoute {
        KeptRoute(Listener* owner, Route route) : listener(owner), route(std::move(route)) {}
        virtual ~KeptRoute() = default;
        Listener* listener;
        Route route;
        void (*run)(void*, const sw_http_request*, sw_http_exchange*) = nullptr;
    };
    template <class Handler>
    struct Kept final : KeptRoute {
        Kept(Listener* owner, Route route, Handler function)
            : KeptRoute(owner, std::move(route)), handler(std::move(function)) {}
        Handler handler;
        static void serve(void* ctx, const sw_http_request* raw,
                          sw_http_exchange* exchange) noexcept {
            auto* self = static_cast<Kept*>(static_cast<KeptRoute*>(ctx));
            try {
                self->handler(Request(raw), Exchange(self->listener->kept_table_, exchange));
            } catch (...) {  // the exchange has answered 500 while it was unwound
            }
        }
    };

    static void on_available(void* ctx, const void* table, void* self, sw_lease* lease) noexcept {
        auto* listener = static_cast<Listener*>(ctx);
        listener->lease_ = lease;
        listener->kept_table_ = static_cast<const sw_http_table*>(table);
        listener->self_.store(self, std::memory_order_release);
        listener->table_.store(listener->kept_table_, std::memory_order_release);
        for (const auto& kept : listener->routes_)
            listener->mount(*kept);
        if (listener->changed_) listener->changed_(true);
    }
    static void on_revoked(void* ctx, sw_lease* lease) noexcept {
        auto* listener = static_cast<Listener*>(ctx);
        if (listener->lease_ == lease) listener->leave(lease);
    }
    // What is left to be done while the listener takes our routes down.
    struct Leaving {
        const sw_interfaces_api* interfaces;
        sw_host* host;
        sw_lease* lease;
        std::mutex mutex;
        bool is_over = false;
        std::function<void()> then;

        // False where it is over already.
        bool wait(std::function<void()> done) {
            const std::lock_guard lock(mutex);
            if (!is_over) then = std::move(done);
            return !is_over;
        }
        void finish() {
            interfaces->release(host, lease);
            std::function<void()> next;
            {
                const std::lock_guard lock(mutex);
                is_over = true;
                next = std::move(then);
            }
            if (next) next();
        }
    };
    void leave(sw_lease* lease) {
        if (changed_) changed_(false);
        table_.store(nullptr, std::memory_order_release);
        lease_ = nullptr;
        leaving_ = std::make_shared<Leaving>();
        leaving_->interfaces = interfaces_;
        leaving_->host = host_;
        leaving_->lease = lease;
        kept_table_->unmount(
            self(), lease,
            [](void* arg) noexcept {
                const std::unique_ptr<std::shared_ptr<Leaving>> box(
                    static_cast<std::shared_ptr<Leaving>*>(arg));
                (*box)->finish();
            },
            new std::shared_ptr<Leaving>(leaving_));
    }
    void mount(KeptRoute& kept) {
        sw_http_route raw{};
        raw.size = sizeof raw;
        raw.access = kept.route.access;
        raw.method = to_str(kept.route.method);
        raw.path = to_str(kept.route.path);
        raw.scope = to_str(kept.route.scope);
        raw.flags = kept.route.flags;
        raw.timeout_ms = kept.route.timeout_ms;
        raw.body_limit = kept.route.body_limit;
        raw.openapi = to_str(kept.route.openapi);
        raw.handle = kept.run;
        raw.ctx = &kept;
        ErrorSlot slot;
        const auto status = kept_table_->mount(self(), lease_, &raw, slot.get());
        if (status != SW_OK && refused_) refused_(slot.take(status));
    }

    sw_host* host_;
    const sw_interfaces_api* interfaces_;
    std::vector<std::unique_ptr<KeptRoute>> routes_;
    std::function<void(const Error&)> refused_;
    std::function<void(bool)> changed_;
    // Set before the first route is mounted and never cleared: answers outlive the lease.
    const sw_http_table* kept_table_ = nullptr;
    std::atomic<const sw_http_table*> table_{nullptr};
    std::atomic<void*> self_{nullptr};
    sw_lease* lease_ = nullptr;
    std::shared_ptr<Leaving> leaving_;
};

// Who a token stands for, as the listener decides that for requests; for tokens that come in
// messages. `done(Result<Context>)` runs once, on whatever thread, also before this returns;
// UNAVAILABLE where those who know can't be asked now. It may come after unmount(). [any]
template <class Done>
void authenticate(const sw_http_table* table, void* self, std::string_view token, Done done) {
    if (table->size <= offsetof(sw_http_table, authenticate)) {
        return done(Result<Context>(
            Error{SW_UNIMPLEMENTED, "the listener checks no tokens for others", {}, {}}));
    }
    const auto finish = [](void* arg, sw_status verdict, const sw_context* who) noexcept {
        const std::unique_ptr<Done> owned(static_cast<Done*>(arg));
        try {
            if (who) return (*owned)(Result<Context>(Context(*who)));
            (*owned)(Result<Context>(Error{verdict, "the token is not taken", {}, {}}));
        } catch (...) {  // an exception must not cross the boundary, and nobody waits for it
        }
    };
    auto kept = std::make_unique<Done>(std::move(done));
    table->authenticate(self, to_str(token), finish, kept.release());
}

}  // namespace streamwall::http
