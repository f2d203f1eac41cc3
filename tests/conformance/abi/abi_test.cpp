// A plugin that was built with the headers of an older minor version runs on today's host.
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

TEST(APluginOfTheFrozenHeaders, UsesEveryBasicPartOfTodaysHost) {
    Host host({.plugins = {FROZEN_SO}, .required = {"frozen"}});
    host.fake("neighbour", "ask",
              [](const Call& call) { return Answer::ok(call.body).after(5ms); });
    const auto started = host.start();
    ASSERT_TRUE(started) << started.message;

    EXPECT_EQ(host.call("frozen", "echo", "[1]").body, "[1]");
    EXPECT_EQ(host.call("frozen", "relay", "[2]").body, "[2]");
    host.fake("neighbour", "ask", [](const Call&) { return Answer::error(5, "nothing there"); });
    EXPECT_EQ(host.call("frozen", "relay", "[3]").message, "nothing there");

    host.publish("chat.message_posted", "chat/1", R"({"text":"hi"})");
    const auto heard = host.events("frozen.heard");
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].data, R"({"text":"hi"})");

    host.advance(3s);
    const auto lines = host.logs("frozen");
    EXPECT_EQ(std::ranges::count(lines, "frozen.tick", &LogLine::event), 4);
    EXPECT_TRUE(host.stop());
    EXPECT_THAT(host.complaints(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::testing
