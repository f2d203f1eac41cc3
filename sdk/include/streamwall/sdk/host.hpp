// Host: the small powers of the host as C++: log, clock, strand, timers, health, metrics, local
// interfaces. The bus and services are in bus.hpp and services.hpp.
#pragma once

#include <streamwall/host.h>
#include <streamwall/plugin.h>
#include <streamwall/sdk/buffer.hpp>
#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/json.hpp>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall {

// Structured log: log.info("irc.connected", "joined the channel", {{"channel", "#x"}}).
class Log {
  public:
    struct Field {
        template <class T>
        Field(std::string_view name, T&& content)  // NOLINT: implicit on purpose
            : key(name), value(std::forward<T>(content)) {}
        std::string_view key;
        boost::json::value value;
    };
    using Fields = std::initializer_list<Field>;

    Log(sw_host* host, const sw_log_api* api) : host_(host), api_(api) {}
    void debug(std::string_view event, std::string_view text, Fields fields = {}) const {
        write(SW_LOG_DEBUG, event, text, fields);
    }
    void info(std::string_view event, std::string_view text, Fields fields = {}) const {
        write(SW_LOG_INFO, event, text, fields);
    }
    void warn(std::string_view event, std::string_view text, Fields fields = {}) const {
        write(SW_LOG_WARN, event, text, fields);
    }
    void error(std::string_view event, std::string_view text, Fields fields = {}) const {
        write(SW_LOG_ERROR, event, text, fields);
    }
    bool enabled(int level) const { return api_->enabled(host_, level) != 0; }

  private:
    void write(int level, std::string_view event, std::string_view text, Fields fields) const {
        if (!enabled(level)) return;
        boost::json::object object;
        for (const auto& field : fields)
            object[field.key] = field.value;
        const auto rendered = object.empty() ? std::string() : boost::json::serialize(object);
        api_->write(host_, level, to_str(event), to_str(text), to_str(rendered));
    }
    sw_host* host_;
    const sw_log_api* api_;
};

namespace detail {

// For callbacks that can return no error: an exception ends there, as a line in the log.
template <class F>
void contain(const Log& log, F&& function) noexcept {
    try {
        function();
    } catch (const std::exception& problem) {
        log.error("plugin.exception", problem.what());
    } catch (...) {
        log.error("plugin.exception", "an exception of unknown type left a callback");
    }
}

// Heap box that crosses the boundary as `void* arg` and is freed by exactly one of run and drop.
template <class F>
struct Box {
    Log log;
    F function;
    static void* make(const Log& log, F function) { return new Box{log, std::move(function)}; }
    static void run_once(void* arg) noexcept {
        std::unique_ptr<Box> box(static_cast<Box*>(arg));
        contain(box->log, box->function);
    }
    static void run(void* arg) noexcept {
        auto* box = static_cast<Box*>(arg);
        contain(box->log, box->function);
    }
    static void drop(void* arg) noexcept { delete static_cast<Box*>(arg); }
};

// A call whose answer may come later: `done(Result<Buffer>)` runs exactly once.
template <class Done>
struct PendingReply {
    Log log;
    Done done;

    void answer(Result<Buffer> result) noexcept {
        contain(log, [&] { done(std::move(result)); });
    }
    static void on_reply(void* ctx, sw_status code, const sw_buffer* reply,
                         const sw_error* error) noexcept {
        std::unique_ptr<PendingReply> call(static_cast<PendingReply*>(ctx));
        if (code == SW_OK)
            call->answer(Buffer::share(reply));
        else
            call->answer(to_error(code, error));
    }
    // Calls `begin(ctx, reply, error)`, which returns as sw_services_api.call does.
    template <class Begin>
    static bool run(const Log& log, Done done, Begin begin) {
        auto call = std::make_unique<PendingReply>(PendingReply{log, std::move(done)});
        ErrorSlot slot;
        sw_buffer* reply = nullptr;
        const sw_status status = begin(static_cast<void*>(call.get()), &reply, slot.get());
        if (status == SW_PENDING) {
            static_cast<void>(call.release());
            return true;
        }
        if (status == SW_OK)
            call->answer(Buffer::adopt(reply));
        else
            call->answer(slot.take(status));
        return false;
    }
};

}  // namespace detail

// One series of a metric; recording costs nanoseconds. Copyable, valid until destroy.
class Series {
  public:
    Series() = default;
    Series(const sw_metrics_api* api, sw_series* raw) : api_(api), raw_(raw) {}
    void add(double value = 1) const {
        if (raw_) api_->record(raw_, value);
    }
    void observe(double value) const { add(value); }
    void set(double value) const {
        if (raw_) api_->set(raw_, value);
    }

  private:
    const sw_metrics_api* api_ = nullptr;
    sw_series* raw_ = nullptr;
};

// A timer that ends with its object. Destroy it on the strand.
class Timer {
  public:
    Timer() = default;
    Timer(sw_host* host, const sw_executor_api* api, std::uint64_t id)
        : host_(host), api_(api), id_(id) {}
    Timer(Timer&& other) noexcept { *this = std::move(other); }
    Timer& operator=(Timer&& other) noexcept {
        cancel();
        host_ = other.host_;
        api_ = other.api_;
        id_ = std::exchange(other.id_, 0);
        return *this;
    }
    ~Timer() { cancel(); }
    void cancel() {
        if (id_) api_->cancel(host_, std::exchange(id_, 0));
    }

