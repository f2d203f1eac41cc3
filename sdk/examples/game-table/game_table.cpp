// Tables of noughts and crosses. Clients subscribe to {"channel":"GameChannel"} and then
//
//   join-game {gameId}      brings them into the game's room: `user-joined` goes to everybody there
//   game-move {gameId, …}   `game-updated` goes to everybody there, or `error` to the sender alone
//   leave-game {gameId}     takes them out of the room: `user-left` goes to those who stay
//
// Games are kept in the store. The moves of one game are made one after the other, in the order in
// which they arrive; where another node has changed the game meanwhile, the store refuses the older
// version and the move is looked at again.
#include "game.hpp"

#include <streamwall/sdk/coroutine.hpp>
#include <streamwall/sdk/rooms.hpp>

#include <ctime>
#include <deque>
#include <optional>

using namespace game_table;
using streamwall::Buffer;
using streamwall::Context;
using streamwall::Error;
using streamwall::Method;
using streamwall::Result;
using streamwall::Task;
namespace rooms = streamwall::rooms;

class GameTable final : public streamwall::Plugin<> {
  public:
    using Plugin::Plugin;

    streamwall::Step start() override {
        for (const auto& [name, method] : {std::pair("declare", &declare_), std::pair("get", &get_),
                                           std::pair("apply", &apply_)}) {
            auto resolved = services().resolve("store", name);
            if (!resolved) return std::move(resolved).error();
            *method = *resolved;
        }
        tasks_.start(open());
        return streamwall::pending;
    }

  private:
    static constexpr std::size_t kMostWaiting = 100;  // moves of one game

    // What waits for its turn: one at a time for each game.
    struct Turn {
        std::string member;
        std::optional<Move> move;  // none: it joins or leaves
        bool leaves = false;
    };
    struct Record {
        std::int64_t id = 0;  // 0: not in the store yet
        std::int64_t version = 0;
        Game game;
    };

    Task<> open() {
        const Buffer table(R"({"collections":[{"name":"game_tables","fields":[)"
                           R"({"name":"game_id","type":"text"},{"name":"state","type":"json"}],)"
                           R"("unique":[{"name":"game_id","fields":["game_id"]}]}]})");
        auto declared = co_await ask(declare_, table);
        if (!declared) co_return host().complete(SW_STEP_START, declared.error());
        host().complete(
            SW_STEP_START,
            tables_.open(
                {.subscribe = [](rooms::Entry entry) { entry.admit(entry.member().rooms); },
                 .receive = [this](rooms::Member& member, const json::object& data,
                                   const sw_context&) { return receive(member, data); },
                 .left = {},
                 .error_code = "GAME_MOVE_ERROR"}));
    }

    Result<> receive(const rooms::Member& member, const json::object& data) {
        const auto* given = data.if_contains("action");
        const auto action = given && given->is_string() ? std::string_view(given->get_string())
                                                        : std::string_view();
        if (action != "join-game" && action != "game-move" && action != "leave-game") {
            return Error::invalid("action must be 'join-game', 'game-move' or 'leave-game'");
        }
        const auto game = read_game_id(data);
        if (!game) return game.error();
        Turn turn{member.id, std::nullopt, action == "leave-game"};
        if (action == "game-move") {
            auto move = read_move(data);
            if (!move) return std::move(move).error();
            if (move->player != member.user) return Error::invalid("data.playerId is not you");
            turn.move = std::move(*move);
        }
        auto& waiting = turns_[*game];
        if (waiting.size() >= kMostWaiting) return Error::invalid("too many moves wait");
        waiting.push_back(std::move(turn));
        if (waiting.size() == 1) tasks_.start(take_turns(*game));
        return streamwall::ok();
    }

    Task<> take_turns(std::string game) {
        auto& waiting = turns_[game];  // nobody else removes it
        while (!waiting.empty()) {
            const auto done = co_await take(game, waiting.front());
            const auto* member = tables_.find(waiting.front().member);
            if (!done && member)
                tables_.send_error(*member, "GAME_MOVE_ERROR", done.error().message);
            waiting.pop_front();
        }
        turns_.erase(game);
    }

