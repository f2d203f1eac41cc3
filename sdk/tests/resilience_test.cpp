// Retries and breakers, in a plugin whose neighbour fails on demand. Virtual time: waits are exact.
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace streamwall::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr int kInvalid = 3;
constexpr int kDeadlineExceeded = 4;
constexpr int kNotFound = 5;
constexpr int kUnavailable = 14;

class CallerInHost : public ::testing::Test {
  protected:
    Host host{Options{.plugins = {CALLER_SO}}};
    std::deque<int> outcomes;  // of the neighbour, one a call; empty: success
    int asked = 0;

    void SetUp() override {
        host.fake("neighbour", "ask", [this](const Call&) {
            ++asked;
            if (outcomes.empty()) return Answer::ok("\"heard\"");
            const int code = outcomes.front();
            outcomes.pop_front();
            return code == 0 ? Answer::ok("\"heard\"") : Answer::error(code, "no luck");
        });
        ASSERT_TRUE(host.start());
    }
    Answer patiently(std::chrono::milliseconds limit = 60s) {
        return host.call("caller", "patiently", "{}", {}, limit);
    }
    std::string breaker_line() {
        const auto text = host.document("metrics");
        const auto at = text.find("streamwall_circuit_breaker_state{name=\"neighbour\"");
        return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
    }
};

TEST_F(CallerInHost, TriesThreeTimesWithWaitsOfOneAndTwoSeconds) {
    outcomes = {kUnavailable, kUnavailable};
    EXPECT_EQ(patiently(2900ms).code, kDeadlineExceeded);
    EXPECT_EQ(asked, 2);
    host.advance(200ms);
    EXPECT_EQ(asked, 3);

    outcomes = {kUnavailable, kUnavailable};
    const auto answer = patiently(3100ms);
    EXPECT_EQ(answer.body, "\"heard\"") << answer.message;
}

TEST_F(CallerInHost, GetsTheLastErrorWhenEveryTryFails) {
    outcomes = {kUnavailable, kUnavailable, kUnavailable};
    const auto answer = patiently();
    EXPECT_EQ(answer.code, kUnavailable);
    EXPECT_EQ(answer.message, "no luck");
    EXPECT_EQ(asked, 3);
}

TEST_F(CallerInHost, DoesNotRepeatWhatAnotherTryCannotMend) {
    outcomes = {kInvalid};
    EXPECT_EQ(patiently().code, kInvalid);
    EXPECT_EQ(asked, 1);
}

TEST_F(CallerInHost, CancellingEndsTheWait) {
    outcomes = {kUnavailable, kUnavailable, kUnavailable};
    EXPECT_EQ(patiently(500ms).code, kDeadlineExceeded);
    ASSERT_TRUE(host.call("caller", "cancel", "{}"));
    host.advance(60s);
    EXPECT_EQ(asked, 1);
}

TEST_F(CallerInHost, SparesADependencyThatFailedFiveTimesInARow) {
    outcomes = {kNotFound, kNotFound, kNotFound, kNotFound, kNotFound};
    for (int n = 0; n < 5; ++n)
        EXPECT_EQ(host.call("caller", "sparingly", "{}").code, kNotFound);
    const auto refused = host.call("caller", "sparingly", "{}");
    EXPECT_EQ(refused.code, kUnavailable);
    EXPECT_THAT(refused.details, HasSubstr(R"("code":"circuit_open","retry_after":60)"));
    EXPECT_EQ(asked, 5);
    EXPECT_THAT(breaker_line(), HasSubstr(" 1"));
}

TEST_F(CallerInHost, LetsOneTrialThroughWhichDecides) {
    outcomes = {kNotFound, kNotFound, kNotFound, kNotFound, kNotFound, kNotFound};
    for (int n = 0; n < 5; ++n)
        static_cast<void>(host.call("caller", "sparingly", "{}"));
    host.advance(60s);
    EXPECT_EQ(host.call("caller", "sparingly", "{}").code, kNotFound) << "the trial";
    EXPECT_EQ(host.call("caller", "sparingly", "{}").code, kUnavailable) << "open again";
    host.advance(60s);
    EXPECT_TRUE(host.call("caller", "sparingly", "{}"));
    EXPECT_TRUE(host.call("caller", "sparingly", "{}"));
    EXPECT_EQ(asked, 8);
    EXPECT_THAT(breaker_line(), HasSubstr(" 0"));
}

}  // namespace
}  // namespace streamwall::testing
