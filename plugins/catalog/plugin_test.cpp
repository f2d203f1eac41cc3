// The catalog in a host over a real store, which others change as well.
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace streamwall::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kNotFound = 5;
constexpr int kUnavailable = 14;

class TwoWriters : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto started = host.start();
        ASSERT_TRUE(started) << started.message;
        const auto made = catalog("create", R"({"stream":{"url":"https://twitch.tv/one"}})");
        ASSERT_TRUE(made) << made.message;
        ASSERT_THAT(catalog("get", R"({"id":1})").body, HasSubstr(R"("title":null)"));
    }
    Answer catalog(const std::string& method, const std::string& request) {
        return host.call("catalog.streams", method, request);
    }
    // What a catalog of another process does.
    void change(const std::string& op, const std::string& event) {
        const auto done = host.call("store", "apply",
                                    R"({"changes":[{"collection":"streams","id":1,)" + op +
                                        R"(},{"op":"event","version":"1.0","subject":"stream/1",)"
                                        R"("record":0,"type":")" +
                                        event + R"("}]})");
        ASSERT_TRUE(done) << done.message;
    }

    Host host{Options{.plugins = {CATALOG_SO, STORE_SO}, .time = Time::real}};
};

TEST_F(TwoWriters, WhatAnotherChangedIsReadAnew) {
    change(R"("op":"update","set":{"title":"theirs"})", "stream.updated");
    EXPECT_TRUE(host.eventually([&] {
        return catalog("get", R"({"id":1})").body.find(R"("title":"theirs")") != std::string::npos;
    }));
}

TEST_F(TwoWriters, WhatAnotherDeletedIsGone) {
    change(R"("op":"delete")", "stream.deleted");
    EXPECT_TRUE(host.eventually([&] { return !catalog("get", R"({"id":1})"); }));
}

TEST(ArchiveRule, RunsOnItsScheduleOverARealStore) {
    Host host{Options{.plugins = {CATALOG_SO, STORE_SO},
                      .settings = {{"catalog", R"({"archive_every":"50ms"})"}},
                      .time = Time::real}};
    const auto started = host.start();
    ASSERT_TRUE(started) << started.message;
    const auto catalog = [&](const std::string& method, const std::string& request) {
        return host.call("catalog.streams", method, request);
    };
    const std::string stream = R"("url":"https://twitch.tv/one","status":"offline",)"
                               R"("last_checked_at":"2020-01-01T00:00:00Z")";
    ASSERT_TRUE(catalog("create", R"({"stream":{)" + stream + "}}"));
    ASSERT_TRUE(catalog("create", R"({"stream":{"url":"https://twitch.tv/two"}})"));
    ASSERT_TRUE(host.eventually([&] {
        return catalog("get", R"({"id":1})").body.find(R"("archived":true)") != std::string::npos;
    }));
    EXPECT_THAT(catalog("get", R"({"id":2})").body, HasSubstr(R"("archived":false)"));
    EXPECT_THAT(catalog("history", R"({"id":1})").body, HasSubstr(R"("reason":"rule")"));
    EXPECT_THAT(catalog("analytics", R"({"id":1})").body, HasSubstr(R"("live_share":)"));
    const auto back = catalog("create", R"({"stream":{"url":"https://twitch.tv/one"}})");
    EXPECT_THAT(back.body, HasSubstr(R"({"created":false,"stream":{"id":1,)"));
    EXPECT_THAT(back.body, HasSubstr(R"("archived":false)"));
}

TEST(ArchiveRule, IsSeenInStatusAndInMetricsWhetherItRunsOrFails) {
    Host host{Options{.plugins = {CATALOG_SO}}};
    std::atomic<bool> fails = true;
    for (const auto* method : {"declare", "apply"})
        host.fake("store", method, [](const Call&) { return Answer::ok(); });
    host.fake("store", "query", [](const Call&) {
        return Answer::ok(R"({"records":[],"count":0,"next_cursor":null})");
    });
    host.fake("store", "get", [](const Call&) { return Answer::error(kNotFound, "none"); });
    host.fake("store", "lease", [&](const Call&) {
        if (fails) return Answer::error(kUnavailable, "the store is away");
        return Answer::ok(R"({"granted":true,"token":1})");
    });
    const auto started = host.start();
    ASSERT_TRUE(started) << started.message;
    host.advance(std::chrono::minutes(5));
    ASSERT_TRUE(host.eventually([&] { return host.state("catalog").health == "degraded"; }));
    EXPECT_THAT(host.state("catalog").health_reason, HasSubstr("failed: the store is away; next"));
    EXPECT_THAT(host.document("metrics"), HasSubstr(R"(result="failed"} 1)"));
    fails = false;
    host.advance(std::chrono::minutes(5));
    ASSERT_TRUE(host.eventually([&] { return host.state("catalog").health == "ok"; }));
    EXPECT_THAT(host.state("catalog").health_reason, HasSubstr(": 0 archived; next at "));
    EXPECT_THAT(host.document("metrics"), HasSubstr("streamwall_job_next_run_seconds{"));
}

}  // namespace
}  // namespace streamwall::testing
