// The one ordered chain that every request passes between its head and its handler.
#pragma once

#include "worker.hpp"

#include <optional>
#include <string>

namespace streamwall::http_server {

struct ChainContext {
    Worker& worker;
    const PeerAddress& peer;
    Inbound& request;
};

// Fills in the request's identity, route, principal and rate; nothing where it may go on.
std::optional<Refusal> run_chain(ChainContext context);

// "request_id → trace → …", for the log at start.
std::string describe_chain();

// Header lines that belong to a refusal: WWW-Authenticate, Allow, Retry-After.
std::string refusal_lines(const Refusal& refusal, const Inbound& request);

}  // namespace streamwall::http_server
