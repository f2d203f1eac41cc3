// Coroutines, typed events and the inbox, in a plugin that uses them.
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kDeadlineExceeded = 4;
constexpr int kAlreadyExists = 6;
constexpr int kInternal = 13;

class WorkerInHost : public ::testing::TestWithParam<Time> {
  protected:
    Host host{Options{.plugins = {WORKER_SO}, .time = GetParam()}};

    void SetUp() override {
        host.fake("neighbour", "ask",
                  [](const Call& call) { return Answer::ok("[" + call.body + "]").after(1ms); });
        host.fake("store", "apply", [this](const Call& call) { return apply(call.body); });
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
        ASSERT_EQ(host.state("worker").state, "running") << host.state("worker").reason;
    }
    void TearDown() override {
        EXPECT_TRUE(host.stop());
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
    // Counts effects; an event that is in the inbox already has none.
    Answer apply(const std::string& body) {
        const std::lock_guard lock(mutex);
        const auto id = body.substr(body.find("evt-"), 28);
        if (std::ranges::find(inbox, id) != inbox.end()) {
            return Answer::error(kAlreadyExists, "seen", R"({"code":"inbox_seen"})");
        }
        if (failures-- > 0) return Answer::error(kInternal, "the disk is on fire");
        inbox.push_back(id);
        requests.push_back(body);
        // The first answer gets lost, so that the event comes again.
        if (lose_answer) return Answer::error(kInternal, "lost on the way");
        return Answer::ok();
    }
    std::size_t effects() {
        const std::lock_guard lock(mutex);
        return requests.size();
    }
    std::size_t count(const std::string& event, const std::string& message = {}) {
        const auto lines = host.logs("worker");
        return static_cast<std::size_t>(std::ranges::count_if(lines, [&](const LogLine& line) {
            return line.event == event && (message.empty() || line.message == message);
        }));
    }

    std::mutex mutex;
    std::vector<std::string> inbox, requests;
    int failures = 0;
    bool lose_answer = false;
};

INSTANTIATE_TEST_SUITE_P(In, WorkerInHost, ::testing::Values(Time::virtual_, Time::real),
                         [](const auto& info) {
                             return info.param == Time::real ? "RealTime" : "VirtualTime";
                         });

TEST_P(WorkerInHost, WaitsForCallsInTasksThatWaitForTasks) {
    EXPECT_EQ(host.call("worker", "ask_twice", "1").body, "[[1]]");
    EXPECT_EQ(count("witness.gone", "ask_once"), 2u);
}

TEST_P(WorkerInHost, RunsBlockingWorkOffTheStrand) {
    EXPECT_EQ(host.call("worker", "hash", "12").body, std::to_string('1' * 31 + '2'));
}

TEST_P(WorkerInHost, AnswersWithTheDeadlineWhereATaskWaitsTooLong) {
    host.fake("neighbour", "ask", [](const Call&) { return Answer::never(); });
    EXPECT_EQ(host.call("worker", "ask_twice", "1", {}, 100ms).code, kDeadlineExceeded);
}

TEST_P(WorkerInHost, AnswersAndLogsWhatATaskThrows) {
    EXPECT_EQ(host.call("worker", "fail", "1").code, kInternal);
    EXPECT_EQ(count("task.failed", "thrown in a task"), 1u);
}

TEST_P(WorkerInHost, DestroysWaitingFramesBeforeItsStop) {
    EXPECT_EQ(host.call("worker", "wait", "1", {}, 20ms).code, kDeadlineExceeded);
    EXPECT_EQ(count("witness.gone"), 0u);
    ASSERT_TRUE(host.disable("worker"));
    EXPECT_EQ(count("witness.gone", "wait"), 1u);
    EXPECT_EQ(count("stop.ran", "0"), 1u);
}

TEST_P(WorkerInHost, ReadsAndWritesTypedEvents) {
    const auto done = [&] { return host.events("work.done"); };
    host.publish("chat.message_posted", "chat/1", R"({"user":"ada","text":"hi","new":[1]})");
    ASSERT_TRUE(host.eventually([&] { return done().size() == 1; }));
    EXPECT_EQ(done()[0].data, R"({"what":"hi","steps":1,"remark":null})");
    host.publish("chat.message_posted", "chat/1", R"({"user":"ada"})");
    host.publish("chat.message_posted", "chat/1", R"({"user":1,"text":"hi"})");
    host.publish("chat.message_posted", "chat/1", R"({"user":"ada","text":"a","language":"de"})");
    ASSERT_TRUE(host.eventually([&] { return done().size() == 2; }));
    EXPECT_EQ(done()[1].data, R"({"what":"a","steps":1,"remark":"de"})");
}

TEST_P(WorkerInHost, AppliesAnEventOnceThoughItComesAgain) {
    {
        const std::lock_guard lock(mutex);
        failures = 1;
        lose_answer = true;
    }
    ASSERT_TRUE(host.call("worker", "keep", R"({"n":1})"));
    // Tried three times: failed, applied with its answer lost, seen before.
    ASSERT_TRUE(host.eventually([&] { return effects() == 1; }, 60s));
    ASSERT_TRUE(host.call("worker", "keep", R"({"n":2})"));
    ASSERT_TRUE(host.eventually([&] { return effects() == 2; }, 60s));
    {
        const std::lock_guard lock(mutex);
        EXPECT_THAT(requests[0], HasSubstr(R"({"changes":[{"op":"inbox","consumer":"worker")"));
        EXPECT_THAT(requests[0], HasSubstr(R"({"op":"insert","collection":"works")"));
    }
    EXPECT_EQ(host.call("journal", "dead_letters", R"({"limit":9})").body,
              R"({"dead_letters":[],"count":0})");
}

}  // namespace
}  // namespace streamwall::testing
