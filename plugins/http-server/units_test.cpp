// The parts that need no socket: texts, router, rate limiter, keys, listen addresses.
#include "auth.hpp"
#include "rate_limit.hpp"
#include "router.hpp"
#include "test_support.hpp"
#include "text.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace streamwall::http_server::testing {
namespace {

TEST(Text, knows_valid_trace_parents) {
    const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    EXPECT_TRUE(is_valid_traceparent(good));
    EXPECT_TRUE(is_valid_traceparent("01" + good.substr(2) + "-more"));
    for (const auto& bad :
         {good + "-more", good.substr(1), "ff" + good.substr(2),
          std::string("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"),
          std::string("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
          std::string("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"), std::string()}) {
        EXPECT_FALSE(is_valid_traceparent(bad)) << bad;
    }
}

TEST(Text, takes_a_parameter_out_of_a_query) {
    EXPECT_EQ(without_parameter("token=x", "token"), "");
    EXPECT_EQ(without_parameter("a=1&token=x&b=2&token", "token"), "a=1&b=2");
    EXPECT_EQ(without_parameter("tokens=x", "token"), "tokens=x");
    EXPECT_EQ(query_parameter("a=1&token=x%20y", "token"), "x%20y");
    EXPECT_EQ(query_parameter("mytoken=x", "token"), std::nullopt);
}

RoutePtr route(const std::string& method, const std::string& path, sw_lease* lease = nullptr) {
    auto made = std::make_shared<Route>();
    made->method = method;
    made->path = path;
    made->lease = lease;
    return made;
}

TEST(Router, prefers_literal_segments_and_falls_back_to_parameters) {
    Router router;
    for (const char* path : {"/a/{x}", "/a/b", "/a/b/{y}/d", "/a/{x}/c", "/"}) {
        ASSERT_TRUE(router.add(route("GET", path))) << path;
    }
    const auto found = [&](const char* path) {
        Match match;
        router.find("GET", path, match);
        std::string text = match.route ? match.route->path : "-";
        for (const auto& parameter : match.parameters)
            text += " " + parameter;
        return text;
    };
    EXPECT_EQ(found("/a/b"), "/a/b");
    EXPECT_EQ(found("/a/z"), "/a/{x} z");
    EXPECT_EQ(found("/a/b/c"), "/a/{x}/c b");
    EXPECT_EQ(found("/a/b/q/d"), "/a/b/{y}/d q");
    EXPECT_EQ(found("/a/"), "-");
    EXPECT_EQ(found("/a"), "-");
    EXPECT_EQ(found("/"), "/");
    EXPECT_EQ(found("/a/%2e%2e"), "/a/{x} ..");
    EXPECT_EQ(found("a/b"), "-");
}

TEST(Router, refuses_clashes_and_malformed_templates) {
    Router router;
    ASSERT_TRUE(router.add(route("GET", "/a/{x}")));
    EXPECT_TRUE(router.add(route("PUT", "/a/{y}")));
    EXPECT_FALSE(router.add(route("GET", "/a/{other}")));
    for (const char* path : {"", "a", "/{", "/x{y}", "/{}", "/{a}{b}", "/{a}b"}) {
        EXPECT_FALSE(router.add(route("GET", path))) << path;
    }
    EXPECT_FALSE(router.add(route("BREW", "/b")));
    std::string long_path;
    for (int i = 0; i < 17; ++i)
        long_path += "/{p}";
    EXPECT_FALSE(router.add(route("GET", long_path)));
}

TEST(Router, forgets_the_routes_of_one_lease) {
    int first = 0, second = 0;
    auto* lease = reinterpret_cast<sw_lease*>(&first);
    Router router;
    ASSERT_TRUE(router.add(route("GET", "/a", lease)));
    ASSERT_TRUE(router.add(route("PUT", "/a", reinterpret_cast<sw_lease*>(&second))));
    const auto rest = router.without(lease);
    Match match;
    rest->find("GET", "/a", match);
    EXPECT_FALSE(match.route);
    EXPECT_EQ(match.allow, "PUT, OPTIONS");
}

TEST(RateLimiter, passes_the_limit_in_any_sixty_seconds_and_no_more) {
    RateLimiter limiter;
    const RateKey key;
    std::vector<std::int64_t> passed;
    // Uneven bursts over five minutes.
    for (std::int64_t now = 1000; now < 1300; ++now) {
        for (int i = 0; i < (now % 7 == 0 ? 20 : 1); ++i) {
            if (limiter.count(key, 60, now).allowed) passed.push_back(now);
        }
    }
    for (std::size_t i = 60; i < passed.size(); ++i)
        EXPECT_GT(passed[i] - passed[i - 60], 60);
    EXPECT_GT(passed.size(), 60u * 4);
}

TEST(RateLimiter, passes_a_request_at_the_time_it_named) {
    RateLimiter limiter;
    const RateKey key;
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(limiter.count(key, 10, 500 + i).remaining, 9u - i);
    const auto refused = limiter.count(key, 10, 520);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.reset_after, 41u);
    EXPECT_FALSE(limiter.count(key, 10, 520 + 40).allowed);
    EXPECT_TRUE(limiter.count(key, 10, 520 + 41).allowed);
}

TEST(RateLimiter, counts_IPv6_by_its_64_and_IPv4_whole) {
    std::array<std::uint8_t, 16> a{0x20, 0x01, 0x0d, 0xb8}, b = a, c = a;
    b[15] = 1;
    c[7] = 1;
    EXPECT_EQ(address_key(a), address_key(b));
    EXPECT_FALSE(address_key(a) == address_key(c));
    std::array<std::uint8_t, 16> v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1},
        other = v4;
    other[15] = 2;
    EXPECT_FALSE(address_key(v4) == address_key(other));
}

