#include "answer.hpp"

#include "text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cstring>

namespace streamwall::http_server {
namespace {

void append_number(std::string& out, std::int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

void append_line(std::string& out, std::string_view name, std::int64_t value) {
    out += name;
    out += ": ";
    append_number(out, value);
    out += "\r\n";
}

// A number that a 204, a 304 or an interim answer must not show (RFC 9110 8.6).
bool has_length(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace

void Answer::set_id(std::string_view id) {
    request_id_length = static_cast<std::uint8_t>(std::min(id.size(), request_id.size()));
    std::memcpy(request_id.data(), id.data(), request_id_length);
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 207:
            return "Multi-Status";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Status";
    }
}

bool append_header_lines(std::string& out, const sw_http_header* headers, std::size_t count) {
    bool all = true;
    for (std::size_t i = 0; i < count; ++i) {
        const auto name = to_view(headers[i].name);
        const auto value = to_view(headers[i].value);
        if (!is_token(name) || !is_safe_header_value(value)) {
            all = false;
            continue;
        }
        out += name;
        out += ": ";
        out += value;
        out += "\r\n";
    }
    return all;
}

void append_answer_head(std::string& out, const Answer& answer, int status, std::string_view date,
                        std::string_view lines, std::size_t body_length) {
    out += "HTTP/1.1 ";
    append_number(out, status);
    out += ' ';
    out += reason_phrase(status);
    out += "\r\nDate: ";
    out += date;
    out += "\r\nX-Request-Id: ";
    out += answer.id();
    out += "\r\nX-Content-Type-Options: nosniff\r\n";
    if (answer.counted) {
        append_line(out, "X-RateLimit-Limit", answer.rate.limit);
        append_line(out, "X-RateLimit-Remaining", answer.rate.remaining);
        append_line(out, "X-RateLimit-Reset", answer.rate_reset);
    }
    out += answer.cors_lines;
    out += lines;
    if (has_length(status) && body_length != kNoLength)
        append_line(out, "Content-Length", static_cast<std::int64_t>(body_length));
    if (!answer.keep_alive) {
        out += "Connection: close\r\n";
    } else if (answer.http10) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

std::string problem_json(const Refusal& refusal, std::string_view instance,
                         std::string_view request_id) {
    const boost::json::object problem{
        {"type", "about:blank"},    {"title", reason_phrase(refusal.status)},
        {"status", refusal.status}, {"detail", refusal.detail},
        {"instance", instance},     {"error", refusal.detail},
        {"code", refusal.code},     {"request_id", request_id},
    };
    return boost::json::serialize(problem);
}

}  // namespace streamwall::http_server
