// Between events of Socket.IO and messages of rooms: an event is a message whose `action` is the
// event's name, on both ways.
//
//   socket.emit('join-game', {gameId: 'g'})        →  {"action":"join-game","gameId":"g"}
//   {"action":"user-joined","userId":"7"}          →  socket.on('user-joined', ({userId}) => …)
//   {"action":"error","code":"…","message":"…"}    →  socket.on('error', ({code, message}) => …)
//
// A message without an action, or with one of a name that Socket.IO keeps for itself, is the event
// `message` as it is.
#pragma once

#include "packet_codec.hpp"

#include <streamwall/sdk/result.hpp>

#include <string>
#include <string_view>

namespace streamwall::socket_io {

// What a plugin says in a room, a JSON object, as a packet.
std::string to_event(std::string_view space, std::string_view message);

// What a client sends; the event has a name and at most one argument, an object.
Result<boost::json::object> to_message(Message event);

// The answer to an event that wants one: {"ok":true}, or {"ok":false,"code":…,"message":…}.
// `reply` is what the plugin says of it, nothing where it has taken it.
std::string to_ack(std::string_view reply);

}  // namespace streamwall::socket_io
