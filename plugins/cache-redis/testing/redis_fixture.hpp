// Hosts with the plugin in them, around one Redis.
#pragma once

#include "redis_server.hpp"

#include <boost/json.hpp>
#include <streamwall/testing/host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace streamwall::redis::testing {

namespace json = boost::json;
using namespace std::chrono_literals;
using streamwall::testing::Answer;
using streamwall::testing::Host;

inline constexpr int kInvalid = 3;
inline constexpr int kUnavailable = 14;

class WithRedis : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
        ASSERT_TRUE(redis.start());
    }
    void TearDown() override {
        for (const auto& host : hosts_) {
            EXPECT_TRUE(host->stop());
            EXPECT_THAT(host->complaints(), ::testing::IsEmpty());
        }
    }

    // A host that runs the plugin; `more` are settings beside the URL.
    Host& host(json::object more = {}) {
        if (!more.contains("url")) more["url"] = redis.url();
        hosts_.push_back(std::make_unique<Host>(
            streamwall::testing::Options{.plugins = {PLUGIN_SO},
                                         .settings = {{"cache-redis", json::serialize(more)}},
                                         .required = {"cache-redis"},
                                         .time = streamwall::testing::Time::real}));
        const auto started = hosts_.back()->start();
        EXPECT_TRUE(started) << started.message;
        return *hosts_.back();
    }
    static bool is_ok(const Host& host) { return host.state("cache-redis").health == "ok"; }
    // Milliseconds until the plugin's health is, or is not, ok.
    static double time_until(Host& host, bool ok) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_TRUE(host.eventually([&] { return is_ok(host) == ok; }, 20s));
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count();
    }
    static json::object call(Host& host, const std::string& service, const std::string& method,
                             const json::object& request) {
        const auto answer = host.call(service, method, json::serialize(request));
        EXPECT_TRUE(answer) << service << "." << method << ": " << answer.message;
        return answer ? json::parse(answer.body).as_object() : json::object{};
    }
    static double metric(const Host& host, const std::string& line) {
        const auto text = host.document("metrics");
        const auto at = text.find("\n" + line + " ");
        return at == std::string::npos ? 0 : std::stod(text.substr(at + line.size() + 2));
    }

    RedisServer redis;

  private:
    std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace streamwall::redis::testing