    Task<Result<>> take(std::string game, Turn turn) {
        if (turn.leaves) {
            leave(game, turn);
            co_return streamwall::ok();
        }
        for (;;) {
            auto record = co_await load(game);
            if (!record) co_return std::move(record).error();
            auto* member = tables_.find(turn.member);
            if (!member) co_return streamwall::ok();  // it has left meanwhile
            bool is_changed = true;
            if (turn.move) {
                auto played = record->game.play(turn.move->player, turn.move->cell);
                if (!played) co_return std::move(played).error();
            } else {
                const auto before = record->game.players.size();
                record->game.sit(member->user);
                is_changed = record->id == 0 || record->game.players.size() != before;
            }
            if (is_changed) {
                auto saved = co_await save(game, *record);
                if (!saved && saved.code() == SW_ABORTED) continue;  // another node was faster
                if (!saved && saved.code() == SW_ALREADY_EXISTS) continue;
                if (!saved) co_return std::move(saved).error();
            }
            announce(game, turn, record->game);
            co_return streamwall::ok();
        }
    }

    void leave(const std::string& game, const Turn& turn) {
        auto* member = tables_.find(turn.member);
        const auto room = "game/" + game;
        if (!member || !member->rooms.contains(room)) return;
        tables_.leave(*member, room);
        tables_.broadcast(room, {{"action", "user-left"},
                                 {"gameId", game},
                                 {"userId", member->user},
                                 {"timestamp", timestamp()}});
    }

    void announce(const std::string& game, const Turn& turn, const Game& now) {
        const auto room = "game/" + game;
        json::object message{{"gameId", game}, {"timestamp", timestamp()}};
        if (turn.move) {
            message["action"] = "game-updated";
            message["state"] = to_json(now);
            message["lastMove"] = {{"playerId", turn.move->player},
                                   {"moveData", {{"cell", turn.move->cell}}}};
            return tables_.broadcast(room, message);
        }
        auto* member = tables_.find(turn.member);
        if (!member) return;
        tables_.join(*member, room);
        message["action"] = "user-joined";
        message["userId"] = member->user;
        tables_.broadcast(room, message);
        tables_.send(*member,
                     {{"action", "game-state"}, {"gameId", game}, {"state", to_json(now)}});
    }

    Task<Result<Record>> load(std::string game) {
        const json::object request{
            {"collection", "game_tables"}, {"unique", "game_id"}, {"values", json::array{game}}};
        auto reply = co_await ask(get_, Buffer(json::serialize(request)));
        if (!reply && reply.code() == SW_NOT_FOUND) co_return Record{};
        if (!reply) co_return std::move(reply).error();
        const auto record = json::parse(reply->view()).as_object();
        co_return Record{record.at("id").as_int64(), record.at("version").as_int64(),
                         from_json(record.at("state").as_object())};
    }

    Task<Result<Buffer>> save(std::string game, Record record) {
        json::object change{{"collection", "game_tables"}};
        if (record.id == 0) {
            change["op"] = "insert";
            change["record"] = {{"game_id", game}, {"state", to_json(record.game)}};
        } else {
            change["op"] = "update";
            change["id"] = record.id;
            change["version"] = record.version;
            change["set"] = {{"state", to_json(record.game)}};
        }
        const json::object request{{"changes", json::array{std::move(change)}}};
        auto done = co_await ask(apply_, Buffer(json::serialize(request)));
        co_return done;
    }

    Task<Result<Buffer>> ask(Method method, Buffer request) {
        const auto context = host().own_context();
        auto reply =
            co_await streamwall::coro::call(services(), method, std::move(request), context.raw());
        co_return reply;
    }

    std::string timestamp() const {
        const auto now = host().wall_ms();
        const std::time_t seconds = now / 1'000;
        std::tm parts{};
        ::gmtime_r(&seconds, &parts);
        char text[32];
        const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &parts);
        const auto milliseconds = std::to_string(1'000 + now % 1'000);
        return std::string(text, length) + milliseconds.substr(1) + "Z";
    }

    Method declare_, get_, apply_;
    std::map<std::string, std::deque<Turn>> turns_;  // by game
    rooms::Channel tables_{*this, "GameChannel"};
    streamwall::Tasks tasks_{*this};
};
STREAMWALL_PLUGIN(GameTable)
