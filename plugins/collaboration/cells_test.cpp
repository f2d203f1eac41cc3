// Locks of cells, and values written into them.
#include "testing/session_fixture.hpp"

namespace streamwall::testing {
namespace {

TEST_F(ASession, LetsOneLockACellAndTellsEverybody) {
    two();
    hub.send("a", cell("lock_cell"));
    for (const auto* who : {"a", "b"}) {
        const auto heard = hub.news(who);
        ASSERT_EQ(heard.size(), 1U) << who;
        auto locked = heard[0];
        EXPECT_TRUE(locked.at("expires_at").as_string().starts_with("20"));
        EXPECT_TRUE(locked.at("user_color").as_string().starts_with("#"));
        locked.erase("expires_at");
        locked.erase("user_color");
        EXPECT_EQ(locked, (Object{{"action", "cell_locked"},
                                  {"user", "ada"},
                                  {"user_id", 1},
                                  {"user_name", "ada"},
                                  {"resource", "stream"},
                                  {"resource_id", "5"},
                                  {"field", "title"},
                                  {"cell_id", "stream_5_title"}}));
    }
    hub.send("b", cell("lock_cell"));
    const auto denied = hub.news("b");
    ASSERT_EQ(denied.size(), 1U);
    EXPECT_EQ(denied[0].at("action"), "lock_denied");
    EXPECT_EQ(denied[0].at("holder").at("user_name"), "ada");
    EXPECT_EQ(denied[0].at("cell_id"), "stream_5_title");
    EXPECT_EQ(hub.actions("a"), "");
    hub.send("b", cell("unlock_cell"));
    EXPECT_EQ(hub.actions("b"), "lock_denied");
    hub.send("a", cell("unlock_cell"));
    EXPECT_EQ(hub.actions("b"), "cell_unlocked");
    hub.send("b", cell("lock_cell"));
    EXPECT_EQ(hub.actions("a"), "cell_unlocked cell_locked");
    const auto events = host.events("collaboration.*");
    ASSERT_EQ(events.size(), 5U) << "two users have joined";
    EXPECT_EQ(events[3].type, "collaboration.cell_unlocked");
    EXPECT_EQ(events[3].subject, "stream/5");
}

TEST_F(ASession, FreesLocksAtTheirEndAndSaysSo) {
    two();
    hub.send("a", cell("lock_cell"));
    pass(20s);
    hub.send("a", cell("lock_cell"));
    pass(20s);
    EXPECT_EQ(hub.actions("b"), "cell_locked cell_locked") << "it was renewed";
    pass(11s);
    EXPECT_EQ(hub.actions("b"), "cell_unlocked") << "30 s after it was used";
    EXPECT_TRUE(store.records("collaboration_locks").empty());
    hub.send("a", cell("lock_cell"));
    hub.unsubscribe("a");
    EXPECT_EQ(hub.actions("b"), "cell_locked left cell_unlocked") << "with its connection";
    hub.send("b", cell("lock_cell"));
    EXPECT_EQ(hub.actions("b"), "cell_locked");
}

TEST_F(ASession, FreesLocksOfHubsThatAreGone) {
    two();
    old_hub.subscribe("x.1", kRoot, {});
    hub.send("a", cell("lock_cell"));
    host.advance(6s);  // nobody says that the hub is there
    EXPECT_TRUE(store.records("collaboration_locks").empty());
}

TEST_F(ASession, HasOneHolderWhereAnotherInstanceAsksAtTheSameTime) {
    two();
    store.before_apply = [this] {
        store.insert("collaboration_locks", {{"cell_id", "stream_5_title"},
                                             {"resource", "stream"},
                                             {"resource_id", "5"},
                                             {"field", "title"},
                                             {"owner", "elsewhere"},
                                             {"user_type", "user"},
                                             {"user_id", "9"},
                                             {"user_name", "zoe"},
                                             {"user_color", "#000000"},
                                             {"expires_ms", bj::value(4'000'000'000'000)}});
    };
    hub.send("a", cell("lock_cell"));
    const auto denied = hub.news("a");
    ASSERT_EQ(denied.size(), 1U);
    EXPECT_EQ(denied[0].at("action"), "lock_denied");
    EXPECT_EQ(denied[0].at("holder").at("user_name"), "zoe");
    EXPECT_EQ(hub.actions("b"), "");
}

TEST_F(ASession, WritesCellsThroughTheCatalogInTheEditorsName) {
    two();
    hub.send("a", cell("update_cell", {{"value", "New"}, {"version", 7}}));
    ASSERT_EQ(updates.size(), 1U);
    EXPECT_EQ(updates[0].at("id"), 5);
    EXPECT_EQ(bj::serialize(updates[0].at("stream")), R"({"title":"New"})");
    EXPECT_EQ(bj::serialize(updates[0].at("versions")), "[7]");
    EXPECT_EQ(writers[0].id, "1");
    for (const auto* id : {"a", "b"}) {
        const auto heard = hub.news(id);
        ASSERT_EQ(heard.size(), 1U);
        EXPECT_EQ(heard[0].at("action"), "cell_updated");
        EXPECT_EQ(heard[0].at("value"), "Stored") << "as the catalog has it";
        EXPECT_EQ(heard[0].at("version"), 8);
        EXPECT_EQ(heard[0].at("user_name"), "ada");
    }
}

TEST_F(ASession, TellsTheWriterAloneWhyACellWasNotWritten) {
    two();
    catalog_says = Answer::error(9, "Another version.", R"({"version":9})");
    hub.send("a", cell("update_cell", {{"value", "New"}, {"version", 7}}));
    const auto heard = hub.news("a");
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].at("action"), "update_denied");
    EXPECT_EQ(heard[0].at("reason"), "conflict");
    EXPECT_EQ(heard[0].at("version"), 9);
    EXPECT_EQ(hub.actions("b"), "");
    catalog_says = Answer::error(3, "Bad.", R"({"errors":[{"field":"title"}]})");
    hub.send("a", cell("update_cell", {{"value", "New"}}));
    EXPECT_EQ(hub.news("a").at(0).at("errors").at(0).at("field"), "title");
    hub.send("b", cell("lock_cell"));
    hub.news("a");
    hub.send("a", cell("update_cell", {{"value", "New"}}));
    EXPECT_EQ(hub.actions("a"), "lock_denied");
    EXPECT_EQ(updates.size(), 2U);
}

