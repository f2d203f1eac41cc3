// The greeter in a real host: what it says, and that it keeps the rules.
#include <streamwall/testing/host.hpp>

#include <gtest/gtest.h>

using streamwall::testing::Host;

TEST(Hello, GreetsWhoeverWritesInAChat) {
    Host host({.plugins = {HELLO_SO}, .settings = {{"hello", R"({"greeting":"Welcome"})"}}});
    const auto started = host.start();
    ASSERT_TRUE(started) << started.message;

    host.publish("chat.message_posted", "chat/1", R"({"user":"ada","text":"hi"})");

    bool greeted = false;
    for (const auto& line : host.logs("hello")) {
        greeted = greeted || (line.event == "hello.said" && line.message == "Welcome" &&
                              line.text.find(R"("to":"ada")") != std::string::npos);
    }
    EXPECT_TRUE(greeted);
    EXPECT_TRUE(host.stop());
    EXPECT_TRUE(host.complaints().empty());
}

TEST(Hello, RefusesSettingsThatItsManifestDoesNotKnow) {
    Host host({.plugins = {HELLO_SO}, .settings = {{"hello", R"({"greting":"Hi"})"}}});
    const auto started = host.start();
    EXPECT_FALSE(started);
    EXPECT_NE(started.message.find("did you mean 'greeting'"), std::string::npos)
        << started.message;
}
