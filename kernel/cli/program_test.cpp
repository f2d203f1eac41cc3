// The real program as a process: what only a process shows, such as signals, locks and sockets.

#include "cli/test_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <boost/json.hpp>

#include <thread>

namespace streamwall::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kSmallNode =
    "nodes: {main: {plugins: [storage-sqlite, discovery]}}\n"
    "plugins: {storage-sqlite: {path: \"${data}/wall.db\"}}\n";

TEST_F(Host, StopsGracefullyAtTheFirstSignal) {
    for (const int number : {SIGTERM, SIGINT}) {
        auto host = start(kSmallNode);
        ASSERT_TRUE(host->wait_for("host.ready")) << host->output;
        host->signal(number);
        EXPECT_EQ(host->end(), kDone) << host->output;
        EXPECT_THAT(host->output, HasSubstr("host.stopped"));
        EXPECT_FALSE(fs::exists(data / "control.sock"));
    }
}

TEST_F(Host, KeepsItsFolderAndSocketToItsUser) {
    auto host = start(kSmallNode);
    ASSERT_TRUE(host->wait_for("host.ready")) << host->output;
    struct stat info{};
    ASSERT_EQ(::stat(data.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700u);
    ASSERT_EQ(::stat((data / "control.sock").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(Host, IsTheOnlyOneOnItsDataFolder) {
    auto first = start(kSmallNode);
    ASSERT_TRUE(first->wait_for("host.ready")) << first->output;
    auto second = start(kSmallNode);
    EXPECT_EQ(second->end(), kFailed);
    EXPECT_THAT(second->output, HasSubstr("another host (process "));
    first->signal(SIGKILL);
    EXPECT_EQ(first->end(), -SIGKILL);
    auto third = start(kSmallNode);
    EXPECT_TRUE(third->wait_for("host.ready")) << third->output;
}

TEST_F(Host, ObeysOverTheControlSocket) {
    auto host = start(kSmallNode);
    ASSERT_TRUE(host->wait_for("host.ready")) << host->output;
    const auto state = [&] {
        const auto list = ask({{"verb", "plugins.list"}});
        return list.as_array().at(0).as_object().at("state");
    };
    EXPECT_EQ(state(), "running");
    EXPECT_TRUE(ask({{"verb", "plugins.disable"}, {"instance", "discovery"}}).is_object());
    EXPECT_EQ(state(), "disabled");
    EXPECT_TRUE(ask({{"verb", "plugins.enable"}, {"instance", "discovery"}}).is_object());
    EXPECT_EQ(state(), "running");
    EXPECT_EQ(ask({{"verb", "status"}}).as_object().at("node"), "main");
    EXPECT_TRUE(ask({{"verb", "introspect"}, {"what", "metrics"}}).is_string());
    EXPECT_TRUE(ask({{"verb", "introspect"}, {"what", "health"}}).is_object());
    EXPECT_EQ(ask({{"verb", "dead_letters.list"}}),
              json::parse(R"({"dead_letters":[],"count":0})"));
    EXPECT_EQ(ask({{"verb", "juggle"}}), "there is no verb 'juggle'");
    EXPECT_EQ(ask({{"verb", "plugins.enable"}}), "give 'instance'");
}

TEST_F(Host, ShowsEventsToWhoTapsThem) {
    auto host = start(
        "nodes: {main: {plugins: [storage-sqlite, catalog]}}\n"
        "plugins: {storage-sqlite: {path: \"${data}/wall.db\"}}\n");
    ASSERT_TRUE(host->wait_for("host.ready")) << host->output;
    auto client = ControlClient::connect(data);
    ASSERT_TRUE(client);
    // Nothing says when the tap stands, so streams are created until it has shown one.
    std::jthread creator([&](const std::stop_token& stop) {
        for (int n = 0; !stop.stop_requested(); ++n) {
            const auto url = "https://twitch.tv/example" + std::to_string(n);
            static_cast<void>(ask({{"verb", "call"},
                                   {"service", "catalog.streams"},
                                   {"method", "create"},
                                   {"request", {{"strict", true}, {"stream", {{"url", url}}}}}}));
        }
    });
    std::string seen;
    const auto ended = client->stream({{"verb", "events.tap"}, {"pattern", "stream.created"}},
                                      [&](const json::object& message) {
                                          seen = json::serialize(message);
                                          return false;
                                      });
    EXPECT_TRUE(ended);
    EXPECT_THAT(seen, HasSubstr(R"("type":"stream.created")"));
}

TEST_F(Host, DoesNotStartWithAnInvalidConfiguration) {
    auto host = start("nodes: {main: {plugins: [discovry]}}\n");
    EXPECT_EQ(host->end(), kBadConfig);
    EXPECT_THAT(host->output, HasSubstr("did you mean 'discovery'?"));
}

TEST_F(Host, ServesBesideAPluginThatEndsWhateverLoadsIt) {
    fs::create_directories(data / "plugins");
    fs::copy_file(DIES_LOADING, data / "plugins" / "dies.so");
    for (int starts = 0; starts < 2; ++starts) {
        auto host = start("kernel: {plugin_path: [\"" + (data / "plugins").string() +
                          "\"]}\n"
                          "nodes: {main: {plugins: [throws-loading, storage-sqlite]}}\n"
                          "plugins: {storage-sqlite: {path: \"${data}/wall.db\"}}\n");
        ASSERT_TRUE(host->wait_for("host.ready")) << host->output;
        EXPECT_THAT(host->output, HasSubstr("thrown while it was loaded"));
        EXPECT_EQ(ask({{"verb", "status"}}).as_object().at("node"), "main");
        host->signal(SIGTERM);
        EXPECT_EQ(host->end(), kDone) << host->output;
    }
}

TEST_F(Host, EndsWhereARequiredPluginFails) {
    auto host = start(
        "nodes: {main: {plugins: [storage-sqlite]}}\n"
        "plugins: {storage-sqlite: {required: true, path: /proc/nowhere/x.db}}\n");
    EXPECT_EQ(host->end(), kFailed) << host->output;
    EXPECT_THAT(host->output, HasSubstr("host.not_started"));
}

TEST(Check, FindsEveryMistakeOfAFileAtOnce) {
    Program check({"check", "-c", TESTDATA "/twenty_mistakes.yaml"},
                  {"STREAMWALL_PLUGIN_PATH=" PLUGINS});
    EXPECT_EQ(check.end(), kBadConfig);
    EXPECT_GE(std::ranges::count(check.output, '\n'), 20) << check.output;
    EXPECT_THAT(check.output, HasSubstr("twenty_mistakes.yaml:23:5: plugins.http-server: key "
                                        "'port' stands here again, first on line 19"));
}

TEST(Check, SaysWhichServerIsAway) {
    Program check({"check", "-c", SPLIT_YAML, "--connect"},
                  {"STREAMWALL_PLUGIN_PATH=" PLUGINS, "NATS_URL=nats://me:hidden@127.0.0.1:9",
                   "REDIS_URL=redis://127.0.0.1:9", "TWITCH_IRC_URL=irc://127.0.0.1:9"});
    EXPECT_EQ(check.end(), kBadConfig);
    EXPECT_THAT(check.output, HasSubstr("plugins.transport-nats.url: nats://127.0.0.1:9 cannot be "
                                        "reached: Connection refused"));
    EXPECT_THAT(check.output, HasSubstr("3 errors"));
}

}  // namespace
}  // namespace streamwall::cli
