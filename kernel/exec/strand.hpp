// Strand: runs tasks one at a time, in order, on a pool or on a loop that a plugin owns.
#pragma once

#include "exec/pool.hpp"

#include <streamwall/base.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::exec {

// Thread-safe. Always held by shared_ptr: scheduled work keeps the strand alive.
class Strand final : public Executor, public std::enable_shared_from_this<Strand> {
  public:
    static std::shared_ptr<Strand> make(std::string name, Executor& pool) {
        return std::shared_ptr<Strand>(new Strand(std::move(name), pool));
    }
    ~Strand() override;

    // After close(), tasks are dropped.
    void post(Task task) override;
    template <class F>
    void post_function(F function) {
        post(Task::of(std::move(function)));
    }
    bool is_current() const override;

    // Hands the strand's work to `loop` from the next task on; null: back to the pool. On the
    // strand.
    void bind(const sw_executor* loop);
    bool is_bound() const;

    // Drops what is queued and all that follows.
    void close();

    // As the boundary sees it: post without drop.
    const sw_executor* as_executor() const { return &executor_; }
    const std::string& name() const { return name_; }
    std::size_t depth() const;

  private:
    Strand(std::string name, Executor& pool);
    void schedule();
    void drain();

    std::string name_;
    Executor& pool_;
    sw_executor executor_{};
    mutable std::mutex mutex_;
    std::vector<Task> queue_;
    std::vector<Task> running_;  // touched by the draining thread only
    const sw_executor* loop_ = nullptr;
    bool scheduled_ = false;
    bool closed_ = false;
    static thread_local const Strand* current_;
};

}  // namespace streamwall::exec
