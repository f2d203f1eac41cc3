// Source: posix_spawn(3), pidfd_open(2), PR_SET_PDEATHSIG(2const), proc_pid_stat(5), sched(7) on
// autogroups.
#include "runtime/supervisor/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

// glibc 2.36 forgot to say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

extern "C" char** environ;

namespace streamwall::runtime {

namespace {

constexpr int kNice = 5;               // a third of the parent's share where both want more
constexpr int kFirstToBeKilled = 500;  // of 1000, when the machine runs out of memory

std::vector<std::string> environment_for(const Launch& launch) {
    auto added = launch.environment;
    added[kParentVariable] = std::to_string(::getpid());
    if (launch.link)
        added[kLinkVariable] = std::to_string(kLinkDescriptor);
    else
        added.try_emplace(kLinkVariable, "");
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!added.contains(std::string(text.substr(0, text.find('='))))) out.emplace_back(text);
    }
    for (const auto& [name, value] : added) {
        if (!value.empty()) out.push_back(name + "=" + value);
    }
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

// What posix_spawn does in the child, owned.
class SpawnPlan {
  public:
    explicit SpawnPlan(const Launch& launch) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (launch.link) {
            ::posix_spawn_file_actions_adddup2(&actions, launch.link->get(), kLinkDescriptor);
        }
        ::posix_spawnattr_init(&attributes);
        // Whatever this process blocks or ignores is the child's own affair.
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

}  // namespace

// posix_spawn shares this process's memory until the exec instead of copying its page tables, which
// would slow every thread of the host down; the child ties itself to its parent then.
std::expected<ChildProcess, Failure> start_process(const Launch& launch) {
    const SpawnPlan plan(launch);
    auto environment = environment_for(launch);
    std::vector<std::string> arguments{launch.program.filename().string()};
    if (launch.program == "/proc/self/exe") arguments[0] = "streamwall";
    arguments.insert(arguments.end(), launch.arguments.begin(), launch.arguments.end());
    ChildProcess child;
    const int error =
        ::posix_spawn(&child.pid, launch.program.c_str(), &plan.actions, &plan.attributes,
                      pointers(arguments).data(), pointers(environment).data());
    if (error != 0) {
        return std::unexpected(Failure::unavailable(fmt::format(
            "{} cannot be started: {}", launch.program.string(), std::strerror(error))));
    }
    // Not reaped yet, so the id cannot have become another process's.
    child.handle = Descriptor(::pidfd_open(child.pid, 0));
    if (child.handle) return child;
    const int reason = errno;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return std::unexpected(
        Failure::unavailable(fmt::format("a child cannot be watched: {}", std::strerror(reason))));
}

void tie_to_parent() {
    const char* parent = std::getenv(kParentVariable);
    if (parent == nullptr) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Its parent may have ended before.
    if (std::to_string(::getppid()) != parent) ::_exit(128 + SIGKILL);
    // This process is the parent of those that it starts.
    ::unsetenv(kParentVariable);
}

void yield_to_parent() {
    // Where autogroups are off, or may not be changed, threads compete singly.
    ::setpriority(PRIO_PROCESS, 0, kNice);
    std::ofstream("/proc/self/autogroup") << kNice;
    std::ofstream("/proc/self/oom_score_adj") << kFirstToBeKilled;
}

std::optional<Usage> usage_of(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    std::string text;
    std::getline(file, text);
    // The second field is the program's name, which may hold anything but ends at the last ')'.
    const auto name_end = text.rfind(')');
    if (!file || name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 20; ++field)
        fields >> skipped;
    Usage usage;
    std::uint64_t pages = 0;
    fields >> usage.threads;
    for (int field = 21; field < 24; ++field)
        fields >> skipped;
    fields >> pages;
    if (!fields) return std::nullopt;
    usage.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return usage;
}

Exit reap(const ChildProcess& child) {
    siginfo_t info{};
    const auto wait = [&](int flags) {
        while (::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | flags) != 0 &&
               errno == EINTR) {
        }
    };
    // While it is a zombie its id is its own, and so is the id of its group.
    wait(WNOWAIT);
    ::kill(-child.pid, SIGKILL);
    wait(0);
    if (info.si_code == CLD_EXITED) {
        return {fmt::format("ended with exit code {}", info.si_status), info.si_status};
    }
    const char* name = ::sigabbrev_np(info.si_status);
    return {fmt::format("was killed by SIG{} ({})", name ? name : std::to_string(info.si_status),
                        ::strsignal(info.si_status)),
            -info.si_status};
}

}  // namespace streamwall::runtime
