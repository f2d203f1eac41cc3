#include "runtime/supervisor/supervisor.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

// glibc 2.36 forgot to say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace streamwall::runtime {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kRestartsAtOnce = 2;  // in a row; the next one waits
constexpr auto kLookAtLimits = 50ms;
constexpr auto kLivesOnWithoutLink = 1s;  // long enough for an end that is under way

std::uint64_t in_ns(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(time.count());
}

std::string mebibytes(std::uint64_t bytes) {
    return fmt::format("{} MiB", (bytes + (1 << 19)) >> 20);
}

}  // namespace

std::string_view to_string(ChildState state) {
    switch (state) {
        case ChildState::starting:
            return "starting";
        case ChildState::ready:
            return "ready";
        case ChildState::degraded:
            return "degraded";
        case ChildState::waiting:
            return "waiting";
        case ChildState::stopping:
            return "stopping";
        case ChildState::stopped:
            return "stopped";
    }
    return "";
}

// All but `status` belongs to the loop's thread.
struct Supervisor::Child {
    ChildSpec spec;
    ChildStatus status;  // under the mutex
    ChildProcess process;
    std::uint64_t number = 0;  // of its handle in the loop
    std::uint64_t launched_ns = 0;
    std::uint64_t crashes = 0;                                      // in a row
    std::uint64_t start_at_ns = 0, kill_at_ns = 0, look_at_ns = 0;  // 0: never
    std::string kill_reason;                                        // for kill_at_ns
    std::string killed_for;  // by this supervisor; empty: by nobody here
    bool stop_wanted = false;
    std::vector<std::function<void()>> stop_waiters;

    bool has_limits() const { return spec.max_resident_bytes || spec.max_threads; }
    bool runs() const { return process.pid != 0; }
    void signal(int number_of_signal) const {
        ::pidfd_send_signal(process.handle.get(), number_of_signal, nullptr, 0);
    }
};

// Readable once the process has ended.
class Supervisor::Exits final : public exec::Polled {
  public:
    Exits(Supervisor& supervisor, std::weak_ptr<Child> child)
        : supervisor_(supervisor), child_(std::move(child)) {}
    void readable() override {
        if (const auto child = child_.lock()) supervisor_.ended(child);
    }

  private:
    Supervisor& supervisor_;
    const std::weak_ptr<Child> child_;
};

Supervisor::Supervisor(SupervisorOptions options, telemetry::Logger& log)
    : options_(std::move(options)),
      log_(log),
      loop_("supervisor", [this](std::uint64_t now_ns) { on_time(now_ns); }) {}

Supervisor::~Supervisor() {
    loop_.post([this] {
        for (const auto& child : all()) {
            if (!child->runs()) continue;
            child->signal(SIGKILL);
            reap(child->process);
        }
    });
    loop_.stop();
}

Supervisor::ChildPtr Supervisor::find(const std::string& name) const {
    std::lock_guard lock(mutex_);
    const auto found =
        std::ranges::find(children_, name, [](const ChildPtr& child) { return child->spec.name; });
    return found == children_.end() ? nullptr : *found;
}

std::vector<Supervisor::ChildPtr> Supervisor::all() const {
    std::lock_guard lock(mutex_);
    return children_;
}

std::vector<ChildStatus> Supervisor::children() const {
    std::lock_guard lock(mutex_);
    std::vector<ChildStatus> out;
    for (const auto& child : children_)
        out.push_back(child->status);
    return out;
}

void Supervisor::set_state(const ChildPtr& child, ChildState state, std::string reason) {
    ChildStatus status;
    {
        std::lock_guard lock(mutex_);
        child->status.state = state;
        child->status.reason = std::move(reason);
        child->status.pid = child->process.pid;
        status = child->status;
    }
    if (options_.changed) options_.changed(status);
}

// ---- start ----

void Supervisor::start(ChildSpec spec) {
    auto child = std::make_shared<Child>();
    child->status.name = spec.name;
    child->spec = std::move(spec);
    {
        std::lock_guard lock(mutex_);
        children_.push_back(child);
    }
    loop_.post([this, child] {
        if (!child->stop_wanted) launch(child);
    });
}

void Supervisor::launch(const ChildPtr& child) {
    child->start_at_ns = 0;
    child->launched_ns = exec::Loop::now_ns();
    child->killed_for.clear();
    Descriptor link;
    Failure failure;
    if (options_.open_link) {
        auto opened = options_.open_link(child->spec.name, child->status.starts + 1);
        if (opened)
            link = std::move(*opened);
        else
            failure = opened.error();
    }
    if (failure.code == SW_OK) {
        auto process = start_process({.program = options_.program,
                                      .arguments = child->spec.arguments,
                                      .environment = child->spec.environment,
                                      .link = link ? &link : nullptr});
        if (process)
            child->process = std::move(*process);
        else
            failure = process.error();
    }
    if (failure.code != SW_OK) return start_again(child, failure.message);
    {
        std::lock_guard lock(mutex_);
        ++child->status.starts;
    }
    log_.info("child.started", child->spec.name, "started",
              {{"pid", static_cast<std::int64_t>(child->process.pid)}});
    set_state(child, ChildState::starting, "");
    child->number = loop_.add(child->process.handle.get(), std::make_shared<Exits>(*this, child));
    if (!child->has_limits()) return;
    child->look_at_ns = exec::Loop::now_ns() + in_ns(kLookAtLimits);
    loop_.wake_by(child->look_at_ns);
}

void Supervisor::report(const std::string& name, ChildState state, std::string reason) {
    loop_.post([this, name, state, reason = std::move(reason)]() mutable {
        const auto child = find(name);
        if (child && child->runs() && !child->stop_wanted) {
            set_state(child, state, std::move(reason));
        }
    });
}

