// How answers are written: status line, the headers every answer carries, and the server's own
// problem documents (RFC 9457).
#pragma once

#include "output.hpp"
#include "rate_limit.hpp"
#include "request_head.hpp"
#include "router.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace streamwall::http_server {

// What must be known of a request to answer it, once its head is gone.
struct Answer {
    std::array<char, 64> request_id{};
    std::uint8_t request_id_length = 0;
    bool http10 = false;
    bool head_only = false;
    bool keep_alive = true;
    bool counted = false;  // the rate limit's headers are shown
    bool takes_gzip = false;
    std::string_view cors_lines;  // finished; of the options
    RateVerdict rate;
    std::int64_t rate_reset = 0;  // Unix seconds
    RoutePtr route;               // none: counted as "unmatched"
    Time started;

    std::string_view id() const { return {request_id.data(), request_id_length}; }
    void set_id(std::string_view id);
};

// "Name: value\r\n" for each header; those that could break the framing are left out. False where
// one was.
bool append_header_lines(std::string& out, const sw_http_header* headers, std::size_t count);

inline constexpr std::size_t kNoLength = std::string_view::npos;

// Status line to empty line. `lines` are finished header lines. With kNoLength they say where the
// body ends.
void append_answer_head(std::string& out, const Answer& answer, int status, std::string_view date,
                        std::string_view lines, std::size_t body_length);

// The problem's document. `instance` is the target without its query.
std::string problem_json(const Refusal& refusal, std::string_view instance,
                         std::string_view request_id);

std::string_view reason_phrase(int status);

}  // namespace streamwall::http_server
