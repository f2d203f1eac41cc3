// SW_FAULT_POINT("after_commit"): a named place where a test can end the process, as a power cut
// would.
//
// Compiled only with STREAMWALL_FAULT_POINTS; release builds hold none. The environment variable
// FAULT_AT=name or FAULT_AT=name:N names the point and the hit, counted from 1, at which the
// process writes the name to standard error and dies by SIGKILL: no destructor, no flush.
#pragma once

#if defined(STREAMWALL_FAULT_POINTS)

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace streamwall::detail {

// One for each place in the source; knows whether FAULT_AT names it.
class FaultPoint {
  public:
    explicit FaultPoint(std::string_view name) : name_(name) {
        const char* wanted = std::getenv("FAULT_AT");
        if (wanted == nullptr) return;
        const std::string_view text(wanted);
        if (!text.starts_with(name)) return;
        const auto rest = text.substr(name.size());
        if (rest.empty())
            hits_left_ = 1;
        else if (rest.front() == ':')
            hits_left_ = std::atol(rest.data() + 1);
    }

    void hit() {
        if (hits_left_.load(std::memory_order_relaxed) <= 0) return;
        if (hits_left_.fetch_sub(1) != 1) return;
        write_text(name_);
        write_text("\n");
        ::kill(::getpid(), SIGKILL);
        ::_exit(137);
    }

  private:
    static void write_text(std::string_view text) {
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    }

    std::string_view name_;
    std::atomic<long> hits_left_{0};
};

}  // namespace streamwall::detail

#define SW_FAULT_POINT(name)                                          \
    do {                                                              \
        static ::streamwall::detail::FaultPoint sw_fault_point(name); \
        sw_fault_point.hit();                                         \
    } while (false)

#else
#define SW_FAULT_POINT(name) static_cast<void>(0)
#endif
