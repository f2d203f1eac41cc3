// The right to answer one request, as the boundary's opaque type. Belongs to the plugin until it
// responds; the session lets go of it earlier where it times out or closes.
#pragma once

#include "answer.hpp"
#include "openers.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace streamwall::http_server {
class HttpSession;
class Worker;

// Gives an answer to the exchange's session, on whatever thread; ends the exchange.
void respond(sw_http_exchange* exchange, const sw_http_response* response);

// An answer in parts, see streamwall/ext/http.h.
void stream(sw_http_exchange* exchange, const sw_http_response* head,
            void (*more)(void*, sw_http_exchange*), void* arg);
void part(sw_http_exchange* exchange, const sw_buffer* bytes, bool is_last);

// A body in pieces, likewise.
using GotPiece = void (*)(void* arg, const char* bytes, std::size_t length, std::int32_t state);
void read_body(sw_http_exchange* exchange, GotPiece got, void* arg);
}  // namespace streamwall::http_server

struct sw_http_exchange {
    streamwall::http_server::Worker* worker = nullptr;
    streamwall::http_server::HttpSession* session = nullptr;  // loop's thread only
    streamwall::http_server::Answer answer;
    // What it was let in by; an answer in parts ends with that.
    streamwall::http_server::Opener opener;
    bool has_ended = false;
    // Of an answer in parts.
    void (*more)(void* arg, sw_http_exchange* exchange) = nullptr;
    void* more_arg = nullptr;
    bool is_asked = false;  // a part is under way from the plugin
    // Of a body in pieces: who asked for the next one.
    streamwall::http_server::GotPiece got = nullptr;
    void* got_arg = nullptr;

    void tell(const char* bytes, std::size_t length, std::int32_t state) {
        std::exchange(got, nullptr)(got_arg, bytes, length, state);
    }
};
