// Who comes and goes, what is said, and what is refused.
#include "testing/session_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace streamwall::testing {
namespace {

constexpr int kInvalid = 3;
constexpr int kNotFound = 5;
constexpr int kDenied = 7;

TEST_F(ASession, BeginsWithWhoIsThereAndWhatIsLocked) {
    two();
    hub.send("a", cell("lock_cell"));
    ASSERT_TRUE(hub.subscribe("e", kEve, kFive));
    const auto first = hub.news("e", true);
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].at("action"), "active_users_list");
    EXPECT_EQ(first[0].at("users").as_array().size(), 3U);
    EXPECT_EQ(first[1].at("action"), "active_locks_list");
    const auto& lock = first[1].at("locks").at(0).as_object();
    EXPECT_EQ(lock.at("cell_id"), "stream_5_title");
    EXPECT_EQ(lock.at("user_name"), "ada");
    EXPECT_EQ(lock.at("user_id"), 1);
    for (const auto* member :
         {"user", "user_color", "resource", "resource_id", "field", "expires_at"})
        EXPECT_TRUE(lock.at(member).is_string()) << member;
}

TEST_F(ASession, SaysWhoJoinsAndLeavesOnceForAllConnectionsOfAUser) {
    ASSERT_TRUE(hub.subscribe("a", kAda, kFive));
    ASSERT_TRUE(hub.subscribe("b1", kBob, kFive));
    ASSERT_TRUE(hub.subscribe("b2", kBob, kFive));
    auto heard = hub.news("a");
    ASSERT_EQ(heard.size(), 2U) << "its own locks' list, then bob";
    EXPECT_EQ(heard[1].at("action"), "joined");
    EXPECT_EQ(heard[1].at("user_name"), "bob");
    EXPECT_EQ(heard[1].at("role"), "collaborator");
    hub.unsubscribe("b1");
    EXPECT_EQ(hub.actions("a"), "");
    hub.unsubscribe("b2");
    EXPECT_EQ(hub.actions("a"), "left");
}

TEST_F(ASession, ReachesEachConnectionOfAUserAndNobodyElsewhere) {
    two();
    ASSERT_TRUE(hub.subscribe("a2", kAda, kFive));
    ASSERT_TRUE(hub.subscribe("far", kBob, {{"resource", "stream"}, {"resource_id", "6"}}));
    for (const auto* id : {"a", "a2", "b", "far"})
        hub.news(id, true);
    hub.send("b", act("chat", {{"message", "hi"}}));
    hub.send("b", act("status", {{"status", "away"}}));
    hub.send("b", act("cursor", {{"position", {{"line", 3}}}, {"field", "title"}}));
    EXPECT_EQ(hub.actions("a"), "chat status cursor");
    EXPECT_EQ(hub.actions("a2"), "chat status cursor");
    EXPECT_EQ(hub.actions("b"), "chat status") << "nobody needs to be told its own cursor";
    EXPECT_EQ(hub.actions("far"), "");
}

TEST_F(ASession, LetsViewersWatchAndTalkAndNothingElse) {
    two();
    ASSERT_TRUE(hub.subscribe("e", kEve, kFive));
    hub.news("e");
    const std::pair<const char*, const char*> denials[] = {
        {"lock_cell", "lock_denied"}, {"update_cell", "update_denied"}, {"text_op", "text_denied"}};
    for (const auto& [action, denial] : denials) {
        hub.send("e", cell(action, {{"value", 1}, {"version", 0}, {"op", bj::array{"x"}}}));
        const auto heard = hub.news("e");
        ASSERT_EQ(heard.size(), 1U) << action;
        EXPECT_EQ(heard[0].at("action"), denial);
        EXPECT_EQ(heard[0].at("reason"), "not_allowed");
    }
    EXPECT_TRUE(updates.empty());
    hub.send("e", act("chat", {{"message", "hello"}}));
    EXPECT_EQ(hub.actions("e"), "chat");
    EXPECT_FALSE(hub.subscribe("n", {.id = "9", .name = "n", .role = ""}, kFive));
    EXPECT_EQ(hub.reason, "you may not take part");
}

