// The rules of noughts and crosses, and what players send. Nothing here knows of rooms or stores.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace game_table {

namespace json = boost::json;

struct Game {
    std::vector<std::string> players;  // at most two; the first one begins
    std::string board = "---------";   // row by row: '-', 'x' of the first player, 'o'
    std::string winner;                // a player; empty while the game goes on or was drawn

    std::size_t moves() const;
    bool is_over() const { return !winner.empty() || moves() == board.size(); }
    // Sits down; false where both seats are taken. Who has one keeps it.
    bool sit(std::string_view player);
    // Puts the player's sign into a cell, 0…8, where it is that player's turn.
    streamwall::Result<> play(std::string_view player, std::int64_t cell);
};

json::object to_json(const Game& game);
Game from_json(const json::object& state);

// {"type":"game-move","gameId","data":{"playerId","moveData":{"cell":0…8}},"timestamp"}; `type` and
// `timestamp` may be left out.
struct Move {
    std::string game;
    std::string player;
    std::int64_t cell = 0;
};
// An error names the first member that is wrong.
streamwall::Result<Move> read_move(const json::object& message);
// The member `gameId`: 1 to 64 characters of [A-Za-z0-9_-].
streamwall::Result<std::string> read_game_id(const json::object& message);

}  // namespace game_table