void Supervisor::link_lost(const std::string& name, std::uint64_t start, std::string reason) {
    loop_.post([this, name, start, reason = std::move(reason)] {
        const auto child = find(name);
        if (!child || !child->runs() || child->stop_wanted || child->status.starts != start) return;
        child->kill_reason = "killed: its connection has ended: " + reason;
        child->kill_at_ns = exec::Loop::now_ns() + in_ns(kLivesOnWithoutLink);
        loop_.wake_by(child->kill_at_ns);
    });
}

// ---- the end of a process ----

void Supervisor::ended(const ChildPtr& child) {
    if (!child->runs()) return;
    loop_.remove(child->process.handle.get(), child->number);
    const auto exit = reap(child->process);
    child->process = {};
    child->look_at_ns = child->kill_at_ns = 0;
    const auto why = child->killed_for.empty() ? exit.words : child->killed_for;
    if (child->stop_wanted) {
        log_.info("child.stopped", child->spec.name, why);
        set_state(child, ChildState::stopped, why);
        for (const auto& done : std::exchange(child->stop_waiters, {}))
            done();
        return;
    }
    start_again(child, why);
}

void Supervisor::start_again(const ChildPtr& child, const std::string& why) {
    const auto wait = wait_after_crash(*child);
    if (wait == 0ms) {
        log_.error("child.crashed", child->spec.name, why + "; it starts again at once");
        return launch(child);
    }
    const auto text = fmt::format("{}, {} times in a row; it starts again in {} ms", why,
                                  child->crashes, wait.count());
    log_.error("child.crashed", child->spec.name, text);
    set_state(child, ChildState::waiting, text);
    child->start_at_ns = exec::Loop::now_ns() + in_ns(wait);
    loop_.wake_by(child->start_at_ns);
}

std::chrono::milliseconds Supervisor::wait_after_crash(Child& child) const {
    const auto lived = exec::Loop::now_ns() - child.launched_ns;
    child.crashes = lived < in_ns(options_.short_life) ? child.crashes + 1 : 1;
    if (child.crashes <= kRestartsAtOnce) return 0ms;
    const auto doublings = std::min<std::uint64_t>(child.crashes - kRestartsAtOnce - 1, 16);
    return std::min(options_.longest_wait, options_.first_wait * (std::int64_t{1} << doublings));
}

// ---- limits ----

// By looking, since the limits that the system offers to everybody are those of a user or of
// addresses, not of what one process uses.
void Supervisor::check_limits(const ChildPtr& child) {
    if (!child->runs() || !child->killed_for.empty()) return;
    const auto& spec = child->spec;
    const auto usage = usage_of(child->process.pid);
    if (!usage) return;
    if (spec.max_resident_bytes && usage->resident_bytes > spec.max_resident_bytes) {
        child->killed_for =
            fmt::format("killed: memory limit ({} used, {} allowed)",
                        mebibytes(usage->resident_bytes), mebibytes(spec.max_resident_bytes));
    } else if (spec.max_threads && usage->threads > spec.max_threads) {
        child->killed_for = fmt::format("killed: thread limit ({} threads, {} allowed)",
                                        usage->threads, spec.max_threads);
    }
    if (!child->killed_for.empty()) child->signal(SIGKILL);
}

// ---- stop ----

void Supervisor::stop(const std::string& name, std::function<void()> done) {
    loop_.post([this, name, done = std::move(done)]() mutable {
        const auto child = find(name);
        if (!child) return done();
        terminate(child, std::move(done));
    });
}

void Supervisor::terminate(const ChildPtr& child, std::function<void()> done) {
    const bool first = !std::exchange(child->stop_wanted, true);
    child->start_at_ns = 0;
    if (!child->runs()) {
        if (first) set_state(child, ChildState::stopped, "");
        return done();
    }
    child->stop_waiters.push_back(std::move(done));
    if (!first) return;
    child->signal(SIGTERM);
    set_state(child, ChildState::stopping, "");
    child->kill_reason =
        fmt::format("killed: it did not stop within {} ms", child->spec.stop_timeout.count());
    child->kill_at_ns = exec::Loop::now_ns() + in_ns(child->spec.stop_timeout);
    loop_.wake_by(child->kill_at_ns);
}

void Supervisor::kill_all() {
    loop_.post([this] {
        for (const auto& child : all()) {
            child->stop_wanted = true;
            child->start_at_ns = 0;
            if (child->runs()) child->signal(SIGKILL);
        }
    });
}

// ---- time ----

void Supervisor::on_time(std::uint64_t now_ns) {
    std::uint64_t next = 0;
    const auto later = [&next](std::uint64_t at_ns) {
        if (at_ns != 0) next = next == 0 ? at_ns : std::min(next, at_ns);
    };
    const auto is_due = [now_ns](std::uint64_t at_ns) { return at_ns != 0 && at_ns <= now_ns; };
    for (const auto& child : all()) {
        if (is_due(child->start_at_ns)) launch(child);
        if (is_due(child->look_at_ns)) {
            check_limits(child);
            child->look_at_ns = now_ns + in_ns(kLookAtLimits);
        }
        if (is_due(child->kill_at_ns) && child->runs()) {
            child->kill_at_ns = 0;
            child->killed_for = child->kill_reason;
            child->signal(SIGKILL);
        }
        later(child->start_at_ns);
        later(child->look_at_ns);
        later(child->kill_at_ns);
    }
    if (next != 0) loop_.wake_by(next);
}

}  // namespace streamwall::runtime
