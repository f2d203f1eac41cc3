// The steps of an instance's life.
#include "runtime/instance.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace streamwall::runtime {

namespace {
const char* step_name(int kind) {
    switch (kind) {
        case SW_STEP_START:
            return "start";
        case SW_STEP_DRAIN:
            return "drain";
        default:
            return "stop";
    }
}

// No step may throw; a plugin without the SDK's thunks that does is refused instead of ending the
// process. Its exception's type is unknown here, so nothing of it is read.
template <class Step>
sw_status guarded(sw_error* error, Step step) {
    try {
        return step();
    } catch (...) {
        return fill(error, Failure::of(SW_INTERNAL, "threw an exception across the boundary"));
    }
}
}  // namespace

std::string_view to_string(State state) {
    switch (state) {
        case State::discovered:
            return "discovered";
        case State::waiting:
            return "waiting";
        case State::created:
            return "created";
        case State::starting:
            return "starting";
        case State::running:
            return "running";
        case State::draining:
            return "draining";
        case State::stopping:
            return "stopping";
        case State::stopped:
            return "stopped";
        case State::destroyed:
            return "destroyed";
        case State::disabled:
            return "disabled";
        case State::failed:
            return "failed";
        case State::stuck:
            return "stuck";
    }
    return "unknown";
}

Instance::Instance(std::shared_ptr<const config::ResolvedInstance> config,
                   const modules::Inspection* inspection, InstanceParts parts)
    : name_(config->config.name),
      parts_(std::move(parts)),
      config_(std::move(config)),
      inspection_(inspection) {
    snapshot_.since_ms = parts_.facilities.clock.wall_ms();
}

// A stuck instance is left behind: its code may still use the host.
Instance::~Instance() {
    if (host_) static_cast<void>(host_.release());
}

const modules::Inspection* Instance::inspection() const {
    std::lock_guard lock(mutex_);
    return inspection_;
}

const modules::Manifest* Instance::manifest() const {
    const auto* found = inspection();
    return found && found->manifest ? &*found->manifest : nullptr;
}

std::shared_ptr<const config::ResolvedInstance> Instance::config() const {
    std::lock_guard lock(mutex_);
    return config_;
}

void Instance::adopt(std::shared_ptr<const config::ResolvedInstance> config,
                     const modules::Inspection* inspection) {
    std::lock_guard lock(mutex_);
    config_ = std::move(config);
    inspection_ = inspection;
}

void Instance::on_control(std::function<void()> function) {
    parts_.control->post(
        exec::Task::of([self = shared_from_this(), f = std::move(function)] { f(); }));
}

void Instance::log(telemetry::Level level, std::string_view event, const std::string& text) {
    parts_.facilities.log.log(level, event, name(), text);
}

State Instance::state() const {
    std::lock_guard lock(mutex_);
    return snapshot_.state;
}

void Instance::set_state(State state, std::string reason) {
    {
        std::lock_guard lock(mutex_);
        if (snapshot_.state == state && snapshot_.reason == reason) return;
        if (state == State::starting && starts_++ > 0) ++snapshot_.restarts;
        snapshot_.state = state;
        snapshot_.reason = reason;
        snapshot_.since_ms = parts_.facilities.clock.wall_ms();
    }
    const auto level = state == State::failed || state == State::stuck ? telemetry::Level::kError
                                                                       : telemetry::Level::kDebug;
    parts_.facilities.log.log(level, "plugin.state", name(),
                              reason.empty() ? std::string(to_string(state))
                                             : fmt::format("{}: {}", to_string(state), reason));
    parts_.changed(*this);
}

Instance::Snapshot Instance::snapshot() const {
    std::lock_guard lock(mutex_);
    auto out = snapshot_;
    if (host_) {
        out.health = host_->health();
        out.misuses = host_->misuses();
    }
    return out;
}

std::vector<std::shared_ptr<bus::DurableReader>> Instance::readers() const {
    std::lock_guard lock(mutex_);
    return host_ ? host_->readers() : std::vector<std::shared_ptr<bus::DurableReader>>{};
}

void Instance::health_changed() {
    parts_.changed(*this);
}

// ---- start ----

Failure Instance::load() {
    const auto wanted = config();
    const auto* found = inspection();
    if (found == nullptr) {
        return Failure::of(SW_NOT_FOUND,
                           fmt::format("plugin '{}' is not installed", wanted->config.plugin));
    }
    if (!found->manifest) return found->failure;
    if (auto refused = parts_.admit(name(), *found->manifest); refused.code != SW_OK) {
        return refused;
    }
    auto entry = parts_.modules.load(*found, wanted->config.sha256);
    if (!entry) return std::move(entry.error());
    entry_ = *entry;
    return {};
}

void Instance::start(Done done) {
    start_aborted_ = false;
    given_up_ = 0;
    if (auto failure = load(); failure.code != SW_OK) {
        set_state(State::failed, failure.message);
        return done(std::move(failure));
    }
    create([this, done = std::move(done)](Failure failure) {
        if (failure.code != SW_OK) {
            set_state(State::failed, "create: " + failure.message);
            return done(std::move(failure));
        }
        set_state(State::starting);
        const auto limit = start_aborted_ ? std::chrono::milliseconds(0) : parts_.start_timeout;
        run_step(SW_STEP_START, limit, [this, done](Failure failed) {
            if (failed.code == SW_OK) {
                host_->open();
                set_state(State::running);
                return done({});
            }
            // A half-started plugin is stopped like a whole one before it counts as failed.
            end([this, done, failed] {
                if (state() != State::stuck) set_state(State::failed, "start: " + failed.message);
                done(failed);
            });
        });
    });
}

