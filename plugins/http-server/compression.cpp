#include "compression.hpp"

#include "text.hpp"

#include <zlib.h>

#include <stdexcept>

namespace streamwall::http_server {
namespace {

// What a loop can afford: lists get four times smaller at a third of the usual level's time.
constexpr int kLevel = 3;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: with gzip's head
constexpr int kMemory = 8;

// RFC 9110 12.4.2: "q=0", "q=0.0"… refuse; whatever is no weight counts as one.
bool is_refused(std::string_view parameters) {
    while (!parameters.empty()) {
        const auto end = parameters.find(';');
        const auto parameter = trim(parameters.substr(0, end));
        parameters.remove_prefix(end == parameters.npos ? parameters.size() : end + 1);
        if (parameter.size() < 3 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=') continue;
        const auto weight = parameter.substr(2);
        return weight.front() == '0' && weight.find_first_not_of("0.") == weight.npos;
    }
    return false;
}

// Calls `each(name, value, line)` for each "Name: value\r\n".
template <class Each>
void for_each_line(std::string_view lines, Each each) {
    for (auto end = lines.find("\r\n"); end != lines.npos; end = lines.find("\r\n")) {
        const auto line = lines.substr(0, end);
        const auto colon = line.find(':');
        if (colon != line.npos) each(line.substr(0, colon), trim(line.substr(colon + 1)), line);
        lines.remove_prefix(end + 2);
    }
}

bool is_text_type(std::string_view type) {
    type = trim(type.substr(0, type.find(';')));
    for (const std::string_view known :
         {"application/json", "application/javascript", "application/xml", "image/svg+xml",
          "application/x-ndjson", "application/toml"}) {
        if (equals_ignoring_case(type, known)) return true;
    }
    return equals_ignoring_case(type.substr(0, 5), "text/") || type.ends_with("+json") ||
           type.ends_with("+xml");
}

}  // namespace

bool takes_gzip(std::string_view accept_encoding) {
    std::optional<bool> named;
    bool any = false;
    for (std::string_view member; next_in_list(accept_encoding, member);) {
        const auto semicolon = member.find(';');
        const auto coding = trim(member.substr(0, semicolon));
        const bool takes = semicolon == member.npos || !is_refused(member.substr(semicolon + 1));
        if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
            named = takes;
        } else if (coding == "*") {
            any = takes;
        }
    }
    return named.value_or(any);
}

BodyKind kind_of_body(std::string_view lines) {
    BodyKind kind;
    for_each_line(lines, [&](std::string_view name, std::string_view value, std::string_view) {
        if (equals_ignoring_case(name, "content-type")) {
            kind.is_text = is_text_type(value);
        } else if (equals_ignoring_case(name, "cache-control")) {
            kind.is_secret |= list_has_token(value, "no-store");
            kind.is_encoded |= list_has_token(value, "no-transform");
        } else if (equals_ignoring_case(name, "content-encoding") ||
                   equals_ignoring_case(name, "content-range")) {
            kind.is_encoded = true;
        }
    });
    return kind;
}

std::string compressed_lines(std::string_view lines) {
    std::string out;
    out.reserve(lines.size() + 64);
    for_each_line(lines, [&](std::string_view name, std::string_view value, std::string_view line) {
        if (equals_ignoring_case(name, "etag") && value.starts_with('"')) {
            out.append(name).append(": W/").append(value).append("\r\n");
        } else {
            out.append(line).append("\r\n");
        }
    });
    return out.append("Content-Encoding: gzip\r\n");
}

struct Gzip::Stream {
    z_stream z{};
};

Gzip::Gzip() : stream_(std::make_unique<Stream>()) {
    if (deflateInit2(&stream_->z, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw std::runtime_error("no memory to compress answers");
    }
}

Gzip::~Gzip() {
    deflateEnd(&stream_->z);
}

std::optional<std::string> Gzip::compress(std::string_view body) {
    auto& z = stream_->z;
    deflateReset(&z);
    std::string out(body.size(), '\0');
    // zlib takes its input as not const, and does not write to it.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    z.avail_in = static_cast<uInt>(body.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) return std::nullopt;
    out.resize(out.size() - z.avail_out);
    return out;
}

}  // namespace streamwall::http_server
