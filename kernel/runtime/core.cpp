// Orders of start and stop, retries and switches.
#include "runtime/core.hpp"

#include "runtime/endless_loop.hpp"

#include <streamwall/transport.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace streamwall::runtime {

namespace {

// Peers announce themselves each second, once a connection is there.
constexpr std::chrono::seconds kJournalsSettle{4};

transport::MeshOptions mesh_options(const NodeOptions& options) {
    transport::MeshOptions out;
    out.peer = options.isolation.empty() ? options.node : options.node + "~" + options.isolation;
    out.node = options.node;
    out.isolation = options.isolation;
    out.version = STREAMWALL_VERSION;
    out.prefix = options.mesh_prefix;
    return out;
}

unsigned worker_count(const NodeOptions& options) {
    if (options.virtual_clock) return 0;
    if (options.workers) return options.workers;
    return std::max(2u, std::thread::hardware_concurrency());
}

}  // namespace

Node::Core::Core(const NodeOptions& given, modules::ModuleStore& plugins, telemetry::Logger& logger)
    : options(given),
      modules(plugins),
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
                  if (options.isolation.empty()) return;
                  control->post_function([this, label] {
                      const auto* instance = find(label);
                      if (!instance || instance->state() != State::running) return;
                      watch_stuck(
                          instance->host()->party.strand, control, timers, options.compute_limit,
                          [this, label] {
                              log.error("plugin.endless", label,
                                        "computes without end; its process ends and starts again");
                              log.flush();
                              ::_exit(EXIT_FAILURE);
                          });
                  });
              }})),
      timers(clock, given.virtual_clock ? exec::Timers::Mode::manual : exec::Timers::Mode::thread),
      control(exec::Strand::make("control", *pool)),
      services(clock, timers, control),
      bus(clock),
      journal(services, clock),
      journals(std::make_shared<bus::Journal>("", "", bus::unowned(journal), bus::unowned(feed))),
      network(mesh_options(given),
              {services, bus, timers, clock, *pool, logger, interfaces, journals}),
      store(services, clock, "store"),
      singletons(given.node, given.singletons,
                 {store, timers, clock, control,
                  [this](const std::string& instance, bool is_ours) {
                      singleton_changed(instance, is_ours);
                  }}),
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
      schemas(given.data_dir),
      nodes_service(services, kernel_party, timers, clock, log, local_control(), peer_control()) {
    feed.on_event([this](const bus::EventPtr& event) { bus.observe(event); });
    feed.on_commit([this](const std::vector<bus::EventPtr>& events) {
        network.mesh().publish_committed(events);
    });
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
    if (const auto refused = schemas.admit("kernel", kernel_event_schemas());
        refused.code != SW_OK) {
        log.error("schema.refused", "kernel", refused.message);
    }
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
    network.attach(options.transports);
    if (is_joined()) journals.set_settle(kJournalsSettle);
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
        const auto reason = reason_to_wait(name);
        if (reason.empty())
            start_one(*instance);
        else
            instance->set_state(State::waiting, reason);
    }
    if (!under_way.empty() || !begun) return;
    Failure failure;
    for (const auto& [name, instance] : instances) {
        const auto required = instance->config()->config.required;
        const auto state = instance->state();
        if (!required || state == State::running || state == State::disabled) continue;
        if (singletons.stands_by(name)) continue;
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

bool Node::Core::is_joined() const {
    return !options.transports.empty() || std::ranges::any_of(instances, [](const auto& entry) {
        const auto* manifest = entry.second->manifest();
        return manifest &&
               std::ranges::find(manifest->interfaces, SW_TRANSPORT) != manifest->interfaces.end();
    });
}

std::vector<std::string> Node::Core::transports_to_come(const std::string& before) const {
    const auto is_transport = [](const Instance& instance) {
        const auto* manifest = instance.manifest();
        return manifest &&
               std::ranges::find(manifest->interfaces, SW_TRANSPORT) != manifest->interfaces.end();
    };
    std::vector<std::string> out;
    if (is_transport(*find(before))) return out;
    for (const auto& [name, instance] : instances) {
        const auto needs = graph.providers.find(name);
        const bool stands_alone = needs == graph.providers.end() || needs->second.empty();
        const bool is_to_come = instance->state() == State::waiting || under_way.contains(name);
        if (is_to_come && stands_alone && is_transport(*instance)) out.push_back(name);
    }
    return out;
}

std::vector<std::string> Node::Core::waits_of(const std::string& name) const {
    auto waits = transports_to_come(name);
    if (const auto missing = graph.missing.find(name); missing != graph.missing.end()) {
        waits.insert(waits.end(), missing->second.begin(), missing->second.end());
    }
    if (const auto providers = graph.providers.find(name); providers != graph.providers.end()) {
        for (const auto& provider : providers->second) {
            if (find(provider)->state() != State::running) waits.push_back(provider);
        }
    }
    return waits;
}

std::string Node::Core::reason_to_wait(const std::string& name) {
    if (const auto waits = waits_of(name); !waits.empty())
        return fmt::format("for {}", fmt::join(waits, ", "));
    return singletons.reason_to_wait(name);
}

void Node::Core::singleton_changed(const std::string& name, bool is_ours) {
    auto* instance = find(name);
    if (stopping || instance == nullptr) return;
    const bool has_to_stop =
        !is_ours && (instance->state() == State::running || under_way.contains(name));
    if (!has_to_stop) return settle();
    log.warn("singleton.lost", name, "another instance has taken over");
    give_order(
        name,
        [this](Instance& running, const Outcome& end) {
            take_down(running, [this, &running, end](Failure failure) {
                if (failure.code == SW_OK) running.set_state(State::waiting);
                settle();
                end(std::move(failure));
            });
        },
        [](const Failure&) {});
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
            singletons.stop([this] {
                network.stop([this] { control->post_function([this] { all_stopped(); }); });
            });
        });
    });
}

void Node::Core::all_stopped() {
    stopped = true;
    if (const auto cut_short = std::exchange(begun, nullptr)) {
        cut_short(Failure::of(SW_CANCELLED, "the host was stopped while it started"));
    }
    for (const auto& done : std::exchange(stop_waiters, {}))
        done();
}

}  // namespace streamwall::runtime
