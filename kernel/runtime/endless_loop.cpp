#include "runtime/endless_loop.hpp"

#include <atomic>
#include <ctime>

namespace streamwall::runtime {

namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 25ms;

std::chrono::nanoseconds processor_time() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// Looks again and again; time that passes while the machine gives it no processor does not count.
struct Watched : std::enable_shared_from_this<Watched> {
    Watched(std::shared_ptr<exec::Strand> control_strand, exec::Timers& all_timers,
            std::chrono::milliseconds processor_limit, std::function<void()> end_process)
        : control(std::move(control_strand)),
          timers(all_timers),
          limit(processor_limit),
          end(std::move(end_process)) {}

    void look_later() {
        timers.after(control, kLook, [self = shared_from_this()] {
            if (self->came_back) return;
            if (processor_time() - self->before >= self->limit) return self->end();
            self->look_later();
        });
    }

    const std::shared_ptr<exec::Strand> control;
    exec::Timers& timers;
    const std::chrono::milliseconds limit;
    const std::function<void()> end;
    const std::chrono::nanoseconds before = processor_time();
    std::atomic<bool> came_back{false};
};

}  // namespace

void watch_stuck(const std::shared_ptr<exec::Strand>& stuck,
                 const std::shared_ptr<exec::Strand>& control, exec::Timers& timers,
                 std::chrono::milliseconds limit, std::function<void()> end) {
    auto watched = std::make_shared<Watched>(control, timers, limit, std::move(end));
    stuck->post_function([watched] { watched->came_back = true; });
    watched->look_later();
}

}  // namespace streamwall::runtime
