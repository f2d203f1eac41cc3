// Orders of start and stop, retries and switches.
#include "runtime/core.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <thread>

namespace streamwall::runtime {

namespace {

unsigned worker_count(const NodeOptions& options) {
    if (options.virtual_clock) return 0;
    if (options.workers) return options.workers;
    return std::max(2u, std::thread::hardware_concurrency());
}

std::vector<std::string> required_needs(const modules::Manifest& manifest) {
    std::vector<std::string> out;
    for (const auto& need : manifest.needs) {
        if (!need.optional) out.push_back(need.name);
    }
    return out;
}

std::filesystem::path overrides_file(const NodeOptions& options) {
    return options.data_dir / "overrides.json";
}

std::set<std::string> read_overrides(const NodeOptions& options, telemetry::Logger& log) {
    std::set<std::string> off;
    if (options.data_dir.empty()) return off;
    std::ifstream file(overrides_file(options));
    if (!file) return off;
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    boost::system::error_code failed;
    const auto value = boost::json::parse(text, failed);
    const auto* list =
        failed || !value.is_object() ? nullptr : value.get_object().if_contains("disabled");
    if (list == nullptr || !list->is_array()) {
        log.warn("overrides.unreadable", "kernel",
                 fmt::format("{} is ignored", overrides_file(options).string()));
        return off;
    }
    for (const auto& name : list->get_array()) {
        if (name.is_string()) off.emplace(name.get_string());
    }
    return off;
}

Failure write_overrides(const NodeOptions& options, const std::set<std::string>& off) {
    if (options.data_dir.empty()) return {};
    boost::json::array list(off.begin(), off.end());
    const auto file = overrides_file(options);
    const auto next = file.string() + ".new";
    std::ofstream out(next);
    out << boost::json::serialize(boost::json::object{{"disabled", list}}) << "\n";
    out.close();
    std::error_code failed;
    if (out) std::filesystem::rename(next, file, failed);
    if (out && !failed) return {};
    return Failure::of(SW_INTERNAL,
                       "the switch works until the next start only: cannot write " + file.string());
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
      facilities{clock,
                 timers,
                 *pool,
                 blocking,
                 services,
                 bus,
                 feed,
                 journal,
                 nullptr,
                 interfaces,
                 shared_owners,
                 log,
                 metrics,
                 given.node,
                 given.validate_events,
                 [this](std::string_view what) { return document(what); }} {
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
    overridden_off = read_overrides(options, log);
    std::vector<Declared> declared;
    for (const auto& config : options.instances) {
        auto instance = std::make_shared<Instance>(
            config, modules.find(config.config.plugin),
            InstanceParts{facilities, modules, control, pool, options.start_timeout,
                          options.stop_timeout, [] {}});
        if (const auto* manifest = instance->manifest()) {
            Declared one{config.config.name, manifest->provides, required_needs(*manifest)};
            one.provides.insert(one.provides.end(), manifest->interfaces.begin(),
                                manifest->interfaces.end());
            declared.push_back(std::move(one));
        }
        instances.emplace(config.config.name, std::move(instance));
    }
    graph = link_needs(declared);
}

Node::Core::~Core() {
    // Whatever is still queued refers to the instances.
    pool->stop_within(options.stop_timeout);
    blocking.stop_within(options.stop_timeout);
    services.forget_party(operator_party);
}

Instance* Node::Core::find(const std::string& name) const {
    const auto found = instances.find(name);
    return found == instances.end() ? nullptr : found->second.get();
}

void Node::Core::begin(std::function<void(Failure)> done) {
    started_ms = clock.wall_ms();
    begun = std::move(done);
    for (const auto& [name, instance] : instances) {
        if (!instance->config().config.enabled) {
            instance->set_state(State::disabled, "by the configuration");
        } else if (overridden_off.contains(name)) {
            instance->set_state(State::disabled, "by an operator");
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
        std::vector<std::string> waits;
        if (const auto missing = graph.missing.find(name); missing != graph.missing.end()) {
            waits = missing->second;
        }
        if (const auto providers = graph.providers.find(name); providers != graph.providers.end()) {
            for (const auto& provider : providers->second) {
                if (find(provider)->state() != State::running) waits.push_back(provider);
            }
        }
        if (waits.empty())
            start_one(*instance);
        else
            instance->set_state(State::waiting, fmt::format("for {}", fmt::join(waits, ", ")));
    }
    if (!under_way.empty() || !begun) return;
    Failure failure;
    for (const auto& [name, instance] : instances) {
        const auto& config = instance->config().config;
        const auto state = instance->state();
        if (!config.required || state == State::running || state == State::disabled) continue;
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
    const bool wanted = instance.config().config.restart != config::RestartPolicy::kNever;
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
    if (std::exchange(stopping, true)) return;
    ready = false;
    abort_start("", [this] { stop_all(); });
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

void Node::Core::disable(const std::string& name, std::function<void(Failure)> done) {
    auto* instance = find(name);
    if (instance == nullptr) {
        return done(Failure::of(SW_NOT_FOUND, fmt::format("this node runs no plugin '{}'", name)));
    }
    overridden_off.insert(name);
    const auto finish = [this, instance, done = std::move(done)] {
        if (instance->state() == State::stuck) {
            return done(
                Failure::of(SW_DEADLINE_EXCEEDED, "it is stuck: " + instance->snapshot().reason));
        }
        instance->set_state(State::disabled, "by an operator");
        settle();
        done(write_overrides(options, overridden_off));
    };
    abort_start(name, [this, instance, finish] {
        std::erase(started, instance->name());
        instance->drain([instance, finish] { instance->stop(finish); });
    });
}

void Node::Core::enable(const std::string& name, std::function<void(Failure)> done) {
    auto* instance = find(name);
    if (instance == nullptr) {
        return done(Failure::of(SW_NOT_FOUND, fmt::format("this node runs no plugin '{}'", name)));
    }
    overridden_off.erase(name);
    auto saved = write_overrides(options, overridden_off);
    if (instance->state() == State::running || under_way.contains(name)) return done(saved);
    if (instance->state() == State::stuck) {
        return done(Failure::of(SW_FAILED_PRECONDITION, "it is stuck; restart the host"));
    }
    if (stopping) return done(Failure::of(SW_CANCELLED, "the host stops"));
    if (instance->state() == State::draining || instance->state() == State::stopping) {
        return instance->stop([this, name, done = std::move(done)] { enable(name, done); });
    }
    under_way.insert(name);
    instance->start([this, instance, saved, done = std::move(done)](Failure failure) {
        start_ended(*instance);
        if (failure.code == SW_OK)
            started.push_back(instance->name());
        else if (failure.code == SW_UNAVAILABLE)
            retry_later(*instance);
        settle();
        done(failure.code == SW_OK ? saved : failure);
    });
}

}  // namespace streamwall::runtime
