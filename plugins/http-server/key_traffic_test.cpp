#include "key_traffic.hpp"

#include "test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::http_server::testing {
namespace {

const std::string kKeyHeader = "Authorization: Bearer " + std::string(kKey) + "\r\n";

std::string metric_of(std::string_view key, std::string_view result) {
    return "streamwall_http_server_key_requests_total key=" + std::string(key) +
           " result=" + std::string(result);
}

Principal principal_of(std::string_view type, std::string_view name, int number) {
    Principal out;
    out.type = type;
    out.id = out.name = name;
    std::memcpy(out.rate_id.data(), &number, sizeof number);
    return out;
}

class KeysInMetrics : public ::testing::Test {
  protected:
    static Options limited() {
        auto options = TestServer::quick_options();
        options.rate_limits = RateLimits{.address = 2, .key = 3};
        return options;
    }
    KeysInMetrics() {
        server.mount({.path = "/open"},
                     [](const auto&, auto* exchange) { answer(exchange, 200, ""); });
    }
    double requests(std::string_view key, std::string_view result) const {
        return fake.metric(metric_of(key, result));
    }

    TestServer server{limited()};
    FakeHost& fake = server.fake();
    Client client{server.port()};
};

TEST_F(KeysInMetrics, SayByTheNameOfTheServiceWhatPassedAndWhatCameTooOften) {
    for (int n = 0; n < 3; ++n)
        EXPECT_EQ(client.get("/open", kKeyHeader)->status, 200);
    for (int n = 0; n < 2; ++n) {
        const auto refused = client.get("/open", kKeyHeader);
        EXPECT_EQ(refused->status, 429);
        EXPECT_NE(refused->body.find("with the key bootstrap;"), std::string::npos)
            << refused->body;
    }
    EXPECT_EQ(requests("bootstrap", "passed"), 3);
    EXPECT_EQ(requests("bootstrap", "limited"), 2);
    const auto lines = fake.log_lines();
    EXPECT_EQ(std::ranges::count_if(
                  lines, [](const auto& line) { return line.starts_with("http.key_limited"); }),
              1)
        << "once a minute, however often it comes";
}

TEST_F(KeysInMetrics, KnowNothingOfStrangersAndWrongKeys) {
    client.get("/open");
    client.get("/open", "Authorization: Bearer swk_wrong\r\n");
    const auto refused = client.get("/open");
    EXPECT_EQ(refused->status, 429);
    EXPECT_EQ(refused->body.find("with the key"), std::string::npos);
    for (const std::string_view name : {"", "swk_wrong", "bootstrap"})
        EXPECT_EQ(requests(name, "passed"), -1) << name;
}

TEST(KeyTrafficTest, CountsUsersNotAndManyKeysUnderABoundedNumberOfNames) {
    FakeHost fake;
    const auto host = fake.host();
    KeyNames names;
    KeyTraffic one(names), other(names);
    one.count(host, principal_of("user", "ada", 1), true, 1);
    EXPECT_EQ(fake.metric(metric_of("ada", "passed")), -1);
    const int most = static_cast<int>(KeyNames::kMostNames);
    for (int n = 0; n < most + 2000; ++n) {
        const auto name = "key" + std::to_string(n);
        const auto principal = principal_of("key", name, n);
        one.count(host, principal, true, 1);
        other.count(host, principal, true, 1);
    }
    EXPECT_EQ(fake.metric(metric_of("key0", "passed")), 2) << "one series, whichever loop counts";
    EXPECT_EQ(fake.metric(metric_of("key" + std::to_string(most), "passed")), -1);
    EXPECT_EQ(fake.metric(metric_of(KeyNames::kOthers, "passed")), 4000);
}

TEST(KeyTrafficTest, TellsOfAKeyAtItsLimitOnceAMinute) {
    FakeHost fake;
    const auto host = fake.host();
    KeyNames names;
    KeyTraffic traffic(names);
    const auto bot = principal_of("key", "bot", 3);
    for (const std::int64_t second : {100, 101, 159, 160, 161, 500})
        traffic.count(host, bot, false, second);
    EXPECT_EQ(fake.log_lines().size(), 3U);
    EXPECT_NE(fake.log_lines()[0].find(R"("key":"bot")"), std::string::npos);
}

}  // namespace
}  // namespace streamwall::http_server::testing