  private:
    sw_host* host_ = nullptr;
    const sw_executor_api* api_ = nullptr;
    std::uint64_t id_ = 0;
};

class Host {
  public:
    explicit Host(const sw_host_api* api) : api_(api), raw_(api->host) {
        detail::buffer_table = find<sw_buffer_api>(SW_BUFFER);
        executor_ = find<sw_executor_api>(SW_EXECUTOR);
        clock_ = find<sw_clock_api>(SW_CLOCK);
        health_ = find<sw_health_api>(SW_HEALTH);
        metrics_ = find<sw_metrics_api>(SW_METRICS);
        lifecycle_ = find<sw_lifecycle_api>(SW_LIFECYCLE);
        log_ = find<sw_log_api>(SW_LOG);
    }
    sw_host* raw() const { return raw_; }
    // A table of the host by name, or null: optional powers must be tested for.
    template <class Table>
    const Table* find(const char* name) const {
        return static_cast<const Table*>(api_->get_interface(raw_, name));
    }

    Log log() const { return {raw_, log_}; }

    std::int64_t wall_ms() const { return clock_->wall_ms(raw_); }
    std::uint64_t monotonic_ns() const { return clock_->monotonic_ns(raw_); }
    // A context of the plugin's own, for work that nobody asked for.
    Context own_context(std::chrono::nanoseconds timeout = std::chrono::seconds(5)) const {
        sw_context raw{};
        raw.size = sizeof raw;
        raw.principal_type = to_str("service");
        raw.deadline_ns = monotonic_ns() + static_cast<std::uint64_t>(timeout.count());
        return Context(raw);
    }

    // Runs `function` on the strand; it is destroyed unrun where the instance stops first. [any]
    template <class F>
    void post(F function) const {
        using Box = detail::Box<F>;
        executor_->post(raw_, &Box::run_once, &Box::drop, Box::make(log(), std::move(function)));
    }
    // Runs `function` on the pool for blocking work. [any]
    template <class F>
    void post_blocking(F function) const {
        using Box = detail::Box<F>;
        executor_->post_blocking(raw_, &Box::run_once, &Box::drop,
                                 Box::make(log(), std::move(function)));
    }
    const sw_executor* strand() const { return executor_->strand(raw_); }
    void bind_loop(const sw_executor* loop) const { executor_->bind_loop(raw_, loop); }

    template <class F>
    [[nodiscard]] Timer after(std::chrono::nanoseconds delay, F function) const {
        return schedule(delay, std::chrono::nanoseconds(0), std::move(function));
    }
    template <class F>
    [[nodiscard]] Timer every(std::chrono::nanoseconds period, F function) const {
        return schedule(period, period, std::move(function));
    }

    void health(int state, std::string_view reason = {}, std::string_view dependency = {}) const {
        health_->set(raw_, to_str(dependency), state, to_str(reason));
    }

    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
    Series counter(std::string_view name, std::string_view help, Labels labels = {}) const {
        return series(SW_COUNTER, name, help, labels, {});
    }
    Series gauge(std::string_view name, std::string_view help, Labels labels = {}) const {
        return series(SW_GAUGE, name, help, labels, {});
    }
    Series histogram(std::string_view name, std::string_view help, Labels labels,
                     std::initializer_list<double> bounds) const {
        return series(SW_HISTOGRAM, name, help, labels, bounds);
    }

    // Ends a step that returned pending(). [any]
    void complete(int step, const Result<>& result = {}) const {
        if (result) return lifecycle_->complete(raw_, step, SW_OK, nullptr);
        ErrorSlot slot(result.error());
        lifecycle_->complete(raw_, step, result.error().code, slot.get());
    }

  private:
    template <class F>
    Timer schedule(std::chrono::nanoseconds delay, std::chrono::nanoseconds period, F f) const {
        using Box = detail::Box<F>;
        const auto id = executor_->schedule(raw_, static_cast<std::uint64_t>(delay.count()),
                                            static_cast<std::uint64_t>(period.count()), &Box::run,
                                            &Box::drop, Box::make(log(), std::move(f)));
        return Timer(raw_, executor_, id);
    }
    Series series(int kind, std::string_view name, std::string_view help, Labels labels,
                  std::initializer_list<double> bounds) const {
        std::vector<sw_str> flat;
        for (const auto& [key, value] : labels) {
            flat.push_back(to_str(key));
            flat.push_back(to_str(value));
        }
        return {metrics_, metrics_->series(raw_, kind, to_str(name), to_str(help), flat.data(),
                                           labels.size(), bounds.begin(), bounds.size())};
    }

    const sw_host_api* api_;
    sw_host* raw_;
    const sw_executor_api* executor_ = nullptr;
    const sw_clock_api* clock_ = nullptr;
    const sw_health_api* health_ = nullptr;
    const sw_metrics_api* metrics_ = nullptr;
    const sw_lifecycle_api* lifecycle_ = nullptr;
    const sw_log_api* log_ = nullptr;
};

}  // namespace streamwall
