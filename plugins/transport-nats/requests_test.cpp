// How requests end: once, each in its way.
#include "requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace streamwall::transport_nats {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Requests::Clock::time_point at(std::chrono::milliseconds time) {
    return Requests::Clock::time_point(time);
}

class ARequest : public ::testing::Test {
  protected:
    static void on_answer(void* ctx, sw_status status, const sw_buffer* body,
                          const sw_error* error) {
        auto& ends = *static_cast<std::vector<std::string>*>(ctx);
        ends.push_back(std::to_string(status) + " " +
                       (body != nullptr    ? std::string(body->data, body->length)
                        : error != nullptr ? error->message
                                           : ""));
    }
    Requests::Added add(std::chrono::milliseconds deadline) {
        return requests.add(&on_answer, &ends, at(deadline));
    }
    std::vector<std::string> ends;
    Requests requests;
};

TEST_F(ARequest, IsAnsweredOnce) {
    const auto added = add(10ms);
    EXPECT_TRUE(requests.answer(added.number, Buffer("yes")));
    EXPECT_FALSE(requests.answer(added.number, Buffer("again")));
    EXPECT_FALSE(requests.fail(added.number, Error::unavailable("late")));
    requests.expire(at(1h));
    requests.fail_all(Error::unavailable("gone"));
    EXPECT_THAT(ends, ElementsAre("0 yes"));
}

TEST_F(ARequest, ExpiresAtItsDeadlineInTheOrderOfDeadlines) {
    add(30ms);
    add(10ms);
    const auto answered = add(20ms);
    EXPECT_TRUE(requests.answer(answered.number, Buffer("yes")));
    requests.expire(at(9ms));
    EXPECT_THAT(ends, ElementsAre("0 yes"));
    requests.expire(at(10ms));
    EXPECT_EQ(ends.size(), 2u);
    EXPECT_EQ(requests.next_deadline(), at(30ms));
    requests.expire(at(30ms));
    EXPECT_THAT(ends, ElementsAre("0 yes", "4 no answer came in time", "4 no answer came in time"));
    EXPECT_EQ(requests.next_deadline(), std::nullopt);
}

TEST_F(ARequest, WakesWhoWaitsForALaterDeadlineOnly) {
    EXPECT_TRUE(add(20ms).is_next_to_expire);
    EXPECT_FALSE(add(30ms).is_next_to_expire);
    EXPECT_TRUE(add(10ms).is_next_to_expire);
    EXPECT_EQ(requests.next_deadline(), at(10ms));
    EXPECT_FALSE(add(10ms).is_next_to_expire);
}

TEST_F(ARequest, ThatIsTakenBackNeverEnds) {
    const auto added = add(10ms);
    EXPECT_TRUE(requests.take_back(added.number));
    EXPECT_FALSE(requests.take_back(added.number));
    requests.fail_all(Error::unavailable("gone"));
    EXPECT_THAT(ends, IsEmpty());
}

TEST_F(ARequest, FailsWithAllOthersWhenTheConnectionIsLost) {
    add(10ms);
    add(20ms);
    requests.fail_all(Error::unavailable("gone"));
    EXPECT_THAT(ends, ElementsAre("14 gone", "14 gone"));
}

}  // namespace
}  // namespace streamwall::transport_nats
