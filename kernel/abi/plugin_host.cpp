// One instance's resources: made through the tables, ended together.
#include "abi/plugin_host.hpp"

#include "abi/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace streamwall;

namespace {

const void* get_interface(sw_host* host, const char* name) {
    const std::string_view wanted = name;
    if (wanted == SW_BUFFER) return abi::buffer_table();
    if (wanted == SW_LOG) return abi::log_table();
    if (wanted == SW_CLOCK) return abi::clock_table();
    if (wanted == SW_EXECUTOR) return abi::executor_table();
    if (wanted == SW_HEALTH) return abi::health_table();
    if (wanted == SW_METRICS) return abi::metrics_table();
    if (wanted == SW_LIFECYCLE) return abi::lifecycle_table();
    if (wanted == SW_INTERFACES) return abi::interfaces_table();
    if (wanted == SW_SERVICES) return abi::services_table();
    if (wanted == SW_BUS) return abi::bus_table();
    if (wanted == SW_INTROSPECT && host->manifest.may("introspect")) return abi::introspect_table();
    if (wanted == SW_JOURNAL && host->manifest.may("journal")) return abi::journal_table();
    return nullptr;
}

}  // namespace

sw_host::sw_host(abi::Facilities& given, const modules::Manifest& of, std::string instance,
                 abi::HostListener& told)
    : facilities(given), manifest(of), listener(told) {
    party.instance = std::move(instance);
    party.address = party.instance + "@" + given.node;
    party.strand = exec::Strand::make(party.instance, given.pool);
    party.parallel = of.parallel;
    party.event_took = [times = given.metrics.histogram(
                            "streamwall_event_delivery_seconds",
                            "From an event's publication, or arrival here, to its handler; one "
                            "event in 16 is timed.",
                            {{"plugin", party.instance}})](std::chrono::nanoseconds took) {
        times.observe(std::chrono::duration<double>(took).count());
    };
    api_ = {sizeof api_, SW_ABI_MAJOR, SW_ABI_MINOR, this, &get_interface};
}

sw_host::~sw_host() {
    party.strand->close();
    facilities.services.forget_party(party);
}

void sw_host::open() {
    open_ = true;
    facilities.services.open(party);
    if (keeps_journal()) facilities.journals.open_own();
    std::vector<std::shared_ptr<bus::DurableSubscription>> durable;
    {
        std::lock_guard lock(mutex_);
        for (const auto& subscription : subscriptions_) {
            if (subscription->durable) durable.push_back(subscription->durable);
        }
    }
    for (const auto& subscription : durable)
        subscription->start();
}

bool sw_host::keeps_journal() const {
    return std::ranges::find(manifest.provides, "journal") != manifest.provides.end();
}

std::vector<std::shared_ptr<bus::DurableReader>> sw_host::readers() const {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<bus::DurableReader>> out;
    for (const auto& subscription : subscriptions_) {
        if (!subscription->durable) continue;
        for (auto& reader : subscription->durable->readers())
            out.push_back(std::move(reader));
    }
    return out;
}

void sw_host::close_intake(std::chrono::milliseconds limit, std::function<void()> done) {
    if (keeps_journal()) facilities.journals.close_own();
    facilities.services.withdraw(party, limit);
    facilities.interfaces.end_watches(party.instance);
    std::vector<std::unique_ptr<sw_subscription>> ended;
    {
        std::lock_guard lock(mutex_);
        ended.swap(subscriptions_);
    }
    auto left = std::make_shared<std::atomic<int>>(1);
    const auto one_less = [left, done = std::move(done)] {
        if (left->fetch_sub(1) == 1) done();
    };
    for (const auto& subscription : ended) {
        if (subscription->transient) facilities.bus.unsubscribe(subscription->transient);
        if (subscription->durable && open_) {
            ++*left;
            subscription->durable->stop(one_less);
        }
    }
    one_less();
}

bool sw_host::close(std::chrono::milliseconds limit) {
    open_ = false;
    std::set<std::uint64_t> timers;
    {
        std::lock_guard lock(mutex_);
        timers.swap(timers_);
    }
    for (const auto id : timers)
        facilities.timers.cancel(id);
    // One that fired just now must not reach the strand behind the last pass over it.
    facilities.timers.settle();
    facilities.services.cancel_all(party);
    tasks.close();
    const bool quiet = tasks.wait_empty(limit) && party.replies.wait_empty(limit);
    facilities.interfaces.abandon(party.instance);
    return quiet;
}

