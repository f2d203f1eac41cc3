// Heads and chunked bodies from strangers: never a crash, and the same meaning however the bytes
// are cut. The first byte chooses the cut.
#include "chunked.hpp"
#include "request_head.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace streamwall::http_server;

constexpr std::size_t kLimit = 4096;

std::string describe(const RequestHead& head) {
    std::string text(head.method);
    text.append(" ").append(head.raw_path).append("?").append(head.query).append(" ");
    text.append(head.host).append(head.chunked ? " chunked " : " ");
    text.append(std::to_string(head.content_length)).append(head.keep_alive ? " keep" : " close");
    for (const auto& header : head.headers) {
        text.append("\n").append(to_view(header.name)).append(":").append(to_view(header.value));
    }
    return text;
}

// What a connection makes of the bytes when they come in pieces of that size.
std::string read(const std::string& bytes, std::size_t piece) {
    HeadScanner scanner;
    std::size_t head_length = 0;
    for (std::size_t have = 0; have < bytes.size() && head_length == 0;) {
        have = std::min(have + piece, bytes.size());
        const auto found = scanner.scan(std::string_view(bytes).substr(0, have));
        if (!found) return "refused " + std::to_string(found.error().status);
        head_length = *found;
    }
    if (head_length == 0) return "incomplete";
    std::string head_bytes = bytes.substr(0, head_length);
    RequestHead head;
    const auto parsed = parse_request_head(head_bytes.data(), head_bytes.size(), head);
    if (!parsed) return "refused " + std::to_string(parsed.error().status);
    std::string text = describe(head);
    // Once accepted, a head is accepted again: sessions parse their copy of it.
    RequestHead again;
    if (!parse_request_head(head_bytes.data(), head_bytes.size(), again)) std::abort();
    if (describe(again) != text) std::abort();
    if (!head.chunked) return text;
    ChunkDecoder decoder(kLimit);
    std::string body;
    std::size_t at = head_length;
    auto state = ChunkDecoder::State::kMore;
    while (at < bytes.size() && state == ChunkDecoder::State::kMore) {
        std::size_t used = 0;
        state = decoder.feed(std::string_view(bytes).substr(at, piece), used, body);
        at += used;
    }
    if (body.size() > kLimit) std::abort();
    return text + "\n\n" + body + std::to_string(static_cast<int>(state)) + "@" +
           std::to_string(at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] % 61;
    // A refusal may come sooner with more bytes at hand, but the same bytes never mean two
    // requests.
    const auto whole = read(bytes, bytes.size());
    const auto cut = read(bytes, piece);
    if (whole.starts_with("refused") && cut.starts_with("refused")) return 0;
    if (whole != cut) std::abort();
    return 0;
}