void Instance::abort_start() {
    start_aborted_ = true;
    if (step_ && step_->kind == SW_STEP_START) {
        given_up_ = SW_STEP_START;
        finish_step(step_->number, Failure::of(SW_CANCELLED, "stopped before it had started"));
    }
}

void Instance::create(Done done) {
    auto fresh = std::make_unique<sw_host>(parts_.facilities, *manifest(), name(), *this);
    {
        std::lock_guard lock(mutex_);
        host_ = std::move(fresh);
    }
    const auto settings =
        std::make_shared<const std::string>(boost::json::serialize(config()->settings.value));
    host_->party.strand->post_function(
        [this, self = shared_from_this(), settings, done = std::move(done)]() mutable {
            ErrorSlot error;
            const auto status = guarded(error.get(), [&] {
                return entry_->plugin->create(host_->api(), str(*settings), &self_, error.get());
            });
            auto failure = status == SW_OK ? Failure{} : Failure::from(status, error.get());
            on_control([this, failure, done = std::move(done)]() mutable {
                if (failure.code == SW_OK) {
                    set_state(State::created);
                    return done({});
                }
                self_ = nullptr;
                std::unique_ptr<sw_host> gone;
                {
                    std::lock_guard lock(mutex_);
                    gone = std::move(host_);
                }
                gone->close_intake(parts_.stop_timeout, [] {});
                gone->close(parts_.stop_timeout);
                done(std::move(failure));
            });
        });
}

// ---- steps of the plugin ----

sw_status Instance::call_step(int kind, sw_error* error) {
    return guarded(error, [&] {
        const auto& table = *entry_->plugin;
        if (kind == SW_STEP_START) return table.start ? table.start(self_, error) : SW_OK;
        if (kind == SW_STEP_DRAIN) {
            return table.drain ? table.drain(self_, drain_deadline_ns_, error) : SW_OK;
        }
        return table.stop ? table.stop(self_, error) : SW_OK;
    });
}

void Instance::run_step(int kind, std::chrono::milliseconds limit, Done done) {
    auto step = std::make_shared<Step>();
    step->kind = kind;
    step->number = ++steps_;
    step->done = std::move(done);
    step_ = step;
    step->timer = parts_.facilities.timers.after(
        parts_.control, limit,
        [this, self = shared_from_this(), number = step->number, kind, limit] {
            given_up_ = kind;
            finish_step(number, Failure::of(SW_DEADLINE_EXCEEDED,
                                            fmt::format("{} did not end within {} ms",
                                                        step_name(kind), limit.count())));
        });
    host_->party.strand->post_function([this, self = shared_from_this(), kind,
                                        number = step->number] {
        ErrorSlot error;
        const auto status = call_step(kind, error.get());
        if (status == SW_PENDING) return;
        on_control([this, number,
                    failure = status == SW_OK ? Failure{} : Failure::from(status, error.get())] {
            finish_step(number, failure);
        });
    });
}

void Instance::finish_step(std::uint64_t number, Failure failure) {
    if (!step_ || step_->number != number) return;
    const auto step = std::move(step_);
    step_ = nullptr;
    parts_.facilities.timers.cancel(step->timer);
    step->done(std::move(failure));
}

void Instance::step_completed(int kind, sw_status status, Failure failure) {
    failure.code = status;
    on_control([this, kind, failure = std::move(failure)] {
        if (step_ && step_->kind == kind) return finish_step(step_->number, failure);
        // The host was faster; the plugin could not know.
        if (std::exchange(given_up_, 0) == kind) return;
        log(telemetry::Level::kWarn, "plugin.misbehaving",
            fmt::format("completed step {} that is not under way", step_name(kind)));
    });
}

// ---- new settings ----

void Instance::reconfigure(std::shared_ptr<const config::ResolvedInstance> config, Done done) {
    const auto& table = *entry_->plugin;
    if (!SW_HAS(&table, reconfigure) || table.reconfigure == nullptr) {
        return done(Failure::of(SW_UNIMPLEMENTED, "takes no settings while it runs"));
    }
    auto outcome = std::make_shared<Failure>();
    auto settings =
        std::make_shared<const std::string>(boost::json::serialize(config->settings.value));
    pass_over_strand(
        [this, settings, outcome] {
            ErrorSlot error;
            const auto status = guarded(error.get(), [&] {
                return entry_->plugin->reconfigure(self_, str(*settings), error.get());
            });
            if (status != SW_OK) *outcome = Failure::from(status, error.get());
        },
        [this, config, outcome, done = std::move(done)](bool passed) {
            if (!passed) {
                return done(Failure::of(
                    SW_DEADLINE_EXCEEDED,
                    fmt::format("did not take them within {} ms", parts_.stop_timeout.count())));
            }
            if (outcome->code == SW_OK) adopt(config, inspection());
            done(*outcome);
        });
}

}  // namespace streamwall::runtime
