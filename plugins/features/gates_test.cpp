#include "gates.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::features {
namespace {

namespace bj = boost::json;

std::string request(std::string_view body, bool strict = false) {
    return R"({"strict":)" + std::string(strict ? "true" : "false") + R"(,"body":)" +
           std::string(body) + "}";
}

TEST(FlagBodies, SetWhatTheyName) {
    const auto set = read_flag_body(
        request(R"({"enabled":true,"nodes":["b","a","b"],"roles":["editor"],"users":[10,9,10],
                    "percentage_of_actors":25,"percentage_of_time":null,"colour":"red"})"),
        false);
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(*set, bj::parse(R"({"enabled":true,"nodes":["a","b"],"roles":["editor"],
        "users":[9,10],"percentage_of_actors":25,"percentage_of_time":null})"));
    EXPECT_EQ(read_flag_body(request(R"({"nodes":null,"roles":null,"users":null})"), false).value(),
              bj::parse(R"({"nodes":[],"roles":[],"users":[]})"));
    EXPECT_EQ(read_flag_body(request("{}"), false).value(), bj::object());
    EXPECT_EQ(read_flag_body(request(R"({"feature":{"key":"x_1"}})"), true).value(),
              bj::parse(R"({"key":"x_1"})"));
}

TEST(FlagBodies, NameEveryFieldThatIsWrong) {
    std::string many = "[1";
    for (int n = 2; n <= 1001; ++n)
        many += "," + std::to_string(n);
    const std::pair<std::string, std::string_view> cases[] = {
        {R"({"enabled":"yes"})", "enabled"},
        {R"({"enabled":1})", "enabled"},
        {R"({"nodes":"a"})", "nodes"},
        {R"({"nodes":[""]})", "nodes"},
        {R"({"nodes":[5]})", "nodes"},
        {R"({"nodes":["a b"]})", "nodes"},
        {R"({"nodes":["<a>"]})", "nodes"},
        {R"({"nodes":{}})", "nodes"},
        {R"({"roles":["owner"]})", "roles"},
        {R"({"roles":["Admin"]})", "roles"},
        {R"({"roles":"admin"})", "roles"},
        {R"({"users":["1"]})", "users"},
        {R"({"users":[0]})", "users"},
        {R"({"users":[-5]})", "users"},
        {R"({"users":[1.5]})", "users"},
        {R"({"users":)" + many + "]}", "users"},
        {R"({"percentage_of_actors":101})", "percentage_of_actors"},
        {R"({"percentage_of_actors":-1})", "percentage_of_actors"},
        {R"({"percentage_of_actors":"25"})", "percentage_of_actors"},
        {R"({"percentage_of_time":0.5})", "percentage_of_time"},
        {R"({"percentage_of_time":[]})", "percentage_of_time"},
        {R"({"roles":5,"users":5})", "roles"},
    };
    for (const auto& [body, field] : cases) {
        const auto refused = read_flag_body(request(body), false);
        ASSERT_FALSE(refused) << body.substr(0, 80);
        EXPECT_EQ(refused.error().code, SW_INVALID_ARGUMENT);
        EXPECT_EQ(refused.error().where, field);
    }
    const auto strict = read_flag_body(request(R"({"colour":"red"})", true), false);
    ASSERT_FALSE(strict);
    EXPECT_EQ(strict.error().where, "colour");
}

TEST(FlagBodies, OfNewFlagsNeedAKeyThatIsOne) {
    for (const auto* body : {R"({})", R"({"key":null})", R"({"key":5})", R"({"key":""})",
                             R"({"key":"Key"})", R"({"key":"1a"})", R"({"key":"a-b"})"}) {
        const auto refused = read_flag_body(request(body), true);
        ASSERT_FALSE(refused) << body;
        EXPECT_EQ(refused.error().where, "key");
    }
    EXPECT_TRUE(is_key(std::string(63, 'a')));
    EXPECT_FALSE(is_key(std::string(64, 'a')));
}

TEST(Switches, TurnAFlagOnAndOffForSomeNodesOrAll) {
    const bj::array known = {"a", "b", "c"};
    const struct {
        const char* now;
        const char* nodes;
        const char* on;   // what enabling sets
        const char* off;  // what disabling sets
    } cases[] = {
        {R"({"enabled":false,"nodes":[]})", "[]", R"({"enabled":true,"nodes":[]})",
         R"({"enabled":false})"},
        {R"({"enabled":false,"nodes":["a"]})", "[]", R"({"enabled":true,"nodes":[]})",
         R"({"enabled":false})"},
        {R"({"enabled":false,"nodes":["a"]})", R"(["b"])", R"({"enabled":true,"nodes":["b"]})",
         "{}"},
        {R"({"enabled":true,"nodes":[]})", R"(["b"])", "{}", R"({"nodes":["a","c"]})"},
        {R"({"enabled":true,"nodes":["b"]})", R"(["a"])", R"({"nodes":["a","b"]})",
         R"({"nodes":["b"]})"},
        {R"({"enabled":true,"nodes":["b"]})", R"(["b"])", R"({"nodes":["b"]})",
         R"({"enabled":false,"nodes":[]})"},
        {R"({"enabled":true,"nodes":[]})", R"(["a","b","c"])", "{}",
         R"({"enabled":false,"nodes":[]})"},
    };
    for (const auto& [now, nodes, on, off] : cases) {
        const auto flag = bj::parse(now).as_object();
        const auto list = bj::parse(nodes).as_array();
        EXPECT_EQ(enabling(flag, list), bj::parse(on)) << now << nodes;
        EXPECT_EQ(disabling(flag, list, known), bj::parse(off)) << now << nodes;
    }
}

}  // namespace
}  // namespace streamwall::features