TEST_F(ASession, LetsItsOwnerFreeWhatOthersHold) {
    two();
    ASSERT_TRUE(hub.subscribe("r", kRoot, kFive));
    hub.send("a", cell("lock_cell"));
    hub.news("r");
    hub.send("r", cell("unlock_cell"));
    EXPECT_EQ(hub.actions("r"), "cell_unlocked");
}

TEST_F(ASession, KnowsLocksOfThoseWithoutAConnection) {
    two();
    const Object five{{"resource", "stream"}, {"resource_id", 5}, {"field", "title"}};
    const auto locked = sessions("lock", five, kBob);
    ASSERT_TRUE(locked) << locked.message;
    EXPECT_EQ(bj::parse(locked.body).at("cell_id"), "stream_5_title");
    EXPECT_EQ(hub.actions("a"), "cell_locked");
    const auto refused = sessions("lock", {{"cell_id", "stream_5_title"}}, kAda);
    EXPECT_EQ(refused.code, 10);
    EXPECT_EQ(bj::parse(refused.details).at("holder").at("user_name"), "bob");
    EXPECT_EQ(sessions("unlock", five, kAda).code, 10);
    EXPECT_TRUE(sessions("unlock", five, kBob));
    EXPECT_TRUE(sessions("unlock", five, kBob)) << "again";
    EXPECT_EQ(hub.actions("a"), "cell_unlocked");
    EXPECT_EQ(sessions("lock", five, kEve).code, 7);
    const Object bad[] = {
        {},
        {{"cell_id", "x"}},
        {{"cell_id", 5}},
        {{"cell_id", "stream_5_title"}, {"field", "city"}},
        {{"cell_id", "stream_5_title"}, {"resource_id", 6}},
        {{"cell_id", "stream_5_title"}, {"resource", 5}},
        {{"resource", 5}, {"resource_id", 5}, {"field", "title"}},
        {{"resource", "stream"}, {"resource_id", true}, {"field", "title"}},
        {{"resource", "stream"}, {"resource_id", 5}, {"field", std::string(65, 'a')}},
    };
    for (const auto& body : bad) {
        for (const auto* method : {"lock", "unlock"})
            EXPECT_EQ(sessions(method, body).code, 3) << bj::serialize(body);
    }
    EXPECT_TRUE(sessions("lock", {{"cell_id", "stream_5_title"}, {"resource_id", 5}}));
}

}  // namespace
}  // namespace streamwall::testing
