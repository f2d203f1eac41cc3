// How a strand takes turns on its pool or loop.
#include "exec/strand.hpp"

namespace streamwall::exec {

thread_local const Strand* Strand::current_ = nullptr;

Strand::Strand(std::string name, Executor& pool) : name_(std::move(name)), pool_(pool) {
    executor_.size = sizeof executor_;
    executor_.self = this;
    executor_.post = [](void* self, void (*run)(void*), void* arg) {
        static_cast<Strand*>(self)->post({run, nullptr, arg});
    };
    executor_.is_current = [](void* self) -> int32_t {
        return static_cast<Strand*>(self)->is_current() ? 1 : 0;
    };
}

Strand::~Strand() {
    close();
}

void Strand::post(Task task) {
    {
        std::unique_lock lock(mutex_);
        if (closed_) {
            lock.unlock();
            return task.discard();
        }
        queue_.push_back(task);
        if (scheduled_) return;
        scheduled_ = true;
    }
    schedule();
}

void Strand::schedule() {
    const sw_executor* loop = nullptr;
    {
        std::lock_guard lock(mutex_);
        loop = loop_;
    }
    auto* self = new std::shared_ptr<Strand>(shared_from_this());
    const auto run = [](void* arg) {
        std::unique_ptr<std::shared_ptr<Strand>> held(static_cast<std::shared_ptr<Strand>*>(arg));
        (*held)->drain();
    };
    // A pool that has stopped runs nothing more: what is queued may hold this strand in a circle.
    const auto drop = [](void* arg) {
        std::unique_ptr<std::shared_ptr<Strand>> held(static_cast<std::shared_ptr<Strand>*>(arg));
        (*held)->close();
    };
    if (loop)
        loop->post(loop->self, run, self);
    else
        pool_.post({run, drop, self});
}

void Strand::drain() {
    const Strand* outer = std::exchange(current_, this);
    Pool::label(&name_);
    {
        std::lock_guard lock(mutex_);
        running_.swap(queue_);
    }
    for (const Task& task : running_)
        task.run(task.arg);
    running_.clear();
    current_ = outer;
    bool more = false;
    {
        std::lock_guard lock(mutex_);
        more = !queue_.empty();
        scheduled_ = more;
    }
    // Going through the pool again lets others have their turn.
    if (more) schedule();
}

bool Strand::is_current() const {
    if (current_ == this) return true;
    std::lock_guard lock(mutex_);
    return loop_ && loop_->is_current(loop_->self) != 0;
}

void Strand::bind(const sw_executor* loop) {
    std::lock_guard lock(mutex_);
    loop_ = loop;
}

bool Strand::is_bound() const {
    std::lock_guard lock(mutex_);
    return loop_ != nullptr;
}

void Strand::close() {
    std::vector<Task> dropped;
    {
        std::lock_guard lock(mutex_);
        closed_ = true;
        dropped.swap(queue_);
    }
    for (const Task& task : dropped)
        task.discard();
}

std::size_t Strand::depth() const {
    std::lock_guard lock(mutex_);
    return queue_.size();
}

}  // namespace streamwall::exec
