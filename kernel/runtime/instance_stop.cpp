// How an instance ends: intake closes, it drains, stops, is audited and destroyed.
#include "runtime/instance.hpp"

#include <fmt/format.h>

namespace streamwall::runtime {

// Several may ask for the same end: an operator, and a host that stops meanwhile.
void Instance::drain(std::function<void()> done) {
    if (is_draining()) return drain_waiters_.push_back(std::move(done));
    if (state() != State::running) return done();
    set_state(State::draining);
    drain_deadline_ns_ = parts_.facilities.clock.monotonic_ns() +
                         static_cast<std::uint64_t>(parts_.stop_timeout.count()) * 1'000'000;
    drain_waiters_.push_back(std::move(done));
    run_step(SW_STEP_DRAIN, parts_.stop_timeout, [this](Failure failure) {
        if (failure.code != SW_OK) log(telemetry::Level::kWarn, "plugin.drain", failure.message);
        for (const auto& waiter : std::exchange(drain_waiters_, {}))
            waiter();
    });
}

void Instance::stop(std::function<void()> done) {
    if (is_draining()) {
        return drain_waiters_.push_back([this, done = std::move(done)] { stop(done); });
    }
    if (!host_ || state() == State::stuck) return done();
    stop_waiters_.push_back(std::move(done));
    if (stop_waiters_.size() > 1) return;
    end([this] {
        for (const auto& waiter : std::exchange(stop_waiters_, {}))
            waiter();
    });
}

// A start that was cut short may still be running: what it offers must be there to be withdrawn, so
// intake closes on the strand, behind it.
void Instance::end(std::function<void()> done) {
    set_state(State::stopping);
    pass_over_strand([this] { host_->begin_close(); },
                     [this, done](bool passed) {
                         if (!passed) return give_up("its strand does not come to rest", done);
                         close_intake(done);
                     });
}

void Instance::close_intake(std::function<void()> done) {
    // Gates may keep this waiting for callbacks: not a thing for the control strand.
    parts_.pool->post(exec::Task::of([this, self = shared_from_this(), done = std::move(done)] {
        host_->close_intake(parts_.stop_timeout, [this, self, done] {
            on_control([this, done] { withdraw_interfaces(done); });
        });
    }));
}

// Runs `there` on the plugin's strand, then `then` on the control strand: with false where the
// strand did not get to it in time.
void Instance::pass_over_strand(std::function<void()> there, std::function<void(bool)> then) {
    auto passed = std::make_shared<bool>(false);
    const auto timer = parts_.facilities.timers.after(parts_.control, parts_.stop_timeout,
                                                      [self = shared_from_this(), passed, then] {
                                                          if (!std::exchange(*passed, true))
                                                              then(false);
                                                      });
    host_->party.strand->post_function(
        [this, self = shared_from_this(), there = std::move(there), timer, passed, then] {
            there();
            on_control([this, timer, passed, then] {
                if (std::exchange(*passed, true)) return;
                parts_.facilities.timers.cancel(timer);
                then(true);
            });
        });
}

void Instance::withdraw_interfaces(std::function<void()> done) {
    auto fired = std::make_shared<bool>(false);
    const auto timer = parts_.facilities.timers.after(
        parts_.control, parts_.stop_timeout, [this, self = shared_from_this(), fired, done] {
            if (std::exchange(*fired, true)) return;
            log(telemetry::Level::kWarn, "interface.kept",
                fmt::format("still in use by {}",
                            fmt::join(parts_.facilities.interfaces.users_of(name()), ", ")));
            stop_plugin(done);
        });
    parts_.facilities.interfaces.withdraw_all(
        name(), [this, self = shared_from_this(), fired, timer, done] {
            on_control([this, fired, timer, done] {
                parts_.facilities.timers.cancel(timer);
                if (!std::exchange(*fired, true)) stop_plugin(done);
            });
        });
}

void Instance::stop_plugin(std::function<void()> done) {
    run_step(SW_STEP_STOP, parts_.stop_timeout, [this, done = std::move(done)](Failure failure) {
        if (failure.code == SW_DEADLINE_EXCEEDED) return give_up(failure.message, done);
        if (failure.code != SW_OK) log(telemetry::Level::kWarn, "plugin.stop", failure.message);
        parts_.pool->post(exec::Task::of([this, self = shared_from_this(), done] {
            const bool quiet = host_->close(parts_.stop_timeout);
            on_control([this, quiet, done] {
                if (!quiet) return give_up("left behind: " + host_->audit(), done);
                quiesce(done);
            });
        }));
    });
}

// Passes once more over the strand, so that nothing of the plugin is queued or running there.
void Instance::quiesce(std::function<void()> done) {
    pass_over_strand([] {},
                     [this, done](bool passed) {
                         if (!passed) return give_up("its strand does not come to rest", done);
                         host_->party.strand->close();
                         host_->party.strand->bind(nullptr);
                         set_state(State::stopped);
                         destroy(done);
                     });
}

void Instance::destroy(std::function<void()> done) {
    if (const auto left = host_->audit(); !left.empty()) {
        log(telemetry::Level::kWarn, "plugin.leak", "left behind at stop: " + left);
    }
    parts_.pool->post(exec::Task::of([this, self = shared_from_this(), done = std::move(done)] {
        entry_->plugin->destroy(self_);
        on_control([this, done] {
            self_ = nullptr;
            std::unique_ptr<sw_host> gone;
            {
                std::lock_guard lock(mutex_);
                gone = std::move(host_);
            }
            gone.reset();
            set_state(State::destroyed);
            done();
        });
    }));
}

void Instance::give_up(std::string reason, std::function<void()> done) {
    set_state(State::stuck, std::move(reason));
    done();
}

}  // namespace streamwall::runtime
