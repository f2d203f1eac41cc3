// Who is where.
#include "presence.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

namespace streamwall::collaboration {
namespace {

constexpr std::int64_t kNow = 1'000'000;

Person person(const char* id, const char* role = "editor") {
    return *make_person("user", id, std::string(id) + "@example.org", role, "");
}

TEST(APerson, HasTheRoleOfItsPrincipal) {
    EXPECT_EQ(make_person("user", "1", "", "viewer", "")->role, Role::kViewer);
    EXPECT_EQ(make_person("user", "1", "", "editor", "")->role, Role::kCollaborator);
    EXPECT_EQ(make_person("user", "1", "", "admin", "")->role, Role::kOwner);
    EXPECT_EQ(make_person("key", "1", "", "", "lists:read streams:write")->role,
              Role::kCollaborator);
    EXPECT_EQ(make_person("key", "1", "", "", "streams:read")->role, Role::kViewer);
    EXPECT_FALSE(make_person("key", "1", "", "", "lists:read"));
    EXPECT_EQ(make_person("user", "1", "ada@example.org", "viewer", "")->name, "ada");
    EXPECT_EQ(make_person("key", "7", "", "admin", "")->name, "7");
}

TEST(Presence, CountsAUserOnceWithAllItsConnections) {
    Presence presence;
    const Place place{"stream", "5"};
    EXPECT_TRUE(presence.sit("a1", "stream/5", place, person("1"), kNow));
    EXPECT_FALSE(presence.sit("a2", "stream/5", place, person("1"), kNow));
    EXPECT_TRUE(presence.sit("b", "stream/5", place, person("2", "viewer"), kNow));
    const auto list = presence.list("stream/5");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].at("user_id"), 1);
    EXPECT_EQ(list[0].at("connections"), 2);
    EXPECT_EQ(list[1].at("role"), "viewer");
    EXPECT_FALSE(presence.leave("a1")->was_last);
    EXPECT_TRUE(presence.leave("a2")->was_last);
    EXPECT_FALSE(presence.leave("a2"));
    EXPECT_EQ(presence.list("stream/5").size(), 1U);
    EXPECT_TRUE(presence.leave("b")->was_last);
    EXPECT_EQ(presence.place_of("stream/5"), nullptr);
}

TEST(Presence, IsStaleAfterTenMinutesAndFreshWithTheNextAction) {
    Presence presence;
    presence.sit("a", "stream", {"stream", ""}, person("1"), kNow);
    EXPECT_TRUE(presence.grow_stale(kNow + Presence::kStaleMs - 1).empty());
    EXPECT_EQ(presence.grow_stale(kNow + Presence::kStaleMs), std::vector<std::string>{"stream"});
    EXPECT_TRUE(presence.grow_stale(kNow + Presence::kStaleMs + 1).empty()) << "that is known";
    EXPECT_EQ(presence.list("stream")[0].at("inactive"), true);
    EXPECT_TRUE(presence.touch("a", kNow + Presence::kStaleMs + 2));
    EXPECT_FALSE(presence.touch("a", kNow + Presence::kStaleMs + 3));
    EXPECT_EQ(presence.list("stream")[0].at("inactive"), false);
}

TEST(Presence, KnowsWhichSessionsAPlaceConcerns) {
    Presence presence;
    presence.sit("a", "stream", {"stream", ""}, person("1"), kNow);
    presence.sit("b", "stream/5", {"stream", "5"}, person("1"), kNow);
    presence.sit("c", "session/x", {"stream", "6"}, person("1"), kNow);
    using Rooms = std::vector<std::string>;
    EXPECT_EQ(presence.rooms_about({"stream", "5"}), (Rooms{"stream", "stream/5"}));
    EXPECT_EQ(presence.rooms_about({"stream", "6"}), (Rooms{"session/x", "stream"}));
    EXPECT_EQ(presence.rooms_about({"wall", "5"}), Rooms{});
}

TEST(Presence, LetsNobodySendMoreThanAPersonCan) {
    Presence presence;
    presence.sit("a", "stream", {"stream", ""}, person("1"), kNow);
    int passed = 0;
    for (int n = 0; n < 200; ++n)
        passed += presence.count_action("a", kNow);
    EXPECT_EQ(passed, static_cast<int>(Presence::kBurst));
    for (int n = 0; n < 200; ++n)
        passed += presence.count_action("a", kNow + 1'000);
    EXPECT_EQ(passed, static_cast<int>(Presence::kBurst + Presence::kActionsPerSecond));
    EXPECT_FALSE(presence.count_action("nobody", kNow));
}

}  // namespace
}  // namespace streamwall::collaboration
