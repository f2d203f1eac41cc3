// The game's rules, and the plugin in a real host over a store that the test is.
#include "game.hpp"

#include <streamwall/testing/host.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace game_table {
namespace {

using streamwall::testing::Answer;
using streamwall::testing::Call;
using streamwall::testing::Host;

constexpr int kAborted = 10;
constexpr int kNotFound = 5;

TEST(TheRules, LetTwoPlayTurnByTurnUntilOneHasARow) {
    Game game;
    EXPECT_TRUE(game.sit("ada"));
    EXPECT_EQ(game.play("ada", 0).error().message, "the other player is not here yet");
    EXPECT_TRUE(game.sit("bob"));
    EXPECT_FALSE(game.sit("eve"));
    EXPECT_TRUE(game.sit("ada")) << "she has a seat";
    EXPECT_EQ(game.play("bob", 0).error().message, "it is not your turn");
    EXPECT_TRUE(game.play("ada", 0));
    EXPECT_EQ(game.play("bob", 0).error().message, "the cell is taken");
    for (const auto& [player, cell] : {std::pair("bob", 3), {"ada", 1}, {"bob", 4}, {"ada", 2}})
        EXPECT_TRUE(game.play(player, cell)) << cell;
    EXPECT_EQ(game.winner, "ada");
    EXPECT_EQ(game.play("bob", 5).error().message, "the game is over");
    EXPECT_EQ(to_json(from_json(to_json(game))), to_json(game));
}

TEST(AMove, IsCheckedMemberByMember) {
    const auto good = R"({"type":"game-move","gameId":"g-1","timestamp":"2026-01-01T00:00:00Z",)"
                      R"("data":{"playerId":"ada","moveData":{"cell":8}}})";
    ASSERT_TRUE(read_move(json::parse(good).as_object()));
    const std::pair<const char*, const char*> bad[] = {
        {R"({})", "gameId"},
        {R"({"gameId":7})", "gameId"},
        {R"({"gameId":""})", "gameId"},
        {R"({"gameId":"a b"})", "gameId"},
        {R"({"gameId":"g","type":"other"})", "type"},
        {R"({"gameId":"g","timestamp":1})", "timestamp"},
        {R"({"gameId":"g"})", "data"},
        {R"({"gameId":"g","data":[]})", "data"},
        {R"({"gameId":"g","data":{}})", "data.playerId"},
        {R"({"gameId":"g","data":{"playerId":"a"}})", "data.moveData"},
        {R"({"gameId":"g","data":{"playerId":"a","moveData":{}}})", "data.moveData.cell"},
        {R"({"gameId":"g","data":{"playerId":"a","moveData":{"cell":9}}})", "data.moveData.cell"},
        {R"({"gameId":"g","data":{"playerId":"a","moveData":{"cell":"1"}}})", "data.moveData.cell"},
    };
    for (const auto& [text, where] : bad) {
        const auto move = read_move(json::parse(text).as_object());
        ASSERT_FALSE(move) << text;
        EXPECT_EQ(move.error().where, where) << text;
    }
}

// Keeps game tables as a store does.
class TheTable : public testing::Test {
  protected:
    TheTable() : host({.plugins = {GAME_TABLE_SO}}) {
        host.fake("store", "declare", [](const Call&) { return Answer::ok(); });
        host.fake("store", "get", [this](const Call& call) {
            const auto id = json::parse(call.body).at_pointer("/values/0").as_string();
            const auto found = records.find(std::string(id));
            return found == records.end() ? Answer::error(kNotFound, "no such record")
                                          : Answer::ok(json::serialize(found->second));
        });
        host.fake("store", "apply", [this](const Call& call) { return apply(call); });
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
    }
    ~TheTable() override {
        EXPECT_TRUE(host.stop());
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }

    Answer apply(const Call& call) {
        const auto change = json::parse(call.body).at_pointer("/changes/0").as_object();
        if (change.at("op") == "insert") {
            auto record = change.at("record").as_object();
            record["id"] = static_cast<std::int64_t>(records.size()) + 1;
            record["version"] = 1;
            records[std::string(record.at("game_id").as_string())] = record;
            return Answer::ok();
        }
        if (faster_node) std::exchange(faster_node, nullptr)();
        for (auto& [id, record] : records) {
            if (record.at("id") != change.at("id")) continue;
            if (record.at("version") != change.at("version")) {
                return Answer::error(kAborted, "another version");
            }
            record["state"] = change.at("set").at("state");
            record["version"] = record.at("version").as_int64() + 1;
        }
        return Answer::ok();
    }

