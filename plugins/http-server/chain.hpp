// The one ordered chain that every request passes between its head and its handler.
#pragma once

#include "auth.hpp"
#include "worker.hpp"

#include <optional>
#include <string>

namespace streamwall::http_server {

struct ChainContext {
    Worker& worker;
    const PeerAddress& peer;
    Inbound& request;
    std::optional<Verdict> verdict = {};  // of the request's token, where it had to be asked for
};

// Fills in the request's identity, route, principal and rate; nothing where it may go on. Where
// `unverified` is set then, the chain ended there: ask, and run it again with the verdict.
std::optional<Refusal> run_chain(ChainContext context);

// "request_id → trace → …", for the log at start.
std::string describe_chain();

// Header lines that belong to a refusal: WWW-Authenticate, Allow, Retry-After.
std::string refusal_lines(const Refusal& refusal, const Inbound& request);

}  // namespace streamwall::http_server
