// Spawning the child, reading how it ended, and the file of what passed.
#include "modules/trial.hpp"

#include "exec/descriptor.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace streamwall::modules {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

// A constructor that calls exit() ends the child early too, so success has a code of its own.
constexpr int kLoadedAll = 85;

// Empty where there is no such file. A change of content shows in the time of change, which no
// program can set back.
std::string identity(const fs::path& file) {
    struct stat info{};
    if (::stat(file.c_str(), &info) != 0) return "";
    return fmt::format("{}:{}:{}:{}.{:09}:{}.{:09}", info.st_dev, info.st_ino, info.st_size,
                       info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                       info.st_ctim.tv_nsec);
}

// What the child said last, as one line.
std::string last_words(int output) {
    constexpr std::size_t kEnough = 200;
    std::array<char, 1024> text{};
    const auto count = ::pread(output, text.data(), text.size(), 0);
    std::string words;
    for (ssize_t n = 0; n < count && words.size() < kEnough; ++n) {
        const char each = text[static_cast<std::size_t>(n)];
        const bool is_space = static_cast<unsigned char>(each) <= ' ';
        if (!is_space) words += each;
        if (is_space && !words.empty() && words.back() != ' ') words += ' ';
    }
    while (words.ends_with(' '))
        words.pop_back();
    return words;
}

// Runs `program` with its output in `output` and without this process's signal mask; 0: failed.
pid_t spawn(const fs::path& program, std::vector<std::string> arguments, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> pointers;
    for (auto& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_t child = 0;
    const int failed =
        ::posix_spawn(&child, program.c_str(), &actions, &attributes, pointers.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? child : 0;
}

// Waits for the child's end and takes its status; false where it had to be killed.
bool wait_for(pid_t child, std::chrono::milliseconds limit, int& status) {
    const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd ended{handle.get(), POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&ended, 1, static_cast<int>(limit.count()));
    } while (ready < 0 && errno == EINTR);
    if (ready != 1) ::kill(child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return ready == 1;
}

Failure refusal(std::string_view how, const std::string& words) {
    return Failure::of(SW_FAILED_PRECONDITION,
                       fmt::format("loading it {}{}{}; it was tried in a process of its own", how,
                                   words.empty() ? "" : ": ", words));
}

}  // namespace

Trial::Trial(TrialOptions options)
    : options_(std::move(options)), program_identity_(identity(options_.program)) {
    read_memory();
}

void Trial::run(const std::vector<fs::path>& files) {
    std::vector<fs::path> unknown;
    json::object identities;  // as they were before: a file may be replaced meanwhile
    for (const auto& file : files) {
        if (knows(file)) continue;
        unknown.push_back(file);
        identities[file.string()] = identity(file);
    }
    if (unknown.empty() || !in_child(unknown)) return;  // passes() finds out which it was
    remember(identities);
}

std::expected<void, Failure> Trial::passes(const fs::path& file) {
    if (knows(file)) return {};
    const json::object before{{file.string(), identity(file)}};
    auto result = in_child({&file, 1});
    if (result) remember(before);
    return result;
}

std::expected<void, Failure> Trial::in_child(std::span<const fs::path> files) {
    const Descriptor output(::memfd_create("trial", MFD_CLOEXEC));
    std::vector<std::string> arguments{options_.program.string(), kTrialVerb};
    for (const auto& file : files)
        arguments.push_back(file.string());
    const pid_t child = output.get() < 0 ? 0 : spawn(options_.program, arguments, output.get());
    if (child == 0) {
        return std::unexpected(Failure::of(
            SW_UNAVAILABLE, fmt::format("cannot be tried in a process of its own: {} does not run",
                                        options_.program.string())));
    }
    ++children_;
    int status = 0;
    const bool in_time = wait_for(child, options_.limit, status);
    const auto words = last_words(output.get());
    if (!in_time) {
        return std::unexpected(
            refusal(fmt::format("does not end within {} ms", options_.limit.count()), words));
    }
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        return std::unexpected(refusal(
            fmt::format("ends the process with signal {} ({})", number, ::sigdescr_np(number)),
            words));
    }
    if (WEXITSTATUS(status) == kLoadedAll) return {};
    return std::unexpected(
        refusal(fmt::format("ends the process with exit code {}", WEXITSTATUS(status)), words));
}

bool Trial::knows(const fs::path& file) const {
    const auto* known = passed_.if_contains(file.string());
    return known && known->is_string() && std::string_view(known->get_string()) == identity(file);
}

void Trial::remember(const json::object& identities) {
    for (const auto& [file, identity] : identities)
        passed_[file] = identity;
    write_memory();
}

void Trial::read_memory() {
    if (options_.memory.empty()) return;
    std::ifstream file(options_.memory);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    boost::system::error_code failed;
    auto value = json::parse(text, failed);
    const auto* memory = failed ? nullptr : value.if_object();
    const auto* program = memory ? memory->if_contains("program") : nullptr;
    const auto* passed = memory ? memory->if_contains("passed") : nullptr;
    if (!program || !passed || !passed->is_object()) return;
    if (*program == json::value(program_identity_)) passed_ = passed->get_object();
}

// A memory that cannot be written costs the next start a child, and nothing else.
void Trial::write_memory() const {
    if (options_.memory.empty()) return;
    const auto next = options_.memory.string() + ".new";
    std::ofstream out(next);
    out << json::serialize(json::object{{"program", program_identity_}, {"passed", passed_}})
        << '\n';
    out.close();
    std::error_code failed;
    if (out) fs::rename(next, options_.memory, failed);
}

void load_and_exit(std::span<const std::string> files) {
    // Ends with the host, whatever a constructor is about, and leaves no core file behind.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    // A library that the loader refuses does no harm: the host learns why when it loads it.
    for (const auto& file : files)
        ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    ::_exit(kLoadedAll);
}

}  // namespace streamwall::modules
