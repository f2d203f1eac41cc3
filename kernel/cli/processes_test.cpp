// The real program as several processes: isolated plugins and `up`. What dies, hangs or grows costs
// its own process alone, and nothing is left behind.
#include "cli/test_program.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <thread>

namespace streamwall::cli {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;

// Far beyond what anything here takes.
constexpr auto kPatience = 30s;

bool is_alive(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    file >> number >> name >> state;
    return file && state != "Z" && state != "X";
}

bool eventually(const std::function<bool()>& is_true) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!is_true()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

class Processes : public Host {
  protected:
    // The process of the plugin `unruly`, as the node with that folder can call it; 0: it cannot.
    static pid_t pid_of_unruly(const fs::path& folder) {
        const auto answer = ask(folder, {{"verb", "call"},
                                         {"service", "unruly"},
                                         {"method", "pid"},
                                         {"request", json::object()},
                                         {"timeout_ms", 1000}});
        const auto* object = answer.if_object();
        const auto* pid = object ? object->if_contains("pid") : nullptr;
        return pid ? static_cast<pid_t>(pid->as_int64()) : 0;
    }
    static pid_t wait_for_unruly(const fs::path& folder, pid_t before = 0) {
        pid_t pid = 0;
        EXPECT_TRUE(eventually([&] {
            pid = pid_of_unruly(folder);
            return pid != 0 && pid != before;
        }));
        return pid;
    }
    void tell_unruly(const std::string& method) {
        static_cast<void>(ask(data, {{"verb", "call"},
                                     {"service", "unruly"},
                                     {"method", method},
                                     {"request", json::object()},
                                     {"timeout_ms", 200}}));
    }
    bool store_answers() {
        const auto answer = ask(data, {{"verb", "call"},
                                       {"service", "journal"},
                                       {"method", "dead_letters"},
                                       {"request", {{"limit", 1}}}});
        return answer == json::parse(R"({"dead_letters":[],"count":0})");
    }
};

std::string isolated(const std::string& settings = "", const std::string& kernel = "") {
    return "nodes: {main: {plugins: [storage-sqlite, unruly]}}\n"
           "plugins:\n"
           "  storage-sqlite: {path: \"${data}/wall.db\", required: true}\n"
           "  unruly: {isolation: apart" +
           settings + "}\n" + kernel;
}

TEST_F(Processes, AnIsolatedPluginIsAProcessThatTheOutsideCannotTellFromTheHost) {
    auto host = start(isolated());
    ASSERT_TRUE(host->wait_for("\"ready\",\"node\":\"main\"", 2)) << host->output;
    const auto pid = wait_for_unruly(data);
    EXPECT_NE(pid, host->pid());
    EXPECT_TRUE(fs::exists(data / "isolated" / "apart" / "lock"));
    EXPECT_FALSE(fs::exists(data / "isolated" / "apart" / "control.sock"));
    EXPECT_THAT(host->output, HasSubstr("\"process\":\"main~apart\""));
    const auto health = json::serialize(ask({{"verb", "introspect"}, {"what", "health"}}));
    EXPECT_THAT(health, HasSubstr("\"unruly\":true"));
    EXPECT_THAT(health, HasSubstr("\"status\":\"ok\""));
    host->signal(SIGTERM);
    EXPECT_EQ(host->end(), kDone) << host->output;
    EXPECT_FALSE(is_alive(pid));
}

TEST_F(Processes, AKilledPartIsBackAndItsHostSaysSoMeanwhile) {
    auto host = start(isolated());
    ASSERT_TRUE(host->wait_for("\"ready\",\"node\":\"main\"", 2)) << host->output;
    const auto pid = wait_for_unruly(data);
    const auto before = std::chrono::steady_clock::now();
    ::kill(pid, SIGKILL);
    wait_for_unruly(data, pid);
    const auto took = std::chrono::steady_clock::now() - before;
    RecordProperty("back_after_ms", static_cast<int>(took / 1ms));
    EXPECT_TRUE(host->wait_for("was killed by SIGKILL (Killed); it starts again at once"));
    EXPECT_TRUE(store_answers());
}

TEST_F(Processes, NothingIsLeftOfAHostThatIsKilled) {
    auto host = start(isolated());
    ASSERT_TRUE(host->wait_for("\"ready\",\"node\":\"main\"", 2)) << host->output;
    const auto pid = wait_for_unruly(data);
    host->signal(SIGKILL);
    EXPECT_EQ(host->end(), -SIGKILL);
    EXPECT_TRUE(eventually([&] { return !is_alive(pid); }));
}

TEST_F(Processes, APartThatCrashesAgainAndAgainWaitsAndTheHostServes) {
    auto host = start(isolated(", crash_at_start: true"));
    ASSERT_TRUE(host->wait_for("3 times in a row; it starts again in 1000 ms")) << host->output;
    ASSERT_TRUE(host->wait_for("host.ready")) << host->output;
    EXPECT_TRUE(store_answers());
    const auto health = json::serialize(ask({{"verb", "introspect"}, {"what", "health"}}));
    EXPECT_THAT(health, HasSubstr("\"unruly\":false"));
    EXPECT_THAT(health, HasSubstr("\"status\":\"degraded\""));
    host->signal(SIGTERM);
    EXPECT_EQ(host->end(), kDone) << host->output;
}

TEST_F(Processes, AHostDoesNotStartWithoutAPartThatItRequires) {
    auto host = start(isolated(", required: true, crash_at_start: true"));
    EXPECT_EQ(host->end(), kFailed) << host->output;
    EXPECT_THAT(host->output, HasSubstr("isolated part 'apart', which has required plugins, is"));
}

TEST_F(Processes, WhatAPartDoesToItselfLeavesTheHostServing) {
    const struct {
        const char* method;
        const char* words;  // in the log, once it is back
        const char* compute = "30s";
    } cases[] = {{"crash", "was killed by SIGSEGV"},
                 {"leak", "killed: memory limit ("},
                 {"grow", "killed: thread limit ("},
                 {"spin", "computes without end", "200ms"}};
    for (const auto& one : cases) {
        SCOPED_TRACE(one.method);
        auto host = start(isolated("", std::string("kernel: {isolation: {apart: {memory: 700MiB, "
                                                   "threads: 60, compute: ") +
                                           one.compute + "}}}"));
        ASSERT_TRUE(host->wait_for("\"ready\",\"node\":\"main\"", 2)) << host->output;
        const auto pid = wait_for_unruly(data);
        tell_unruly(one.method);
        EXPECT_TRUE(store_answers());
        EXPECT_TRUE(host->wait_for(one.words)) << host->output;
        wait_for_unruly(data, pid);
        EXPECT_TRUE(store_answers());
        host->signal(SIGTERM);
        EXPECT_EQ(host->end(), kDone) << host->output;
    }
}

// ---- up ----

constexpr const char* kTwoNodes =
    "nodes: {core: {plugins: [storage-sqlite]}, edge: {plugins: [unruly]}}\n"
    "plugins: {storage-sqlite: {path: \"${data}/wall.db\"}}\n"
    "kernel: {stop_timeout: 2s}\n";

class Up : public Processes {
  protected:
    std::unique_ptr<Program> up() {
        auto program = start(kTwoNodes, "up");
        EXPECT_TRUE(program->wait_for("\"event\":\"node.ready\"", 2)) << program->output;
        return program;
    }
};

TEST_F(Up, RunsNodesThatReachEachOtherAndStopsAllAtTheFirstSignal) {
    for (const int number : {SIGINT, SIGTERM}) {
        auto nodes = up();
        const auto pid = wait_for_unruly(data / "core");
        EXPECT_EQ(pid, wait_for_unruly(data / "edge"));
        EXPECT_THAT(nodes->output, HasSubstr("\"event\":\"node.starting\""));
        nodes->signal(number);
        EXPECT_EQ(nodes->end(), kDone) << nodes->output;
        EXPECT_EQ(nodes->count("\"event\":\"host.stopped\""), 2) << nodes->output;
        EXPECT_FALSE(is_alive(pid));
    }
}

TEST_F(Up, StartsANodeAgainThatWasKilled) {
    auto nodes = up();
    const auto pid = wait_for_unruly(data / "core");
    ::kill(pid, SIGKILL);
    wait_for_unruly(data / "core", pid);
    EXPECT_TRUE(nodes->wait_for("was killed by SIGKILL (Killed); it starts again at once"));
}

TEST_F(Up, LeavesNothingBehindWhenItIsKilled) {
    auto nodes = up();
    const auto pid = wait_for_unruly(data / "core");
    nodes->signal(SIGKILL);
    EXPECT_EQ(nodes->end(), -SIGKILL);
    EXPECT_TRUE(eventually([&] { return !is_alive(pid); }));
    auto again = up();
    wait_for_unruly(data / "core");
}

TEST_F(Up, StartsNothingWithAnInvalidConfiguration) {
    auto program = start("nodes: {a: {plugins: [discovry]}, b: {plugins: []}}\n", "up");
    EXPECT_EQ(program->end(), kBadConfig);
    EXPECT_THAT(program->output, HasSubstr("did you mean 'discovery'?"));
}

}  // namespace
}  // namespace streamwall::cli
