// Sessions as their members see them, through the plugin in a real host. The tests named after what
// once went wrong elsewhere stand at the end.
#include "testing/hub_stand_in.hpp"
#include "testing/memory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace streamwall::testing {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;
using Object = bj::object;

const Principal kAda{.id = "1", .name = "ada@example.org", .role = "editor"};
const Principal kBob{.id = "2", .name = "bob@example.org", .role = "editor"};
const Principal kEve{.id = "3", .name = "eve@example.org", .role = "viewer"};
const Principal kRoot{.id = "4", .name = "root@example.org", .role = "admin"};

Object act(const char* action, Object more = {}) {
    more["action"] = action;
    return more;
}
Object cell(const char* action, Object more = {}) {
    more["cell_id"] = "stream_5_title";
    return act(action, std::move(more));
}

class ASession : public ::testing::Test {
  protected:
    ASession() : host({.plugins = {COLLABORATION_SO}}) {
        store.stand_in(host);
        host.fake("catalog.streams", "update", [this](const Call& call) {
            updates.push_back(bj::parse(call.body).as_object());
            writers.push_back(call.principal);
            return catalog_says;
        });
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
    }
    ~ASession() override {
        EXPECT_TRUE(host.stop());
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }

    // Ada and bob in stream 5's session, with nothing left to hear.
    void two() {
        for (const auto& [id, who] : {std::pair("a", kAda), {"b", kBob}})
            ASSERT_TRUE(hub.subscribe(id, who, kFive)) << hub.reason;
        hub.news("a", true);
        hub.news("b", true);
    }
    void pass(std::chrono::seconds time) {
        for (; time > 0s; time -= 1s) {
            hub.keep();
            host.advance(1s);
        }
    }
    Answer sessions(const char* method, Object body, const Principal& who = kAda) {
        const Object request{{"body", std::move(body)}};
        return host.call("collaboration.sessions", method, bj::serialize(request), who);
    }

    const Object kFive{{"resource", "stream"}, {"resource_id", "5"}};
    Answer catalog_says = Answer::ok(R"({"id":5,"title":"Stored","version":8})");
    std::vector<Object> updates;
    std::vector<Principal> writers;
    MemoryStore store;
    Host host;
    HubStandIn hub{host, "CollaborationChannel"};
    HubStandIn old_hub{host, "CollaborativeStreamsChannel"};
};

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