std::string sw_host::audit() {
    std::string out;
    const auto add = [&](const char* what, std::size_t count) {
        if (count) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, what);
    };
    std::lock_guard lock(mutex_);
    add("subscriptions", subscriptions_.size());
    add("timers", timers_.size());
    add("calls unanswered", party.replies.inside());
    add("blocking tasks", tasks.inside());
    return out;
}

void sw_host::expect_strand([[maybe_unused]] const char* function) {
#if defined(STREAMWALL_CONTRACT_CHECKS)
    if (party.strand->is_current()) return;
    ++misuses_;
    facilities.log.error("plugin.misbehaving", party.instance,
                         fmt::format("{} was called off the instance's strand", function));
#endif
}

struct sw_host::TimerBox {
    sw_host* host;
    std::uint64_t id = 0;
    exec::Task task;
};

std::uint64_t sw_host::add_timer(std::uint64_t delay_ns, std::uint64_t period_ns, exec::Task task) {
    auto* box = new TimerBox{this, 0, task};
    // Held over schedule() so that a timer that fires at once finds its id.
    std::unique_lock lock(mutex_);
    const auto id = facilities.timers.schedule(
        party.strand, delay_ns, period_ns,
        {[](void* arg) {
             const auto& task = static_cast<TimerBox*>(arg)->task;
             task.run(task.arg);
         },
         [](void* arg) {
             std::unique_ptr<TimerBox> owned(static_cast<TimerBox*>(arg));
             {
                 std::lock_guard inner(owned->host->mutex_);
                 owned->host->timers_.erase(owned->id);
             }
             owned->task.discard();
         },
         box});
    box->id = id;
    timers_.insert(id);
    return id;
}

void sw_host::cancel_timer(std::uint64_t id) {
    {
        std::lock_guard lock(mutex_);
        if (!timers_.contains(id)) return;  // done, or another instance's
    }
    facilities.timers.cancel(id);
}

sw_series* sw_host::find_series(int kind, std::string_view given, std::string_view help,
                                const sw_str* labels, std::size_t label_count, const double* bounds,
                                std::size_t bound_count) {
    std::string name(given);
    if (!name.starts_with("streamwall_")) {
        auto prefix = manifest.name;
        std::ranges::replace(prefix, '-', '_');
        name = fmt::format("streamwall_{}_{}", prefix, name);
    }
    telemetry::Labels set;
    std::string key = fmt::format("{}{}", kind, name);
    for (std::size_t n = 0; n < label_count; ++n) {
        set.emplace(view(labels[2 * n]), view(labels[2 * n + 1]));
        key += fmt::format("\n{}\n{}", view(labels[2 * n]), view(labels[2 * n + 1]));
    }
    std::lock_guard lock(mutex_);
    auto& made = series_[key];
    if (made) return made.get();
    made = std::make_unique<sw_series>();
    made->kind = kind;
    auto& metrics = facilities.metrics;
    if (kind == SW_COUNTER)
        made->counter = metrics.counter(name, help, set);
    else if (kind == SW_GAUGE)
        made->gauge = metrics.gauge(name, help, set);
    else if (bound_count == 0)
        made->histogram = metrics.histogram(name, help, set);
    else
        made->histogram = metrics.histogram(name, help, set, {bounds, bounds + bound_count});
    return made.get();
}

void sw_host::set_health(std::string_view dependency, int health, std::string_view reason) {
    {
        std::lock_guard lock(mutex_);
        auto& report = health_[std::string(dependency)];
        if (report.health == health && report.reason == reason) return;
        report = {health, std::string(reason)};
    }
    listener.health_changed();
}

std::map<std::string, abi::HealthReport> sw_host::health() const {
    std::lock_guard lock(mutex_);
    return health_;
}

void sw_host::add_subscription(std::unique_ptr<sw_subscription> subscription) {
    std::lock_guard lock(mutex_);
    subscriptions_.push_back(std::move(subscription));
}

void sw_host::drop_subscription(sw_subscription* subscription) {
    std::unique_ptr<sw_subscription> ended;
    {
        std::lock_guard lock(mutex_);
        const auto found = std::ranges::find_if(
            subscriptions_, [&](const auto& one) { return one.get() == subscription; });
        if (found == subscriptions_.end()) return;
        ended = std::move(*found);
        subscriptions_.erase(found);
    }
    if (ended->transient) facilities.bus.unsubscribe(ended->transient);
    if (ended->durable) {
        ended->durable->end();
        if (open_) ended->durable->stop([] {});
    }
}
