// The timer queue and its thread.
#include "exec/timers.hpp"

#include <pthread.h>

#include <atomic>
#include <vector>

namespace streamwall::exec {

struct Timers::Entry {
    Entry(std::shared_ptr<Executor> where, std::uint64_t every, Task what, std::uint64_t number)
        : executor(std::move(where)), period(every), task(what), id(number) {}
    ~Entry() { task.discard(); }
    std::shared_ptr<Executor> executor;
    std::uint64_t period;
    Task task;
    std::uint64_t id;
    std::atomic<bool> cancelled{false};
};

// One expiry on its way to the executor; keeps the entry, and with it the task's argument, alive.
struct Timers::Shot {
    std::shared_ptr<Entry> entry;
    static void run(void* arg) {
        std::unique_ptr<Shot> shot(static_cast<Shot*>(arg));
        if (!shot->entry->cancelled) shot->entry->task.run(shot->entry->task.arg);
    }
    static void drop(void* arg) { delete static_cast<Shot*>(arg); }
};

Timers::Timers(const Clock& clock, Mode mode) : clock_(clock) {
    if (mode == Mode::thread) {
        thread_ = std::thread([this] { loop(); });
        pthread_setname_np(thread_.native_handle(), "sw:timers");
    }
}

Timers::~Timers() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::uint64_t Timers::schedule(std::shared_ptr<Executor> executor, std::uint64_t delay_ns,
                               std::uint64_t period_ns, Task task) {
    const auto at = clock_.monotonic_ns() + delay_ns;
    bool earlier = false;
    std::uint64_t id = 0;
    {
        std::lock_guard lock(mutex_);
        id = next_id_++;
        auto entry = std::make_shared<Entry>(std::move(executor), period_ns, task, id);
        earlier = due_.empty() || at < due_.begin()->first;
        due_.emplace(at, entry);
        entries_.emplace(id, std::move(entry));
    }
    if (earlier) changed_.notify_one();
    return id;
}

void Timers::cancel(std::uint64_t id) {
    std::shared_ptr<Entry> entry;  // destroyed outside of the lock: drop() is foreign code
    {
        std::lock_guard lock(mutex_);
        const auto found = entries_.find(id);
        if (found == entries_.end()) return;
        entry = std::move(found->second);
        entries_.erase(found);
        entry->cancelled = true;
        for (auto at = due_.begin(); at != due_.end(); ++at) {
            if (at->second == entry) {
                due_.erase(at);
                break;
            }
        }
    }
}

void Timers::settle() {
    std::lock_guard firing(firing_);
}

std::uint64_t Timers::fire_due() {
    std::lock_guard firing(firing_);
    std::vector<std::shared_ptr<Entry>> fired;
    std::uint64_t next = 0;
    {
        std::lock_guard lock(mutex_);
        const auto now = clock_.monotonic_ns();
        while (!due_.empty() && due_.begin()->first <= now) {
            auto node = due_.extract(due_.begin());
            fired.push_back(node.mapped());
            if (node.mapped()->period > 0) {
                // Late by more than a period: the missed beats are skipped, not made up for.
                const auto behind = now - node.key();
                node.key() += node.mapped()->period * (1 + behind / node.mapped()->period);
                due_.insert(std::move(node));
            } else {
                entries_.erase(node.mapped()->id);
            }
        }
        if (!due_.empty()) next = due_.begin()->first;
    }
    for (auto& entry : fired) {
        auto executor = entry->executor;
        executor->post({&Shot::run, &Shot::drop, new Shot{std::move(entry)}});
    }
    return next;
}

std::size_t Timers::pending() const {
    std::lock_guard lock(mutex_);
    return entries_.size();
}

void Timers::loop() {
    for (;;) {
        const auto next = fire_due();
        std::unique_lock lock(mutex_);
        if (stopping_) return;
        const bool fresh = !due_.empty() && (next == 0 || due_.begin()->first < next);
        if (fresh) continue;
        if (next == 0) {
            changed_.wait(lock);
        } else {
            const auto now = clock_.monotonic_ns();
            if (next > now) changed_.wait_for(lock, std::chrono::nanoseconds(next - now));
        }
    }
}

}  // namespace streamwall::exec
