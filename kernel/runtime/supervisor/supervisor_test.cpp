// Children as processes of their own: starts, crashes, limits, stops.
#include "runtime/supervisor/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <condition_variable>
#include <fstream>
#include <future>

namespace streamwall::runtime {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Children : public testing::Test {
  protected:
    Children() {
        options.program = "/bin/sh";
        options.changed = [this](const ChildStatus& status) {
            std::lock_guard lock(mutex_);
            seen_.push_back(status);
            changed_.notify_all();
        };
    }
    void supervise() { supervisor = std::make_unique<Supervisor>(options, log_); }
    void start(const std::string& script) { supervisor->start(spec(script)); }
    static ChildSpec spec(const std::string& script) {
        return {.name = "child", .arguments = {"-c", script}};
    }
    // The first status, from number `after` on, of which `wanted` holds.
    ChildStatus wait_for(const std::function<bool(const ChildStatus&)>& wanted,
                         std::size_t after = 0) {
        std::unique_lock lock(mutex_);
        ChildStatus found;
        const bool came = changed_.wait_for(lock, 30s, [&] {
            for (std::size_t n = after; n < seen_.size(); ++n) {
                if (!wanted(seen_[n])) continue;
                found = seen_[n];
                return true;
            }
            return false;
        });
        EXPECT_TRUE(came) << "no such status came";
        return found;
    }
    ChildStatus wait_for(ChildState state) {
        return wait_for([state](const ChildStatus& status) { return status.state == state; });
    }
    ChildStatus start_number(std::uint64_t number) {
        return wait_for([number](const ChildStatus& status) {
            return status.state == ChildState::starting && status.starts == number;
        });
    }
    std::string stopped() {
        std::promise<void> done;
        supervisor->stop("child", [&] { done.set_value(); });
        EXPECT_EQ(done.get_future().wait_for(30s), std::future_status::ready);
        return supervisor->children().at(0).reason;
    }

    SupervisorOptions options;
    std::unique_ptr<Supervisor> supervisor;

