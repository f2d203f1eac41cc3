// Orders of start and stop, retries and switches.
#include "runtime/core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace streamwall::runtime {

namespace {

unsigned worker_count(const NodeOptions& options) {
    if (options.virtual_clock) return 0;
    if (options.workers) return options.workers;
    return std::max(2u, std::thread::hardware_concurrency());
}

}  // namespace

Node::Core::Core(const NodeOptions& given, modules::ModuleStore& store, telemetry::Logger& logger)
    : options(given),
      modules(store),
      log(logger),
      clock(given.virtual_clock ? static_cast<const exec::Clock&>(*given.virtual_clock)
                                : system_clock),
      blocking({.name = "blocking",
                .workers = given.virtual_clock ? 0u : 4u,
                .stuck_after = std::chrono::milliseconds(0)}),
      pool(std::make_shared<exec::Pool>(exec::PoolOptions{
          .name = "pool",
          .workers = worker_count(given),
          .on_stuck =
              [this](const std::string& label, std::chrono::milliseconds stuck) {
                  log.warn("plugin.stuck", label,
                           fmt::format("blocks a thread of the pool for {} ms; it is replaced",
                                       stuck.count()));
              }})),
      timers(clock, given.virtual_clock ? exec::Timers::Mode::manual : exec::Timers::Mode::thread),
      control(exec::Strand::make("control", *pool)),
      services(clock, timers, control),
      bus(clock),
      journal(services, clock),
      journals(std::make_shared<bus::Journal>("", "", bus::unowned(journal), bus::unowned(feed))),
      facilities{clock,
                 timers,
                 *pool,
                 blocking,
                 services,
                 bus,
                 feed,
                 journals,
                 nullptr,
                 interfaces,
                 log,
                 metrics,
                 given.node,
                 given.validate_events,
                 [this](std::string_view what) { return document(what); }},
      announcer(bus, kernel_party, given.node),
      nodes_service(services, kernel_party, timers, clock, log, local_control(), peer_control()) {
    feed.on_event([this](const bus::EventPtr& event) { bus.observe(event); });
    if (options.memory_link) {
        link = std::make_unique<transport::MemoryLink>(
            services, timers, clock, pool,
            transport::MemoryLinkOptions{.seed = options.memory_link_seed});
        services.set_link(link.get());
        bus.set_link(link.get());
        facilities.event_link = link.get();
    }
    operator_party.instance = "operator";
    operator_party.address = "operator@" + options.node;
    operator_party.strand = control;
    kernel_party.instance = "kernel";
    kernel_party.address = "kernel@" + options.node;
    kernel_party.strand = exec::Strand::make("kernel", *pool);
    services.open(kernel_party);
    if (auto kept = read_overrides(options.data_dir))
        overrides = std::move(*kept);
    else
        log.warn("overrides.unreadable", "kernel", kept.error().message);
    for (const auto& config : options.instances) {
        auto wanted = overlaid(config);
        if (!wanted) log.warn("overrides.refused", config.config.name, wanted.error().message);
        auto plain = std::make_shared<const config::ResolvedInstance>(config);
        from_file[config.config.name] = plain;
        add_instance(wanted ? *wanted : plain);
    }
    relink();
}

Node::Core::~Core() {
    // Whatever is still queued refers to the instances.
    pool->stop_within(options.stop_timeout);
    blocking.stop_within(options.stop_timeout);
    services.forget_party(operator_party);
    services.forget_party(kernel_party);
}

Instance* Node::Core::find(const std::string& name) const {
    std::lock_guard lock(instances_mutex);
    const auto found = instances.find(name);
    return found == instances.end() ? nullptr : found->second.get();
}

std::vector<std::shared_ptr<Instance>> Node::Core::all() const {
    std::lock_guard lock(instances_mutex);
    std::vector<std::shared_ptr<Instance>> out;
    for (const auto& [name, instance] : instances)
        out.push_back(instance);
    return out;
}

void Node::Core::begin(std::function<void(Failure)> done) {
    started_ms = clock.wall_ms();
    begun = std::move(done);
    for (const auto& [name, instance] : instances) {
        if (!instance->config()->config.enabled) {
            switch_off(*instance);
        } else if (std::ranges::find(graph.cycle, name) != graph.cycle.end()) {
            instance->set_state(State::failed,
                                fmt::format("needs itself: {}", fmt::join(graph.cycle, " → ")));
        } else {
            instance->set_state(State::waiting);
        }
    }
    settle();
}

