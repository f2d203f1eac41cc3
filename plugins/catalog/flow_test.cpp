// Flows whose replies come inside the call, later, or on another thread at any moment.
#include "flow.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <latch>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace streamwall::catalog {
namespace {

// Asks `ask` for so many digits, one after the other, and replies with them.
template <class Ask>
Flow<> digits(int count, Ask ask) {
    std::string out;
    for (int i = 0; i < count; ++i) {
        const auto digit = co_await asked([&](Reply reply) { ask(i, std::move(reply)); });
        if (!digit) co_return digit.error();
        out += digit->view();
    }
    co_return Buffer(out);
}

Buffer digit(int i) {
    return Buffer(std::to_string(i % 10));
}

TEST(Flow, GoesOnAtOnceWhereTheReplyIsThere) {
    std::string got;
    run(digits(3, [](int i, Reply reply) { reply(digit(i)); }),
        [&](Result<Buffer> reply) { got = reply->view(); });
    EXPECT_EQ(got, "012");
}

TEST(Flow, UsesNoStackForRepliesInsideTheCall) {
    std::size_t size = 0;
    run(digits(100'000, [](int i, Reply reply) { reply(digit(i)); }),
        [&](Result<Buffer> reply) { size = reply->size(); });
    EXPECT_EQ(size, 100'000U);
}

TEST(Flow, WaitsForAReplyThatComesLater) {
    std::vector<Reply> waiting;
    std::string got;
    run(digits(2, [&](int, Reply reply) { waiting.push_back(std::move(reply)); }),
        [&](Result<Buffer> reply) { got = reply->view(); });
    ASSERT_EQ(waiting.size(), 1U);
    waiting[0](digit(7));
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_EQ(got, "");
    waiting[1](digit(8));
    EXPECT_EQ(got, "78");
}

TEST(Flow, EndsWithTheFirstFailure) {
    sw_status code = SW_OK;
    run(digits(5,
               [](int i, Reply reply) {
                   if (i == 2) return reply(Error::unavailable("away"));
                   reply(digit(i));
               }),
        [&](Result<Buffer> reply) { code = reply.code(); });
    EXPECT_EQ(code, SW_UNAVAILABLE);
}

TEST(Flow, AnExceptionIsAnInternalError) {
    sw_status code = SW_OK;
    run(digits(1, [](int, Reply) { throw std::runtime_error("broken"); }),
        [&](Result<Buffer> reply) { code = reply.code(); });
    EXPECT_EQ(code, SW_INTERNAL);
}

// Replies from a thread of its own, in the order in which it was asked.
class Replier {
  public:
    Replier() : thread_([this](std::stop_token stop) { work(stop); }) {}
    void ask(int step, Reply reply) {
        const std::lock_guard lock(mutex_);
        asked_.emplace_back(step, std::move(reply));
        changed_.notify_one();
    }

  private:
    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (changed_.wait(lock, stop, [this] { return !asked_.empty(); })) {
            auto [step, reply] = std::move(asked_.front());
            asked_.pop_front();
            lock.unlock();
            reply(digit(step));
            lock.lock();
        }
    }
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::pair<int, Reply>> asked_;
    std::jthread thread_;
};

TEST(Flow, MeetsRepliesOfOtherThreadsAtAnyMoment) {
    constexpr int kFlows = 1000;
    constexpr int kSteps = 20;
    std::latch all(kFlows);
    std::atomic<int> good{0};
    Replier one, other;
    for (int n = 0; n < kFlows; ++n) {
        run(digits(kSteps,
                   [&](int step, Reply reply) {
                       (step % 2 == 0 ? one : other).ask(step, std::move(reply));
                   }),
            [&](Result<Buffer> reply) {
                if (reply && reply->size() == kSteps) ++good;
                all.count_down();
            });
    }
    all.wait();
    EXPECT_EQ(good, kFlows);
}

}  // namespace
}  // namespace streamwall::catalog