TEST(RateLimiter, keeps_its_memory_bounded) {
    RateLimiter limiter;
    for (std::uint32_t i = 0; i < 200'000; ++i) {
        RateKey key;
        std::memcpy(key.id.data(), &i, sizeof i);
        limiter.count(key, 60, 1000);
    }
    EXPECT_LE(limiter.size(), 65'536u);
}

TEST(RateLimits, are_read_from_one_word) {
    EXPECT_FALSE(RateLimits::parse("off"));
    EXPECT_EQ(RateLimits::parse("1/2/3")->key, 3u);
    EXPECT_EQ(RateLimits::parse("1/2/100000000")->key, 100'000'000u);
    for (const char* bad : {"", "1", "1/2", "1/2/3/4", "0/2/3", "a/b/c", "1/2/100000001", "on"}) {
        EXPECT_THROW(RateLimits::parse(bad), std::invalid_argument) << bad;
    }
}

class KeyFile : public ::testing::Test {
  protected:
    const streamwall::testing::TemporaryFolder folder{"key"};
    const std::filesystem::path path = folder / "api-key";
};

TEST_F(KeyFile, is_made_once_for_its_owner_alone) {
    const auto key = load_or_make_key(path);
    EXPECT_TRUE(key.starts_with("sw_"));
    EXPECT_EQ(key.size(), 3u + 43u);
    EXPECT_EQ(load_or_make_key(path), key);
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_TRUE(BootstrapKey(key).authenticate(key).is_valid());
    EXPECT_FALSE(BootstrapKey(key).authenticate(key + "x").is_valid());
}

TEST_F(KeyFile, is_refused_where_others_can_read_it_or_nothing_is_in_it) {
    std::ofstream(path) << "sw_0123456789abcdef\n";
    ::chmod(path.c_str(), 0644);
    EXPECT_THROW(load_or_make_key(path), std::runtime_error);
    ::chmod(path.c_str(), 0600);
    EXPECT_EQ(load_or_make_key(path), "sw_0123456789abcdef");
    std::ofstream(path, std::ios::trunc) << "\n";
    EXPECT_THROW(load_or_make_key(path), std::runtime_error);
    std::filesystem::remove(path);
    std::filesystem::create_symlink("/etc/passwd", path);
    EXPECT_THROW(load_or_make_key(path), std::system_error);
}

TEST(Listen, takes_addresses_with_ports_and_says_what_is_wrong) {
    auto options = TestServer::quick_options();
    for (const char* good : {"127.0.0.1:0", "localhost:0", "[::1]:0", "*:0"}) {
        options.listen = good;
        EXPECT_NO_THROW(TestServer{options}) << good;
    }
    for (const char* bad :
         {"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "[::1:0", "host:0"}) {
        options.listen = bad;
        EXPECT_THROW(TestServer{options}, std::invalid_argument) << bad;
    }
    TestServer first;
    options.listen = "127.0.0.1:" + std::to_string(first.port());
    EXPECT_THROW(TestServer{options}, std::system_error);
}

TEST(Table, lists_what_is_mounted_and_refuses_a_clash) {
    TestServer server;
    const Handler nothing = [](const auto&, auto*) {};
    EXPECT_EQ(server.mount({.path = "/a/{id}", .access = SW_HTTP_EDITOR, .scope = "s:w"}, nothing),
              SW_OK);
    sw_error error{};
    EXPECT_EQ(server.mount({.path = "/a/{other}"}, nothing, &error), SW_ALREADY_EXISTS);
    EXPECT_STREQ(error.where, "/a/{other}");
    EXPECT_EQ(server.mount({.path = "a"}, nothing), SW_INVALID_ARGUMENT);
    auto* routes = server.table().routes(&server.server());
    EXPECT_STREQ(
        routes->data,
        R"([{"method":"GET","path":"/a/{id}","access":"editor","scope":"s:w","openapi":""}])");
    server.fake().host().buffers->release(routes);
}

TEST(Table, tells_at_the_start_in_which_order_a_request_is_looked_at) {
    TestServer server;
    const auto lines = server.fake().log_lines();
    const auto line = std::ranges::find_if(
        lines, [](const std::string& each) { return each.starts_with("http.chain "); });
    ASSERT_NE(line, lines.end());
    EXPECT_EQ(*line,
              "http.chain request_id → client → cors → route → authenticate → rate_limit → exists "
              "→ csrf → authorise → body_limit → handler, timeout, compression, metrics ");
}

}  // namespace
}  // namespace streamwall::http_server::testing
