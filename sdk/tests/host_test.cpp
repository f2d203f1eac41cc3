// The test host itself, by means of a plugin that uses each part of the boundary.
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kInvalid = 3;
constexpr int kDeadlineExceeded = 4;
constexpr int kUnavailable = 14;

class ProbeInHost : public ::testing::TestWithParam<Time> {
  protected:
    Host host{Options{.plugins = {PROBE_SO}, .time = GetParam()}};

    void SetUp() override {
        host.fake("neighbour", "ask", [](const Call& call) {
            return Answer::ok(R"({"heard":)" + call.body + R"(,"from":")" + call.principal.name +
                              "\"}");
        });
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
        ASSERT_EQ(host.state("probe").state, "running") << host.state("probe").reason;
    }
    void TearDown() override {
        EXPECT_TRUE(host.stop());
        EXPECT_THAT(host.complaints(), IsEmpty());
    }
};

INSTANTIATE_TEST_SUITE_P(In, ProbeInHost, ::testing::Values(Time::virtual_, Time::real),
                         [](const auto& info) {
                             return info.param == Time::real ? "RealTime" : "VirtualTime";
                         });

TEST_P(ProbeInHost, AnswersCallsAndCallsFakesInTheNameOfItsCaller) {
    EXPECT_EQ(host.call("probe", "echo", R"({"a":1})").body, R"({"a":1})");
    const auto relayed = host.call("probe", "relay", "[1]", {.name = "ada"});
    EXPECT_EQ(relayed.body, R"({"heard":[1],"from":"ada"})") << relayed.message;
}

TEST_P(ProbeInHost, FakesCanBeReplacedFailAndHang) {
    host.fake("neighbour", "ask", [](const Call&) {
        return Answer::error(kUnavailable, "gone", R"({"retry_after":7})");
    });
    const auto failed = host.call("probe", "relay", "{}");
    EXPECT_EQ(failed.code, kUnavailable);
    EXPECT_EQ(failed.message, "gone");
    EXPECT_EQ(failed.details, R"({"retry_after":7})");

    host.fake("neighbour", "ask", [](const Call&) { return Answer::ok("2").after(30ms); });
    EXPECT_EQ(host.call("probe", "relay", "{}").body, "2");

    host.fake("neighbour", "ask", [](const Call&) { return Answer::never(); });
    EXPECT_EQ(host.call("probe", "relay", "{}", {}, 200ms).code, kDeadlineExceeded);
}

TEST_P(ProbeInHost, KeepsAJournalInMemoryWhereNoPluginDoes) {
    const auto saved = host.call("probe", "save", R"({"n":1})");
    ASSERT_TRUE(saved) << saved.message;
    EXPECT_THAT(saved.body, HasSubstr(R"("sequence":1)"));
    ASSERT_TRUE(host.publish("probe.saved", "probe/2", R"({"n":2})"));
    const auto saw = [&](const std::string& text) {
        for (const auto& line : host.logs("probe")) {
            if (line.event == "probe.saw" && line.message == text) return true;
        }
        return false;
    };
    EXPECT_TRUE(host.eventually([&] { return saw(R"({"n":1})") && saw(R"({"n":2})"); }));
    ASSERT_EQ(host.events("probe.saved").size(), 2u);
    EXPECT_EQ(host.events("probe.saved")[1].sequence, 2u);
}

TEST(VirtualTime, PassesOnlyWhenTheTestSaysSo) {
    Host host({.plugins = {PROBE_SO}});
    ASSERT_TRUE(host.start());
    host.advance(999ms);
    const auto before = host.events("probe.beat").size();
    host.advance(10s);
    EXPECT_EQ(host.events("probe.beat").size(), before + 10);
}

TEST(VirtualTime, DeadLettersComeAfterAllTriesWithoutWaiting) {
    Host host({.plugins = {PROBE_SO}});
    ASSERT_TRUE(host.start());
    host.publish("probe.saved", "probe/1", R"({"fail":true})");
    const auto letters = [&] {
        return host.call("journal", "dead_letters", R"({"limit":9})").body;
    };
    EXPECT_TRUE(
        host.eventually([&] { return letters().find("told to fail") != std::string::npos; }, 600s))
        << letters();
}

TEST(AHost, SaysWhyARequiredPluginDidNotStart) {
    Host host({.plugins = {PROBE_SO},
               .settings = {{"probe", R"({"refuse":true})"}},
               .required = {"probe"}});
    const auto started = host.start();
    EXPECT_FALSE(started);
    EXPECT_THAT(started.message, HasSubstr("told to refuse"));
}

TEST(AHost, RefusesEventsThatAreNoObjects) {
    Host host({.plugins = {PROBE_SO}});
    ASSERT_TRUE(host.start());
    EXPECT_EQ(host.publish("chat.message_posted", "chat/1", "[1]").code, kInvalid);
    EXPECT_EQ(host.publish("chat.message_posted", "chat/1", "{").code, kInvalid);
}

TEST(AHost, StartsAgainAfterAStop) {
    Host host({.plugins = {PROBE_SO}});
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(host.start());
        EXPECT_EQ(host.call("probe", "echo", "1").body, "1");
        ASSERT_TRUE(host.stop());
    }
    EXPECT_THAT(host.complaints(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::testing
