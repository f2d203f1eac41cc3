// The pool's workers and their watchdog.
#include "exec/pool.hpp"

#include <pthread.h>

namespace streamwall::exec {

thread_local Pool::Worker* Pool::current_ = nullptr;

struct Pool::State {
    explicit State(PoolOptions given) : options(std::move(given)) {}
    PoolOptions options;
    std::mutex mutex;
    std::condition_variable ready;
    std::condition_variable tick;  // wakes the watchdog for stop
    std::condition_variable ended;
    std::deque<Task> queue;
    std::vector<std::shared_ptr<Worker>> workers;
    unsigned surplus = 0;  // workers that retire once they return
    unsigned spawned_spares = 0;
    unsigned idle = 0;
    bool stopping = false;
    bool closed = false;  // tasks are dropped
};

namespace {
std::int64_t steady_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}
}  // namespace

Pool::Pool(PoolOptions options) : state_(std::make_shared<State>(std::move(options))) {
    std::lock_guard lock(state_->mutex);
    for (unsigned n = 0; n < state_->options.workers; ++n)
        spawn();
    if (state_->options.workers > 0 && state_->options.stuck_after.count() > 0) {
        watchdog_ = std::thread(&Pool::watch, state_, this);
    }
}

Pool::~Pool() {
    stop();
}

// Called with the mutex held.
void Pool::spawn() {
    auto worker = std::make_shared<Worker>();
    state_->workers.push_back(worker);
    worker->thread = std::thread(&Pool::work, state_, worker);
    const auto name = ("sw:" + state_->options.name).substr(0, 15);
    pthread_setname_np(worker->thread.native_handle(), name.c_str());
    live_ = state_->workers.size();
}

void Pool::post(Task task) {
    // Owned: another worker may run the task, and the pool end, before the wake-up.
    std::shared_ptr<State> sleeping;
    {
        std::unique_lock lock(state_->mutex);
        if (state_->closed) {
            lock.unlock();
            return task.discard();
        }
        state_->queue.push_back(task);
        if (state_->idle > 0) sleeping = state_;
    }
    if (sleeping) sleeping->ready.notify_one();
}

bool Pool::run_one() {
    Task task;
    {
        std::lock_guard lock(state_->mutex);
        if (state_->queue.empty()) return false;
        task = state_->queue.front();
        state_->queue.pop_front();
    }
    task.run(task.arg);
    return true;
}

void Pool::label(const std::string* label) {
    if (current_) {
        current_->label.store(label, std::memory_order_relaxed);
        current_->reported.store(false, std::memory_order_relaxed);
        current_->since_ms.store(steady_ms(), std::memory_order_relaxed);
    }
}

void Pool::work(std::shared_ptr<State> state, std::shared_ptr<Worker> worker) {
    current_ = worker.get();
    std::unique_lock lock(state->mutex);
    for (;;) {
        ++state->idle;
        state->ready.wait(
            lock, [&] { return !state->queue.empty() || state->stopping || state->surplus > 0; });
        --state->idle;
        if (state->surplus > 0) {
            --state->surplus;
            break;
        }
        if (state->queue.empty()) break;  // stopping
        const Task task = state->queue.front();
        state->queue.pop_front();
        lock.unlock();
        worker->since_ms.store(steady_ms(), std::memory_order_relaxed);
        task.run(task.arg);
        worker->since_ms.store(0, std::memory_order_relaxed);
        worker->label.store(nullptr, std::memory_order_relaxed);
        lock.lock();
        // It was replaced while it was stuck: one of all workers retires.
        if (worker->reported.exchange(false)) ++state->surplus;
    }
    worker->done = true;
    state->ended.notify_all();
}

void Pool::watch(std::shared_ptr<State> state, Pool* pool) {
    const auto limit = state->options.stuck_after;
    std::unique_lock lock(state->mutex);
    while (!state->stopping) {
        state->tick.wait_for(lock, limit / 4);
        const auto now = steady_ms();
        for (std::size_t n = 0; n < state->workers.size() && !state->stopping; ++n) {
            auto worker = state->workers[n];
            const auto since = worker->since_ms.load();
            if (since == 0 || now - since < limit.count() || worker->reported) continue;
            if (state->spawned_spares >= state->options.spares) continue;
            worker->reported = true;
            ++state->spawned_spares;
            pool->spawn();
            const auto* label = worker->label.load();
            const std::string name = label ? *label : "unnamed work";
            lock.unlock();
            if (state->options.on_stuck) {
                state->options.on_stuck(name, std::chrono::milliseconds(now - since));
            }
            lock.lock();
        }
        // Retired workers are joined here, off everybody's path.
        for (auto at = state->workers.begin(); at != state->workers.end();) {
            if ((*at)->done && !state->stopping) {
                (*at)->thread.join();
                at = state->workers.erase(at);
                if (state->spawned_spares > 0) --state->spawned_spares;
            } else {
                ++at;
            }
        }
        pool->live_ = state->workers.size();
    }
}

void Pool::stop() {
    stop_within(std::chrono::hours(24));
}

bool Pool::stop_within(std::chrono::milliseconds limit) {
    {
        std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->ready.notify_all();
    state_->tick.notify_all();
    if (watchdog_.joinable()) watchdog_.join();
    bool clean = true;
    std::vector<std::shared_ptr<Worker>> workers;
    {
        std::unique_lock lock(state_->mutex);
        state_->ended.wait_for(lock, limit, [&] {
            for (const auto& worker : state_->workers)
                if (!worker->done) return false;
            return true;
        });
        workers.swap(state_->workers);
    }
    for (const auto& worker : workers) {
        if (worker->done) {
            worker->thread.join();
        } else {
            worker->thread.detach();
            clean = false;
        }
    }
    live_ = 0;
    while (run_one()) {
    }
    std::lock_guard lock(state_->mutex);
    state_->closed = true;
    return clean;
}

}  // namespace streamwall::exec