TEST_F(ASession, RefusesWhatMakesNoSenseAndGoesOn) {
    two();
    const std::pair<Object, const char*> bad[] = {
        {{{"x", 1}}, "action"},
        {act("fly"), "action"},
        {act("chat"), "message"},
        {act("chat", {{"message", ""}}), "message"},
        {act("chat", {{"message", 5}}), "message"},
        {act("chat", {{"message", std::string(2'001, 'x')}}), "message"},
        {act("status", {{"status", std::string(201, 'x')}}), "status"},
        {act("cursor"), "position"},
        {act("cursor", {{"position", std::string(1'100, 'x')}}), "position"},
        {act("cursor", {{"position", 1}, {"field", "B"}}), "field"},
        {act("lock_cell"), "field"},
        {act("lock_cell", {{"cell_id", "stream_6_title"}}), "session"},
        {cell("update_cell"), "value"},
        {cell("update_cell", {{"value", std::string(17'000, 'x')}}), "value"},
        {cell("update_cell", {{"value", 1}, {"version", "1"}}), "version"},
        {cell("text_open", {{"version", -1}}), "version"},
        {cell("text_op", {{"op", bj::array{}}}), "version"},
        {cell("text_op", {{"version", 0}}), "op"},
        {cell("text_op", {{"version", 0}, {"op", bj::array{-1}}}), "op"},
        {cell("text_op", {{"version", 0}, {"op", bj::array{}}, {"id", 5}}), "id"},
    };
    for (const auto& [data, word] : bad) {
        pass(1s);
        hub.send("a", data);
        const auto heard = hub.news("a");
        ASSERT_EQ(heard.size(), 1U) << bj::serialize(data);
        EXPECT_EQ(heard[0].at("action"), "error") << bj::serialize(data);
        EXPECT_THAT(std::string(heard[0].at("message").as_string()), ::testing::HasSubstr(word));
    }
    hub.send("a", cell("text_op", {{"version", 0}, {"op", bj::array{5, "x"}}}));
    EXPECT_EQ(hub.news("a").at(0).at("reason"), "invalid");
    hub.send("a", cell("text_op", {{"version", 4}, {"op", bj::array{"x"}}}));
    EXPECT_EQ(hub.news("a").at(0).at("reason"), "version");
    EXPECT_FALSE(hub.subscribe("x", kAda, {{"resource", "../"}}));
    EXPECT_FALSE(hub.subscribe("x", kAda, {{"session", "none"}}));
    EXPECT_EQ(hub.actions("b"), "") << "none of this is anybody else's business";
}

TEST_F(ASession, TellsOfManyPeopleAtATimeAndBoundsThem) {
    two();
    const auto lists = [&] {
        return std::ranges::count_if(hub.news("a", true), [](const Object& message) {
            return message.at("action") == "active_users_list";
        });
    };
    for (int n = 0; n < 998; ++n) {
        const auto id = std::to_string(n + 10);
        ASSERT_TRUE(hub.subscribe(id, {.id = id, .name = id, .role = "viewer"}, kFive)) << n;
    }
    EXPECT_LT(lists(), 30) << "while they are few each change is told, then two a second";
    EXPECT_FALSE(hub.subscribe("x", kEve, kFive));
    EXPECT_EQ(hub.reason, "the session is full");
    hub.keep();
    host.advance(1s);
    EXPECT_EQ(lists(), 1);
    hub.unsubscribe("10");
    EXPECT_TRUE(hub.subscribe("x", kEve, kFive));
}

TEST_F(ASession, BoundsWhatOneConnectionSends) {
    two();
    for (int n = 0; n < 100; ++n)
        hub.send("a", act("chat", {{"message", "x"}}));
    EXPECT_EQ(hub.news("b").size(), 80U);
    const auto heard = hub.news("a");
    EXPECT_EQ(std::ranges::count(heard, "too_many",
                                 [](const Object& message) {
                                     const auto* code = message.if_contains("code");
                                     return code ? std::string(code->as_string()) : std::string();
                                 }),
              20);
}

TEST_F(ASession, ThatWasMadeForThePurposeIsItsMakersAndApartFromAllOthers) {
    const auto made = sessions("create", {{"resource", "stream"}, {"resource_id", 5}}, kBob);
    ASSERT_TRUE(made) << made.message;
    const std::string key(bj::parse(made.body).at("id").as_string());
    two();
    ASSERT_TRUE(hub.subscribe("s", kBob, {{"session", key}}));
    EXPECT_EQ(hub.news("s", true).at(0).at("users").at(0).at("role"), "owner");
    hub.news("a");
    hub.send("s", act("chat", {{"message", "secret"}}));
    hub.send("s", act("text_op", {{"field", "notes"}, {"version", 0}, {"op", bj::array{"x"}}}));
    EXPECT_EQ(hub.actions("a"), "");
    hub.send("s", cell("lock_cell"));
    EXPECT_EQ(hub.actions("a"), "cell_locked") << "the cell is the same one";
    hub.news("s");
    hub.send("a", act("text_open", {{"field", "notes"}}));
    EXPECT_EQ(hub.news("a").at(0).at("content"), "");
}

TEST_F(ASession, HearsAnnouncementsToItsPlace) {
    two();
    ASSERT_TRUE(old_hub.subscribe("o", kRoot, {}));
    old_hub.news("o");
    const Object body{
        {"resource", "stream"}, {"message", {{"text", "soon"}}}, {"except", "user:2"}};
    EXPECT_EQ(sessions("announce", body, kRoot).body, R"({"connections":2})");
    const auto heard = hub.news("a");
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].at("action"), "announcement");
    EXPECT_EQ(heard[0].at("text"), "soon");
    EXPECT_EQ(heard[0].at("user_name"), "root");
    EXPECT_EQ(hub.actions("b"), "") << "it was left out";
    EXPECT_EQ(old_hub.actions("o"), "announcement");
}

TEST_F(ASession, IsToldByItsOwnersAlone) {
    const auto made = sessions("create", {{"resource", "stream"}, {"resource_id", 5}}, kBob);
    const std::string key(bj::parse(made.body).at("id").as_string());
    two();
    ASSERT_TRUE(hub.subscribe("s", kAda, {{"session", key}}));
    hub.news("s");
    const Object soon{{"text", "soon"}};
    EXPECT_EQ(sessions("announce", {{"resource", "stream"}, {"message", soon}}, kBob).code,
              kDenied)
        << "the place is not his";
    EXPECT_EQ(sessions("announce", {{"session", key}, {"message", soon}}, kAda).code,
              kDenied);
    EXPECT_EQ(sessions("announce", {{"session", "none"}, {"message", soon}}, kRoot).code,
              kNotFound);
    EXPECT_EQ(hub.actions("a") + hub.actions("s"), "");
    for (const auto& who : {kBob, kRoot}) {
        EXPECT_EQ(sessions("announce", {{"session", key}, {"message", soon}}, who).body,
                  R"({"connections":1})");
        EXPECT_EQ(hub.actions("s"), "announcement");
    }
    EXPECT_EQ(hub.actions("a"), "") << "he is at the place, and not in the session";
}

TEST_F(ASession, TakesAnnouncementsAsActionsOfItsOwners) {
    two();
    ASSERT_TRUE(hub.subscribe("r", kRoot, {{"resource", "stream"}}));
    hub.news("a");
    hub.news("b");
    hub.news("r");
    hub.send("a", act("announce", {{"message", Object{{"text", "hi"}}}}));
    const auto refused = hub.news("a");
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].at("code"), "not_allowed");
    hub.send("r", act("announce", {{"message", Object{{"text", "hi"}}}, {"except", "user:2"}}));
    EXPECT_EQ(hub.actions("a") + hub.actions("b") + hub.actions("r"), "announcementannouncement");
    for (const auto& wrong : {Object{}, Object{{"message", "hi"}},
                              Object{{"message", Object{{"text", std::string(4'096, 'x')}}}},
                              Object{{"message", Object{}}, {"except", 5}}}) {
        hub.send("r", act("announce", wrong));
        EXPECT_EQ(hub.actions("r"), "error") << bj::serialize(wrong).substr(0, 60);
    }
    EXPECT_EQ(hub.actions("a"), "");
}

TEST_F(ASession, NamesTheFieldOfAnAnnouncementThatIsWrong) {
    const Object good{{"resource", "stream"}, {"message", Object{{"text", "soon"}}}};
    const std::pair<const char*, bj::value> wrong[] = {
        {"resource", 5},    {"resource", "No Such"}, {"resource_id", bj::array{}},
        {"message", "hi"},  {"message", nullptr},    {"message", Object{{"x", std::string(4'096, 'x')}}},
        {"except", 5},      {"except", bj::value(std::string(129, 'x'))},
        {"session", 5},     {"session", bj::value(std::string(65, 'x'))}};
    for (const auto& [field, value] : wrong) {
        auto body = good;
        body[field] = value;
        const auto answer = sessions("announce", body, kRoot);
        EXPECT_EQ(answer.code, kInvalid) << field << " " << bj::serialize(value);
        EXPECT_EQ(bj::parse(answer.details).at("errors").at(0).at("field"), field);
    }
}

}  // namespace
}  // namespace streamwall::testing