TEST_F(ASession, LetsOneLockACellAndTellsEverybody) {
    two();
    hub.send("a", cell("lock_cell"));
    EXPECT_EQ(hub.actions("a"), "cell_locked");
    EXPECT_EQ(hub.actions("b"), "cell_locked");
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

TEST_F(ASession, LetsItsOwnerFreeWhatOthersHold) {
    two();
    ASSERT_TRUE(hub.subscribe("r", kRoot, kFive));
    hub.send("a", cell("lock_cell"));
    hub.news("r");
    hub.send("r", cell("unlock_cell"));
    EXPECT_EQ(hub.actions("r"), "cell_unlocked");
}

TEST_F(ASession, SharesATextAndItsHistory) {
    two();
    const auto notes = [](const char* action, Object more = {}) {
        more["field"] = "notes";
        return act(action, std::move(more));
    };
    hub.send("a", notes("text_open"));
    auto heard = hub.news("a");
    EXPECT_EQ(heard.at(0).at("action"), "text");
    EXPECT_EQ(heard.at(0).at("version"), 0);
    EXPECT_EQ(heard.at(0).at("content"), "");
    hub.send("a", notes("text_op", {{"version", 0}, {"op", bj::array{"Hello"}}, {"id", "1"}}));
    hub.send("b", notes("text_op", {{"version", 0}, {"op", bj::array{"World"}}, {"id", "1"}}));
    heard = hub.news("a");
    ASSERT_EQ(heard.size(), 2U) << "its own operation is acknowledged, not repeated";
    EXPECT_EQ(heard[0].at("action"), "text_ack");
    EXPECT_EQ(heard[0].at("version"), 1);
    EXPECT_EQ(heard[1].at("action"), "text_op");
    EXPECT_EQ(bj::serialize(heard[1].at("op")), R"(["World"])") << "the later one comes first";
    EXPECT_EQ(heard[1].at("user_name"), "bob");
    EXPECT_EQ(hub.actions("b"), "text_op text_ack");
    EXPECT_EQ(store.find("collaboration_texts", "name", "stream_5_notes")->at("content"),
              "WorldHello");
    EXPECT_EQ(store.records("collaboration_ops").size(), 2U);
    hub.send("a", notes("text_op", {{"version", 0}, {"op", bj::array{"Hello"}}, {"id", "1"}}));
    EXPECT_EQ(hub.news("a").at(0).at("version"), 1) << "sent again, it is not applied again";
    EXPECT_EQ(hub.actions("b"), "");
    hub.send("b", notes("text_open", {{"version", 1}}));
    heard = hub.news("b");
    EXPECT_EQ(heard.at(0).at("action"), "text_ops");
    EXPECT_EQ(heard.at(0).at("ops").as_array().size(), 1U);
    ASSERT_TRUE(host.restart("collaboration"));
    ASSERT_TRUE(hub.subscribe("b", kBob, kFive, true));
    hub.news("b");
    hub.send("b", notes("text_open", {{"version", 0}}));
    EXPECT_EQ(hub.news("b").at(0).at("ops").as_array().size(), 2U) << "it survives a restart";
    hub.send("b", notes("text_open", {{"version", 9}}));
    EXPECT_EQ(hub.news("b").at(0).at("content"), "WorldHello");
}

TEST_F(ASession, TransformsAnewWhereAnotherInstanceWroteFirst) {
    two();
    const Object first{{"field", "notes"}, {"version", 0}, {"op", bj::array{"ab"}}, {"id", "1"}};
    hub.send("a", act("text_op", first));
    hub.news("a");
    store.before_apply = [this] {
        auto& text = *store.find("collaboration_texts", "name", "stream_5_notes");
        text["content"] = "Xab";
        text["revision"] = 2;
        text["version"] = 2;
        store.insert("collaboration_ops", {{"text", "stream_5_notes"},
                                           {"revision", 2},
                                           {"op", bj::array{"X"}},
                                           {"author", "user:9"},
                                           {"op_id", "z"}});
    };
    const Object end{{"field", "notes"}, {"version", 1}, {"op", bj::array{2, "!"}}, {"id", "2"}};
    hub.send("a", act("text_op", end));
    EXPECT_EQ(hub.news("a").at(0).at("version"), 3);
    EXPECT_EQ(store.find("collaboration_texts", "name", "stream_5_notes")->at("content"), "Xab!");
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

TEST_F(ASession, BoundsWhatOneConnectionSends) {
    two();
    for (int n = 0; n < 100; ++n)
        hub.send("a", act("chat", {{"message", "x"}}));
    EXPECT_EQ(hub.news("b").size(), 80U);
    const auto heard = hub.news("a");
    EXPECT_EQ(std::ranges::count(heard, "too_many", [](const Object& message) {
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
    EXPECT_EQ(sessions("announce", body).body, R"({"connections":2})");
    EXPECT_EQ(hub.actions("a"), "announcement");
    EXPECT_EQ(hub.actions("b"), "") << "it was left out";
    EXPECT_EQ(old_hub.actions("o"), "announcement");
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
    for (const auto& body : {Object{}, Object{{"cell_id", "x"}}, Object{{"resource", 5}}})
        EXPECT_EQ(sessions("lock", body).code, 3) << bj::serialize(body);
}

// ---- What an older system did wrong, one test each.
TEST_F(ASession, IsNotEndedByARefusal) {
    two();
    hub.send("a", cell("lock_cell"));
    hub.send("b", cell("lock_cell"));
    hub.send("b", cell("update_cell", {{"value", "x"}}));
    EXPECT_EQ(hub.actions("b"), "cell_locked lock_denied lock_denied");
    hub.send("b", act("chat", {{"message", "still here"}}));
    EXPECT_EQ(hub.actions("b"), "chat");
}

TEST_F(ASession, LetsAPauseWithinAnEditPass) {
    two();
    hub.send("a", cell("lock_cell"));
    hub.send("a", cell("update_cell", {{"value", "one"}}));
    pass(5s);
    hub.send("a", cell("update_cell", {{"value", "one two"}}));
    EXPECT_EQ(updates.size(), 2U) << "the lock outlives the first save";
    EXPECT_EQ(hub.actions("a"), "cell_locked cell_locked cell_updated cell_locked cell_updated");
}

TEST_F(ASession, KeepsTheLocksOfAnotherTab) {
    two();
    ASSERT_TRUE(hub.subscribe("a2", kAda, kFive));
    hub.send("a", cell("lock_cell"));
    hub.news("b");
    hub.send("a2", cell("lock_cell"));
    EXPECT_EQ(hub.actions("b"), "") << "a lock is a connection's, not a user's";
    hub.unsubscribe("a2");
    EXPECT_EQ(hub.actions("b"), "") << "closing one tab takes neither locks nor presence";
}

TEST_F(ASession, ChecksTheCellAndTheRoleBeforeItLocks) {
    two();
    ASSERT_TRUE(hub.subscribe("e", kEve, kFive));
    hub.send("e", cell("lock_cell"));
    hub.send("a", act("lock_cell", {{"cell_id", "no cell"}}));
    EXPECT_TRUE(store.records("collaboration_locks").empty());
}

TEST_F(ASession, IsTheSameUnderItsOlderName) {
    two();
    ASSERT_TRUE(old_hub.subscribe("o", kRoot, {}));
    old_hub.news("o");
    old_hub.send("o", cell("lock_cell"));
    EXPECT_EQ(old_hub.actions("o"), "cell_locked");
    EXPECT_EQ(hub.actions("a"), "cell_locked");
    hub.send("a", cell("update_cell", {{"value", "x"}, {"stream_id", 5}, {"field", "title"}}));
    EXPECT_EQ(hub.actions("a"), "lock_denied");
}

}  // namespace
}  // namespace streamwall::testing
