#include <streamwall/contracts/flag_table.hpp>

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::contracts::features {
namespace {

const Actor kNobody{};
const Actor kAda{.type = "user", .id = "7", .role = "editor"};
const Actor kBot{.type = "key", .id = "7", .role = ""};

TEST(Flags, AreOnWhereTheyAreEnabledAndEachGivenGatePasses) {
    const struct {
        const char* name;
        Flag flag;
        bool for_nobody, for_ada, for_bot;
    } cases[] = {
        {"off", {.key = "x"}, false, false, false},
        {"no gate", {.key = "x", .enabled = true}, true, true, true},
        {"off with gates", {.key = "x", .roles = {"editor"}}, false, false, false},
        {"this node", {.key = "x", .enabled = true, .nodes = {"a", "b"}}, true, true, true},
        {"another node", {.key = "x", .enabled = true, .nodes = {"c"}}, false, false, false},
        {"role", {.key = "x", .enabled = true, .roles = {"editor"}}, false, true, false},
        {"other role", {.key = "x", .enabled = true, .roles = {"admin"}}, false, false, false},
        {"user", {.key = "x", .enabled = true, .users = {5, 7}}, false, true, false},
        {"role and user",
         {.key = "x", .enabled = true, .roles = {"admin"}, .users = {7}},
         false,
         false,
         false},
        {"nobody's share",
         {.key = "x", .enabled = true, .percentage_of_actors = 0},
         false,
         false,
         false},
        {"everybody's share",
         {.key = "x", .enabled = true, .percentage_of_actors = 100},
         true,
         true,
         true},
        {"never", {.key = "x", .enabled = true, .percentage_of_time = 0}, false, false, false},
        {"always", {.key = "x", .enabled = true, .percentage_of_time = 100}, true, true, true},
    };
    for (const auto& [name, flag, for_nobody, for_ada, for_bot] : cases) {
        for (const unsigned roll : {0U, 99U}) {
            EXPECT_EQ(flag.is_on(kNobody, "b", roll), for_nobody) << name;
            EXPECT_EQ(flag.is_on(kAda, "b", roll), for_ada) << name;
            EXPECT_EQ(flag.is_on(kBot, "b", roll), for_bot) << name;
        }
    }
}

TEST(Flags, AreOnForAStableShareOfActorsThatGrows) {
    const auto share = [](std::string key, std::int64_t percentage) {
        const Flag flag{.key = std::move(key), .enabled = true, .percentage_of_actors = percentage};
        std::vector<int> in;
        for (int id = 1; id <= 2000; ++id) {
            const auto text = std::to_string(id);
            if (flag.is_on({.type = "user", .id = text}, "", 50)) in.push_back(id);
        }
        return in;
    };
    const auto some = share("x", 30);
    EXPECT_NEAR(static_cast<double>(some.size()), 600, 100);
    EXPECT_EQ(some, share("x", 30));
    EXPECT_NE(some, share("y", 30)) << "another flag, other actors";
    const auto more = share("x", 60);
    EXPECT_TRUE(std::ranges::includes(more, some));
    // Fixed for ever: nodes of different versions must agree.
    EXPECT_EQ(percentile_of("stream_export", kAda), 21U);
}

TEST(Flags, OfAShareOfTimeFallAnewEachTime) {
    FlagTable table;
    table.put({.key = "x", .enabled = true, .percentage_of_time = 25, .version = 1});
    int on = 0;
    for (int n = 0; n < 4000; ++n)
        on += table.is_on("x", kAda) ? 1 : 0;
    EXPECT_NEAR(on, 1000, 200);
}

TEST(FlagTables, KnowTheBuiltInFlagsAndNoOthers) {
    const FlagTable table;
    for (const auto& [key, enabled] : kBuiltIn)
        EXPECT_EQ(table.is_on(key, kNobody), enabled) << key;
    EXPECT_FALSE(table.is_on("x", kAda));
    EXPECT_EQ(table.is_on_at("a", "x", kAda), std::nullopt);
}

TEST(FlagTables, KeepTheNewestVersionOfAFlag) {
    FlagTable table;
    table.put({.key = std::string(kMaintenanceMode), .enabled = true, .version = 3});
    table.put({.key = std::string(kMaintenanceMode), .enabled = false, .version = 2});
    EXPECT_TRUE(table.is_on(kMaintenanceMode, kNobody));
    table.put(
        {.key = std::string(kMaintenanceMode), .enabled = true, .roles = {"editor"}, .version = 4});
    EXPECT_FALSE(table.is_on(kMaintenanceMode, kNobody));
    EXPECT_TRUE(table.is_on(kMaintenanceMode, kAda));
}

TEST(FlagTables, DecideForTheirNode) {
    FlagTable table;
    table.put({.key = std::string(kStreamTags), .enabled = true, .nodes = {"b"}, .version = 1});
    EXPECT_FALSE(table.is_on(kStreamTags, kNobody)) << "nobody said where this is";
    table.set_node("b");
    EXPECT_TRUE(table.is_on(kStreamTags, kNobody));
    table.set_node("a");
    EXPECT_FALSE(table.is_on(kStreamTags, kNobody));
    EXPECT_EQ(table.is_on_at("b", kStreamTags, kNobody), true);
}

TEST(FlagRecords, ThatAreNoneAreErrors) {
    const auto good = boost::json::parse(
        R"({"id":1,"key":"x","enabled":true,"nodes":["a"],"roles":[],"users":[3],
            "percentage_of_actors":5,"percentage_of_time":null,"version":2})");
    const auto flag = Flag::read(good.as_object());
    ASSERT_TRUE(flag);
    EXPECT_EQ(flag->nodes, std::vector<std::string>{"a"});
    EXPECT_EQ(flag->users, std::vector<std::int64_t>{3});
    EXPECT_EQ(flag->percentage_of_actors, 5);
    EXPECT_EQ(flag->percentage_of_time, std::nullopt);
    for (const auto& member : good.as_object()) {
        if (member.key() == "id") continue;
        auto bad = good.as_object();
        bad[member.key()] = boost::json::object{};
        EXPECT_FALSE(Flag::read(bad)) << member.key();
        bad.erase(member.key());
        EXPECT_FALSE(Flag::read(bad)) << member.key();
    }
}

}  // namespace
}  // namespace streamwall::contracts::features
