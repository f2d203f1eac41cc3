// IoLoop: one thread for a plugin's strand and its sockets.
#include <streamwall/sdk/io_loop.hpp>

#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

namespace streamwall {
namespace {

void post(const IoLoop& loop, void (*run)(void*), void* arg) {
    loop.executor()->post(loop.executor()->self, run, arg);
}

TEST(AnIoLoop, RunsTheHostsWorkAndSocketsOnOneThread) {
    IoLoop loop("test");
    std::promise<std::pair<std::thread::id, std::thread::id>> ids;
    boost::asio::steady_timer timer(loop.context());
    struct Work {
        IoLoop& loop;
        boost::asio::steady_timer& timer;
        decltype(ids)& out;
    } work{loop, timer, ids};
    post(
        loop,
        [](void* arg) {
            auto& given = *static_cast<Work*>(arg);
            EXPECT_TRUE(given.loop.is_current());
            given.timer.expires_after(std::chrono::milliseconds(1));
            given.timer.async_wait([&given, id = std::this_thread::get_id()](auto) {
                given.out.set_value({id, std::this_thread::get_id()});
            });
        },
        &work);
    const auto [strand, socket] = ids.get_future().get();
    EXPECT_EQ(strand, socket);
    EXPECT_NE(strand, std::this_thread::get_id());
    EXPECT_EQ(loop.executor()->is_current(loop.executor()->self), 0);
}

TEST(AnIoLoop, KeepsTheOrderOfPosts) {
    IoLoop loop("test");
    struct State {
        std::vector<int> seen;
        std::promise<void> done;
    } state;
    struct Item {
        State& state;
        int number;
    };
    std::vector<Item> items;
    for (int i = 0; i < 100; ++i)
        items.push_back({state, i});
    for (auto& item : items) {
        post(
            loop,
            [](void* arg) {
                auto& given = *static_cast<Item*>(arg);
                given.state.seen.push_back(given.number);
                if (given.number == 99) given.state.done.set_value();
            },
            &item);
    }
    state.done.get_future().get();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(state.seen[static_cast<std::size_t>(i)], i);
}

TEST(AnIoLoop, DestroysWhatIsStillPendingWithoutRunningIt) {
    auto token = std::make_shared<int>(1);
    {
        IoLoop loop("test");
        boost::asio::steady_timer timer(loop.context(), std::chrono::hours(1));
        timer.async_wait([token](auto) { ADD_FAILURE() << "it was not due"; });
        std::promise<void> ran;
        post(loop, [](void* arg) { static_cast<std::promise<void>*>(arg)->set_value(); }, &ran);
        ran.get_future().get();
        loop.join();
        loop.join();
        EXPECT_EQ(token.use_count(), 2);
    }
    EXPECT_EQ(token.use_count(), 1);
}

TEST(AnIoLoop, WithoutWorkNeedsNoThread) {
    IoLoop loop("test");
    loop.join();
}

TEST(AnIoLoop, TellsOfAHandlerThatThrewAndGoesOn) {
    std::promise<std::string> problem;
    IoLoop loop("a-name-longer-than-the-kernel-takes",
                [&](std::string_view what) { problem.set_value(std::string(what)); });
    post(loop, [](void*) { throw std::runtime_error("oops"); }, nullptr);
    std::promise<void> later;
    post(loop, [](void* arg) { static_cast<std::promise<void>*>(arg)->set_value(); }, &later);
    EXPECT_EQ(problem.get_future().get(), "oops");
    later.get_future().get();
}

}  // namespace
}  // namespace streamwall
