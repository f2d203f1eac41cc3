// Tables: buffers, log, clock, executor, health, metrics, introspection, life cycle, interfaces.
#include "abi/plugin_host.hpp"
#include "abi/tables.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::abi {

namespace {

telemetry::Level level_of(int32_t level) {
    return static_cast<telemetry::Level>(std::clamp(level, SW_LOG_TRACE, SW_LOG_ERROR));
}

void write_log(sw_host* host, int32_t level, sw_str event, sw_str message, sw_str fields) {
    std::vector<telemetry::Field> list;
    boost::json::value parsed;
    std::deque<std::string> texts;
    if (fields.length) {
        boost::system::error_code failed;
        parsed = boost::json::parse(view(fields), failed);
        if (const auto* object = parsed.if_object(); object && !failed) {
            for (const auto& [name, value] : *object) {
                if (value.is_string())
                    list.emplace_back(name, std::string_view(value.get_string()));
                else if (value.is_int64())
                    list.emplace_back(name, value.get_int64());
                else if (value.is_bool())
                    list.emplace_back(name, value.get_bool());
                else if (value.is_double())
                    list.emplace_back(name, value.get_double());
                else
                    list.emplace_back(name, texts.emplace_back(boost::json::serialize(value)));
            }
        }
    }
    host->facilities.log.log(level_of(level), view(event), host->party.instance, view(message),
                             list);
}

// Work for the blocking pool, which must end before the instance does.
struct BlockingWork {
    sw_host* host;
    exec::Task task;
    static void run(void* arg) {
        std::unique_ptr<BlockingWork> work(static_cast<BlockingWork*>(arg));
        work->task.run(work->task.arg);
        work->host->tasks.leave();
    }
};

void post_blocking(sw_host* host, void (*run)(void*), void (*drop)(void*), void* arg) {
    if (!host->tasks.enter()) return drop ? drop(arg) : void();
    auto* work = new BlockingWork{host, {run, drop, arg}};
    host->facilities.blocking.post({&BlockingWork::run, nullptr, work});
}

sw_status offer_interface(sw_host* host, sw_str id, const void* table, void* self,
                          sw_error* error) {
    host->expect_strand("interfaces.offer");
    if (host->is_closing()) return fill(error, stopping());
    const std::string name(view(id));
    if (std::ranges::find(host->manifest.interfaces, name) == host->manifest.interfaces.end()) {
        return fill(error,
                    Failure::of(SW_PERMISSION_DENIED,
                                fmt::format("'{}' is not among the manifest's interfaces", name)));
    }
    const auto failure = host->facilities.interfaces.offer(host->party.instance, name, table, self);
    return failure.code == SW_OK ? SW_OK : fill(error, failure);
}

sw_status watch_interface(sw_host* host, sw_str id,
                          void (*available)(void*, const void*, void*, sw_lease*),
                          void (*revoked)(void*, sw_lease*), void* ctx, sw_error* error) {
    host->expect_strand("interfaces.watch");
    if (host->is_closing()) return fill(error, stopping());
    const std::string name(view(id));
    const bool declared = std::ranges::any_of(host->manifest.needs, [&](const modules::Need& need) {
        return need.interface && need.name == name;
    });
    if (!declared) {
        return fill(error, Failure::of(SW_PERMISSION_DENIED,
                                       fmt::format("interface '{}' is not among the manifest's "
                                                   "requires",
                                                   name)));
    }
    auto watch = std::make_shared<Watch>();
    watch->id = name;
    watch->user = host->party.instance;
    watch->strand = host->party.strand;
    watch->available = available;
    watch->revoked = revoked;
    watch->ctx = ctx;
    host->facilities.interfaces.watch(std::move(watch));
    return SW_OK;
}

}  // namespace

const sw_buffer_api* buffer_table() {
    static constexpr sw_buffer_api table{sizeof table, 0, &buffer_create, &buffer_retain,
                                         &buffer_release};
    return &table;
}

const sw_log_api* log_table() {
    static constexpr sw_log_api table{
        sizeof table, 0,
        [](sw_host* host, int32_t level) -> int32_t {
            return host->facilities.log.enabled(level_of(level), host->party.instance) ? 1 : 0;
        },
        &write_log};
    return &table;
}

const sw_clock_api* clock_table() {
    static constexpr sw_clock_api table{
        sizeof table, 0, [](sw_host* host) { return host->facilities.clock.wall_ms(); },
        [](sw_host* host) { return host->facilities.clock.monotonic_ns(); }};
    return &table;
}

const sw_executor_api* executor_table() {
    static constexpr sw_executor_api table{
        sizeof table,
        0,
        [](sw_host* host, void (*run)(void*), void (*drop)(void*), void* arg) {
            host->party.strand->post({run, drop, arg});
        },
        &post_blocking,
        [](sw_host* host) { return host->party.strand->as_executor(); },
        [](sw_host* host, const sw_executor* loop) { host->party.strand->bind(loop); },
        [](sw_host* host, uint64_t delay_ns, uint64_t period_ns, void (*run)(void*),
           void (*drop)(void*),
           void* arg) { return host->add_timer(delay_ns, period_ns, {run, drop, arg}); },
        [](sw_host* host, uint64_t id) { host->cancel_timer(id); }};
    return &table;
}

const sw_health_api* health_table() {
    static constexpr sw_health_api table{
        sizeof table, 0, [](sw_host* host, sw_str dependency, int32_t health, sw_str reason) {
            host->set_health(view(dependency), health, view(reason));
        }};
    return &table;
}

const sw_metrics_api* metrics_table() {
    static constexpr sw_metrics_api table{
        sizeof table, 0,
        [](sw_host* host, int32_t kind, sw_str name, sw_str help, const sw_str* labels,
           size_t label_count, const double* bounds, size_t bound_count) {
            return host->find_series(kind, view(name), view(help), labels, label_count, bounds,
                                     bound_count);
        },
        [](sw_series* series, double value) {
            if (series->kind == SW_COUNTER)
                series->counter.increment(value);
            else if (series->kind == SW_GAUGE)
                series->gauge.add(value);
            else
                series->histogram.observe(value);
        },
        [](sw_series* series, double value) { series->gauge.set(value); }};
    return &table;
}

const sw_introspect_api* introspect_table() {
    static constexpr sw_introspect_api table{
        sizeof table, 0, [](sw_host* host, sw_str what) -> sw_buffer* {
            const auto text = host->facilities.introspect(view(what));
            return text ? BufferRef(*text).release() : nullptr;
        }};
    return &table;
}

const sw_lifecycle_api* lifecycle_table() {
    static constexpr sw_lifecycle_api table{
        sizeof table, 0, [](sw_host* host, int32_t step, sw_status status, const sw_error* error) {
            host->listener.step_completed(
                step, status, status == SW_OK ? Failure{} : Failure::from(status, error));
        }};
    return &table;
}

const sw_interfaces_api* interfaces_table() {
    static constexpr sw_interfaces_api table{
        sizeof table,
        0,
        &offer_interface,
        [](sw_host* host, sw_str id, void (*done)(void*), void* arg) {
            host->facilities.interfaces.withdraw(
                host->party.instance, std::string(view(id)),
                [strand = host->party.strand, done, arg] { strand->post({done, nullptr, arg}); });
        },
        &watch_interface,
        [](sw_host* host, sw_lease* lease) { host->facilities.interfaces.release(lease); }};
    return &table;
}

}  // namespace streamwall::abi