  private:
    telemetry::Logger log_{{.sink = [](std::string_view) {}}};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<ChildStatus> seen_;
};

// Ends with the test; kept out of the base's reach so that nothing is called on a dead fixture.
class Supervised : public Children {
  protected:
    ~Supervised() override { supervisor.reset(); }
};

TEST_F(Supervised, IsReadyWhenTheChildSaysSo) {
    supervise();
    start("exec sleep 100");
    EXPECT_GT(start_number(1).pid, 0);
    supervisor->report("child", ChildState::degraded, "chat: no answer");
    EXPECT_EQ(wait_for(ChildState::degraded).reason, "chat: no answer");
    supervisor->report("nobody", ChildState::ready, "");
    supervisor->report("child", ChildState::ready, "");
    wait_for(ChildState::ready);
}

TEST_F(Supervised, StartsAgainAtOnceAfterACrash) {
    supervise();
    start("exec sleep 100");
    const auto first = start_number(1).pid;
    const auto before = std::chrono::steady_clock::now();
    ::kill(first, SIGKILL);
    const auto second = start_number(2).pid;
    EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
    EXPECT_NE(first, second);
}

TEST_F(Supervised, WaitsLongerAndLongerForWhatEndsAgainAndAgain) {
    options.first_wait = 10ms;
    options.longest_wait = 40ms;
    supervise();
    start("exit 3");
    const auto waits_for = [this](const char* time) {
        return wait_for([time](const ChildStatus& status) {
            return status.state == ChildState::waiting && status.reason.ends_with(time);
        });
    };
    EXPECT_EQ(waits_for("starts again in 10 ms").reason,
              "ended with exit code 3, 3 times in a row; it starts again in 10 ms");
    EXPECT_EQ(waits_for("starts again in 20 ms").starts, 4u);
    EXPECT_THAT(waits_for("starts again in 40 ms").reason, HasSubstr("5 times in a row"));
    EXPECT_EQ(wait_for([](const ChildStatus& status) { return status.starts == 8; }).starts, 8u);
}

TEST_F(Supervised, ForgetsCrashesOfThoseThatLiveLongEnough) {
    options.short_life = 0ms;
    supervise();
    start("exit 1");
    start_number(20);
}

TEST_F(Supervised, SaysHowAChildEnded) {
    const struct {
        const char* script;
        const char* words;
    } cases[] = {{"exit 7", "ended with exit code 7"},
                 {"kill -SEGV $$", "was killed by SIGSEGV (Segmentation fault)"},
                 {"kill -ABRT $$", "was killed by SIGABRT (Aborted)"}};
    for (const auto& one : cases) {
        const Launch launch{.program = "/bin/sh", .arguments = {"-c", one.script}};
        const auto child = start_process(launch);
        ASSERT_TRUE(child);
        EXPECT_EQ(reap(*child).words, one.words);
    }
}

TEST_F(Supervised, SaysWhatCannotBeStarted) {
    options.program = "/nowhere/program";
    options.first_wait = 1h;
    supervise();
    start("");
    EXPECT_THAT(wait_for(ChildState::waiting).reason,
                HasSubstr("/nowhere/program cannot be started: No such file or directory"));
}

TEST_F(Supervised, StopsWithASignalThatTheChildMayHandle) {
    supervise();
    const auto mark = fs::temp_directory_path() / ("supervised-" + std::to_string(::getpid()));
    start("trap 'exit 0' TERM; : > " + mark.string() + "; while :; do sleep 0.01; done");
    while (!fs::exists(mark))
        std::this_thread::yield();
    EXPECT_EQ(stopped(), "ended with exit code 0");
    EXPECT_EQ(stopped(), "ended with exit code 0") << "again";
    fs::remove(mark);
}

TEST_F(Supervised, KillsWhatDoesNotStopInTime) {
    supervise();
    const auto mark = fs::temp_directory_path() / ("supervised-" + std::to_string(::getpid()));
    auto deaf = spec("trap '' TERM; : > " + mark.string() + "; while :; do sleep 0.01; done");
    deaf.stop_timeout = 50ms;
    supervisor->start(deaf);
    while (!fs::exists(mark))
        std::this_thread::yield();
    EXPECT_EQ(stopped(), "killed: it did not stop within 50 ms");
    fs::remove(mark);
}

TEST_F(Supervised, StopsWhatWaitsForItsNextStart) {
    options.first_wait = 1h;
    options.longest_wait = 1h;
    supervise();
    start("exit 1");
    wait_for(ChildState::waiting);
    EXPECT_EQ(stopped(), "");
}

TEST_F(Supervised, HoldsChildrenToTheirMemory) {
    supervise();
    auto greedy = spec("x=0123456789abcdef; while :; do x=$x$x; done");
    greedy.max_resident_bytes = std::uint64_t{64} << 20;
    supervisor->start(greedy);
    EXPECT_THAT(wait_for(ChildState::waiting).reason,
                testing::AllOf(HasSubstr("killed: memory limit ("), HasSubstr("64 MiB allowed)")));
}

TEST_F(Supervised, GivesEachStartAConnectionOfItsOwn) {
    std::atomic<int> opened{0};
    options.open_link = [&](const std::string& child,
                            std::uint64_t start) -> std::expected<Descriptor, Failure> {
        EXPECT_EQ(child, "child");
        EXPECT_EQ(start, static_cast<std::uint64_t>(++opened));
        return make_signal();
    };
    supervise();
    start(
        "[ \"$STREAMWALL_LINK_FD\" = 3 ] && [ -e /proc/self/fd/3 ] && "
        "[ \"$STREAMWALL_PARENT\" = $PPID ] && exec sleep 100");
    ::kill(start_number(1).pid, SIGKILL);
    start_number(2);
    EXPECT_EQ(opened, 2);
}

TEST_F(Supervised, StartsAChildAgainThatLivesOnWithoutItsConnection) {
    supervise();
    start("exec sleep 100");
    start_number(1);
    supervisor->link_lost("child", 7, "of another start");
    supervisor->link_lost("child", 1, "noise");
    start_number(2);
}

TEST_F(Supervised, LeavesNothingOfAChildsGroupBehind) {
    supervise();
    const auto mark = fs::temp_directory_path() / ("supervised-" + std::to_string(::getpid()));
    start("sleep 1000 & echo $! > " + mark.string() + ".new; mv " + mark.string() + ".new " +
          mark.string() + "; wait");
    while (!fs::exists(mark))
        std::this_thread::yield();
    pid_t grandchild = 0;
    std::ifstream(mark) >> grandchild;
    stopped();
    // It may still be on its way out, but not alive: adopted and reaped by whoever does that here.
    const auto is_alive = [&] {
        std::ifstream file("/proc/" + std::to_string(grandchild) + "/stat");
        std::string pid, name, state;
        file >> pid >> name >> state;
        return file && state != "Z" && state != "X";
    };
    while (is_alive())
        std::this_thread::yield();
    fs::remove(mark);
}

TEST(Usage, CountsThreadsAndMemoryOfAProcess) {
    const auto usage = usage_of(::getpid());
    ASSERT_TRUE(usage);
    EXPECT_GE(usage->threads, 1u);
    EXPECT_GT(usage->resident_bytes, std::uint64_t{1} << 20);
    EXPECT_FALSE(usage_of(-1));
}

}  // namespace
}  // namespace streamwall::runtime
