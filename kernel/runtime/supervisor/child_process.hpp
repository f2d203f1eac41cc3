// A child process: how one is started so that it cannot outlive its parent, what it uses, and how
// it ended, in words.
#pragma once

#include "exec/buffer.hpp"
#include "exec/descriptor.hpp"

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace streamwall::runtime {

// Where a child finds the socket to its parent, and its parent's process id.
inline constexpr const char* kLinkVariable = "STREAMWALL_LINK_FD";
inline constexpr const char* kParentVariable = "STREAMWALL_PARENT";
inline constexpr int kLinkDescriptor = 3;

struct Launch {
    std::filesystem::path program;
    std::vector<std::string> arguments{};              // without the program's name
    std::map<std::string, std::string> environment{};  // added to, or instead of, this process's
    const Descriptor* link = nullptr;                  // becomes kLinkDescriptor there
};

struct ChildProcess {
    pid_t pid = 0;
    Descriptor handle;  // a pidfd: readable once it has ended
};

// In a session of its own: the terminal's Ctrl-C goes to the parent alone, and the scheduler gives
// it one share however many threads it has. The calling thread must live as long as the child, see
// tie_to_parent().
std::expected<ChildProcess, Failure> start_process(const Launch& launch);

// For the child, first of all: has the kernel kill this process when the thread that started it
// ends, and ends it now where that has happened already. Nothing happens without kParentVariable.
void tie_to_parent();

// For the child: where processor time or memory is short, its parent goes first.
void yield_to_parent();

struct Usage {
    std::uint64_t resident_bytes = 0;
    std::uint64_t threads = 0;
};
std::optional<Usage> usage_of(pid_t pid);

// Waits for the child's end, kills what is left of its process group, and says how it ended: "ended
// with exit code 1", "was killed by SIGSEGV (Segmentation fault)".
struct Exit {
    std::string words;
    int code = 0;  // minus the signal
};
Exit reap(const ChildProcess& child);

}  // namespace streamwall::runtime
