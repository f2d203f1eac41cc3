// The plugin in a real host.
#include <streamwall/testing/host.hpp>

#include <gtest/gtest.h>

using streamwall::testing::Host;

TEST(MyPlugin, CountsMessagesAndAnnouncesTheTotal) {
    Host host({.plugins = {PLUGIN_SO}, .settings = {{"my-plugin", R"({"announce_every":2})"}}});
    const auto started = host.start();
    ASSERT_TRUE(started) << started.message;

    for (int n = 0; n < 3; ++n)
        host.publish("chat.message_posted", "chat/1", R"({"text":"hi"})");

    EXPECT_EQ(host.call("my_plugin.totals", "get", "{}").body, R"({"total":3})");
    const auto announced = host.events("my_plugin.total_changed");
    ASSERT_EQ(announced.size(), 1u);
    EXPECT_EQ(announced[0].data, R"({"total":2})");
    EXPECT_TRUE(host.stop());
    EXPECT_TRUE(host.complaints().empty());
}
