// Named points where a test may end the process: FAULT_AT=name[:n] kills it at the nth passage.
// Compiled in with STREAMWALL_FAULT_POINTS only.
#pragma once

#if defined(STREAMWALL_FAULT_POINTS)
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <atomic>

namespace streamwall::fault {
inline void pass(const char* name) {
    static const char* const wanted = std::getenv("FAULT_AT");
    if (wanted == nullptr) return;
    const auto length = std::strlen(name);
    if (std::strncmp(wanted, name, length) != 0) return;
    if (wanted[length] != '\0' && wanted[length] != ':') return;
    static std::atomic<long> passages{0};
    const long at = wanted[length] == ':' ? std::atol(wanted + length + 1) : 1;
    if (passages.fetch_add(1) + 1 < at) return;
    ::kill(::getpid(), SIGKILL);
}
}  // namespace streamwall::fault
#define SW_FAULT(name) ::streamwall::fault::pass(name)
#else
#define SW_FAULT(name) static_cast<void>(0)
#endif