    void subscribe(const std::string& who, bool again = false, const std::string& rooms = "[]") {
        const json::object request{{"subscription", "hub." + who},
                                   {"hub", "hub"},
                                   {"params", json::object{{"channel", "GameChannel"}}},
                                   {"again", again},
                                   {"rooms", json::parse(rooms)}};
        const auto done = host.call("rooms.GameChannel", "subscribe", json::serialize(request),
                                    {.id = who, .role = "viewer"});
        EXPECT_TRUE(done) << done.message;
    }
    // The error's message, empty where there is none.
    std::string send(const std::string& who, json::object data) {
        host.forget();
        const json::object request{{"subscription", "hub." + who}, {"data", std::move(data)}};
        const auto done = host.call("rooms.GameChannel", "receive", json::serialize(request),
                                    {.id = who, .role = "viewer"});
        EXPECT_TRUE(done) << done.message;
        const auto reply = json::parse(done.body).as_object();
        if (!reply.contains("reply")) return {};
        EXPECT_EQ(reply.at("reply").at("code"), "GAME_MOVE_ERROR");
        return std::string(reply.at("reply").at("message").as_string());
    }
    std::string join(const std::string& who) {
        return send(who, {{"action", "join-game"}, {"gameId", "g"}});
    }
    std::string move(const std::string& who, int cell) {
        return send(who, {{"action", "game-move"},
                          {"gameId", "g"},
                          {"data", {{"playerId", who}, {"moveData", {{"cell", cell}}}}}});
    }
    // What was sent since, as {"to" or "room", "message"}.
    std::vector<json::object> sent() {
        std::vector<json::object> out;
        for (const auto& event : host.events("room.message_sent")) {
            auto data = json::parse(event.data).as_object();
            if (data.contains("message")) out.push_back(std::move(data));
        }
        return out;
    }

    std::map<std::string, json::object> records;
    std::function<void()> faster_node;
    Host host;
};

TEST_F(TheTable, TellsEverybodyInTheRoomWhoCameAndWhatWasPlayed) {
    subscribe("ada");
    subscribe("bob");
    EXPECT_EQ(join("ada"), "");
    ASSERT_EQ(sent().size(), 2u);
    EXPECT_EQ(sent()[0].at("room"), "game/g");
    EXPECT_EQ(sent()[0].at("message").at("action"), "user-joined");
    EXPECT_EQ(sent()[0].at("message").at("userId"), "ada");
    EXPECT_TRUE(sent()[0].at("message").at("timestamp").is_string());
    EXPECT_EQ(sent()[1].at("to"), "hub.ada");
    EXPECT_EQ(join("bob"), "");
    EXPECT_EQ(move("ada", 4), "");
    ASSERT_EQ(sent().size(), 1u);
    const auto updated = sent()[0].at("message");
    EXPECT_EQ(updated.at("action"), "game-updated");
    EXPECT_EQ(updated.at("state").at("board"), "----x----");
    EXPECT_EQ(json::serialize(updated.at("lastMove")),
              R"({"playerId":"ada","moveData":{"cell":4}})");
}

TEST_F(TheTable, TellsTheSenderAloneWhatIsWrong) {
    subscribe("ada");
    subscribe("bob");
    join("ada");
    join("bob");
    EXPECT_EQ(move("bob", 0), "");
    ASSERT_EQ(sent().size(), 1u) << "it was not bob's turn";
    EXPECT_EQ(sent()[0].at("to"), "hub.bob");
    EXPECT_EQ(json::serialize(sent()[0].at("message")),
              R"({"action":"error","code":"GAME_MOVE_ERROR","message":"it is not your turn"})");
    EXPECT_EQ(send("bob", {{"action", "fly"}}),
              "action must be 'join-game', 'game-move' or 'leave-game'");
    EXPECT_EQ(send("bob", {{"action", "game-move"}, {"gameId", "g"}}), "data must be an object");
    const json::object ada{{"playerId", "ada"}, {"moveData", {{"cell", 1}}}};
    EXPECT_EQ(send("bob", {{"action", "game-move"}, {"gameId", "g"}, {"data", ada}}),
              "data.playerId is not you");
    EXPECT_TRUE(sent().empty());
}

TEST_F(TheTable, TakesOutOfTheRoomWhoLeavesIt) {
    subscribe("ada");
    subscribe("bob");
    join("ada");
    join("bob");
    EXPECT_EQ(send("bob", {{"action", "leave-game"}, {"gameId", "g"}}), "");
    ASSERT_EQ(sent().size(), 1u);
    EXPECT_EQ(sent()[0].at("room"), "game/g");
    EXPECT_EQ(sent()[0].at("message").at("action"), "user-left");
    EXPECT_EQ(sent()[0].at("message").at("userId"), "bob");
    EXPECT_EQ(send("bob", {{"action", "leave-game"}, {"gameId", "g"}}), "");
    EXPECT_TRUE(sent().empty()) << "it has left already";
}

TEST_F(TheTable, LooksAgainWhereAnotherNodeWasFaster) {
    subscribe("ada");
    subscribe("bob");
    join("ada");
    join("bob");
    faster_node = [this] {  // the same move, made by ada's other connection elsewhere
        auto& record = records["g"];
        auto game = from_json(record.at("state").as_object());
        EXPECT_TRUE(game.play("ada", 0));
        record["state"] = to_json(game);
        record["version"] = record.at("version").as_int64() + 1;
    };
    EXPECT_EQ(move("ada", 1), "");
    ASSERT_EQ(sent().size(), 1u);
    EXPECT_EQ(sent()[0].at("message").at("message"), "it is not your turn");
    EXPECT_EQ(records["g"].at("state").at("board"), "x--------");
}

TEST_F(TheTable, HasWhoComesBackInTheRoomsThatTheHubRemembers) {
    subscribe("ada");
    subscribe("bob");
    join("ada");
    join("bob");
    ASSERT_TRUE(host.restart("game-table"));
    subscribe("ada", true, R"(["game/g"])");
    EXPECT_EQ(move("ada", 8), "");
    ASSERT_EQ(sent().size(), 1u);
    EXPECT_EQ(sent()[0].at("message").at("state").at("board"), "--------x");
}

}  // namespace
}  // namespace game_table
