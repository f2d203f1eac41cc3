#include "game.hpp"

#include <algorithm>

namespace game_table {

using streamwall::Error;
using streamwall::Result;

std::size_t Game::moves() const {
    return board.size() - static_cast<std::size_t>(std::ranges::count(board, '-'));
}

bool Game::sit(std::string_view player) {
    if (std::ranges::find(players, player) != players.end()) return true;
    if (players.size() == 2) return false;
    players.emplace_back(player);
    return true;
}

Result<> Game::play(std::string_view player, std::int64_t cell) {
    if (is_over()) return Error::invalid("the game is over");
    if (players.size() < 2) return Error::invalid("the other player is not here yet");
    const auto turn = moves() % 2;
    if (players[turn] != player) return Error::invalid("it is not your turn");
    auto& place = board[static_cast<std::size_t>(cell)];
    if (place != '-') return Error::invalid("the cell is taken");
    place = turn == 0 ? 'x' : 'o';
    constexpr int kLines[][3] = {{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6},
                                 {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}};
    for (const auto& line : kLines) {
        const bool is_full = std::ranges::all_of(
            line, [&](int at) { return board[static_cast<std::size_t>(at)] == place; });
        if (is_full) winner = player;
    }
    return streamwall::ok();
}

json::object to_json(const Game& game) {
    json::object out{{"players", json::value_from(game.players)}, {"board", game.board}};
    const bool goes_on = !game.is_over() && game.players.size() == 2;
    out["turn"] = goes_on ? json::value(game.players[game.moves() % 2]) : json::value();
    out["winner"] = game.winner.empty() ? json::value() : json::value(game.winner);
    return out;
}

Game from_json(const json::object& state) {
    Game out;
    out.players = json::value_to<std::vector<std::string>>(state.at("players"));
    out.board = std::string(state.at("board").as_string());
    const auto& winner = state.at("winner");
    if (winner.is_string()) out.winner = std::string(winner.as_string());
    return out;
}

namespace {

Error wrong(const char* member, const char* what) {
    return Error::invalid(std::string(member) + " " + what, member);
}

}  // namespace

Result<std::string> read_game_id(const json::object& message) {
    const auto* id = message.if_contains("gameId");
    const bool is_good = id && id->is_string() && !id->get_string().empty() &&
                         id->get_string().size() <= 64 &&
                         id->get_string().find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL"
                             "MNOPQRSTUVWXYZ0123456789_-") == json::string::npos;
    if (!is_good) return wrong("gameId", "must be 1 to 64 letters, digits, '_' or '-'");
    return std::string(id->get_string());
}

Result<Move> read_move(const json::object& message) {
    auto game = read_game_id(message);
    if (!game) return std::move(game).error();
    const auto* type = message.if_contains("type");
    if (type && *type != json::value("game-move")) return wrong("type", "must be 'game-move'");
    const auto* timestamp = message.if_contains("timestamp");
    if (timestamp && !timestamp->is_string()) return wrong("timestamp", "must be text");
    const auto* data = message.if_contains("data");
    if (!data || !data->is_object()) return wrong("data", "must be an object");
    const auto* player = data->get_object().if_contains("playerId");
    if (!player || !player->is_string()) return wrong("data.playerId", "must be text");
    const auto* move = data->get_object().if_contains("moveData");
    if (!move || !move->is_object()) return wrong("data.moveData", "must be an object");
    const auto* cell = move->get_object().if_contains("cell");
    const bool is_cell =
        cell && cell->is_int64() && cell->get_int64() >= 0 && cell->get_int64() <= 8;
    if (!is_cell) return wrong("data.moveData.cell", "must be an integer from 0 to 8");
    return Move{std::move(*game), std::string(player->get_string()), cell->get_int64()};
}

}  // namespace game_table
