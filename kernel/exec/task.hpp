// Task: a unit of work that is either run or dropped, exactly once.
#pragma once

#include <memory>
#include <utility>

namespace streamwall::exec {

// Three words, no allocation of its own, so that work from plugins crosses without a wrapper.
struct Task {
    void (*run)(void* arg) = nullptr;
    void (*drop)(void* arg) = nullptr;  // may be null
    void* arg = nullptr;

    void discard() const {
        if (drop) drop(arg);
    }

    // Boxes a callable; dropping destroys it.
    template <class F>
    static Task of(F function) {
        return {[](void* arg) {
                    std::unique_ptr<F> owned(static_cast<F*>(arg));
                    (*owned)();
                },
                [](void* arg) { delete static_cast<F*>(arg); }, new F(std::move(function))};
    }
};

// Where tasks go. Thread-safe; never blocks.
class Executor {
  public:
    virtual ~Executor() = default;
    virtual void post(Task task) = 0;
    virtual bool is_current() const = 0;
};

}  // namespace streamwall::exec