void Node::Core::settle() {
    if (stopping) return;
    for (const auto& [name, instance] : instances) {
        if (instance->state() != State::waiting || under_way.contains(name)) continue;
        const auto waits = waits_of(name);
        if (waits.empty())
            start_one(*instance);
        else
            instance->set_state(State::waiting, fmt::format("for {}", fmt::join(waits, ", ")));
    }
    if (!under_way.empty() || !begun) return;
    Failure failure;
    for (const auto& [name, instance] : instances) {
        const auto required = instance->config()->config.required;
        const auto state = instance->state();
        if (!required || state == State::running || state == State::disabled) continue;
        failure =
            Failure::of(SW_UNAVAILABLE, fmt::format("required plugin '{}' is {}: {}", name,
                                                    to_string(state), instance->snapshot().reason));
        if (state == State::failed) break;  // a better reason than who waits for it
    }
    const auto done = std::exchange(begun, nullptr);
    if (failure.code == SW_OK) {
        ready = true;
        return done({});
    }
    shut_down([done, failure] { done(failure); });
}

std::vector<std::string> Node::Core::waits_of(const std::string& name) const {
    std::vector<std::string> waits;
    if (const auto missing = graph.missing.find(name); missing != graph.missing.end()) {
        waits = missing->second;
    }
    if (const auto providers = graph.providers.find(name); providers != graph.providers.end()) {
        for (const auto& provider : providers->second) {
            if (find(provider)->state() != State::running) waits.push_back(provider);
        }
    }
    return waits;
}

void Node::Core::start_one(Instance& instance) {
    under_way.insert(instance.name());
    instance.start([this, &instance](Failure failure) {
        start_ended(instance);
        if (failure.code == SW_OK) {
            failures.erase(instance.name());
            started.push_back(instance.name());
        } else if (failure.code == SW_UNAVAILABLE || failure.code == SW_DEADLINE_EXCEEDED) {
            retry_later(instance);
        }
        settle();
    });
}

// Only what may pass by itself is tried again: 1 s, 2 s, … 60 s.
void Node::Core::retry_later(Instance& instance) {
    const bool wanted = instance.config()->config.restart != config::RestartPolicy::kNever;
    if (!wanted || stopping || instance.state() == State::stuck) return;
    const int before = failures[instance.name()]++;
    const auto wait = std::chrono::seconds(std::min(60, 1 << std::min(before, 6)));
    timers.after(control, wait, [this, &instance] {
        if (stopping || instance.state() != State::failed) return;
        instance.set_state(State::waiting);
        settle();
    });
}

std::vector<Instance*> Node::Core::stop_order() const {
    std::vector<Instance*> order;
    for (auto name = started.rbegin(); name != started.rend(); ++name) {
        auto* instance = find(*name);
        if (std::ranges::find(order, instance) == order.end()) order.push_back(instance);
    }
    return order;
}

void Node::Core::stop_in_order(std::vector<Instance*> order, bool drain_only,
                               std::function<void()> done) {
    if (order.empty()) return done();
    auto* next = order.front();
    order.erase(order.begin());
    auto then = [this, order = std::move(order), drain_only, done = std::move(done)] {
        stop_in_order(order, drain_only, done);
    };
    if (drain_only)
        next->drain(std::move(then));
    else
        next->stop(std::move(then));
}

void Node::Core::start_ended(const Instance& instance) {
    under_way.erase(instance.name());
    std::vector<Waiting> kept;
    for (auto& waiting : waiting_for_starts) {
        const bool is_due =
            waiting.instance.empty() ? under_way.empty() : waiting.instance == instance.name();
        // Posted: the caller has yet to note down how this start ended.
        if (is_due)
            control->post_function(std::move(waiting.then));
        else
            kept.push_back(std::move(waiting));
    }
    waiting_for_starts = std::move(kept);
}

void Node::Core::abort_start(const std::string& name, std::function<void()> then) {
    if (name.empty() ? under_way.empty() : !under_way.contains(name)) return then();
    waiting_for_starts.push_back({name, std::move(then)});
    for (const auto& starting : std::set(under_way)) {
        if (name.empty() || starting == name) find(starting)->abort_start();
    }
}

void Node::Core::shut_down(std::function<void()> done) {
    if (stopped) return done();
    stop_waiters.push_back(std::move(done));
    if (stopping.exchange(true)) return;
    ready = false;
    // What an operator ordered comes to an end first, so that nobody starts or stops the same.
    services.withdraw(kernel_party, std::chrono::milliseconds(0));
    abort_start("", [this] { orders.close([this] { stop_all(); }); });
}

void Node::Core::stop_all() {
    const auto order = stop_order();
    stop_in_order(order, true, [this, order] {
        stop_in_order(order, false, [this] {
            stopped = true;
            if (const auto cut_short = std::exchange(begun, nullptr)) {
                cut_short(Failure::of(SW_CANCELLED, "the host was stopped while it started"));
            }
            for (const auto& done : std::exchange(stop_waiters, {}))
                done();
        });
    });
}

}  // namespace streamwall::runtime
