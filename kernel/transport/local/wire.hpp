// Frames of the local transport: what a broker and its clients write to each other's sockets.
//
// A frame is a head of 20 bytes, a subject, a second text and a body; numbers are little endian:
//
//   0 body length (4)   4 subject length (2)   6 second text's length (2)
//   8 number (8)       16 kind (1)            17 status (1)            18 zero (2)
//
// Both ends are the same program, so there is no version. Still a reader trusts nothing: whatever
// breaks these rules ends the connection it came from, and that one alone.
#pragma once

#include "transport/transport.hpp"

#include <array>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace streamwall::transport {

enum class FrameKind : std::uint8_t {
    // To the broker.
    publish = 1,      // subject, reply subject, body
    request = 2,      // number: the client's own; subject, body
    cancel = 3,       // number of a request whose answer is no longer wanted
    subscribe = 4,    // number: the client's own; pattern, group
    unsubscribe = 5,  // number
    // To a client.
    message = 6,  // number of a subscription; subject, reply subject, body
    answer = 7,   // number of a request; status; body, or with an error its message as second text
};

// Texts and body are borrowed.
struct WireFrame {
    FrameKind kind = FrameKind::publish;
    std::uint8_t status = 0;
    std::uint64_t number = 0;
    std::string_view subject{};
    std::string_view second{};
    std::string_view body{};
};

constexpr std::size_t kWireHead = 20;
constexpr std::size_t kMaxWireFrame = kWireHead + 2 * kMaxSubject + kMaxMessage;
using WireHead = std::array<char, kWireHead>;

WireHead encode_head(const WireFrame& frame);
std::size_t wire_size(const WireFrame& frame);

// Tokens between dots, of printable ASCII; no wildcards, at most kMaxSubject bytes.
bool is_subject(std::string_view text);
// The same with `*` for one token and `>` for the rest.
bool is_subject_pattern(std::string_view text);

// Takes a stream of bytes apart.
class WireReader {
  public:
    // Where the next bytes of the stream belong; never empty where next() had nothing to give.
    std::span<char> space();
    // `count` bytes of it have been written.
    void filled(std::size_t count) { end_ += count; }
    // The next whole frame, valid until space(); nothing while bytes are missing. An error is a
    // sentence, after which the stream is lost.
    std::expected<std::optional<WireFrame>, std::string_view> next();
    // A whole frame is waiting: next() will give one, or an error.
    bool has_more() const;

  private:
    std::vector<char> buffer_ = std::vector<char>(std::size_t{64} << 10);
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace streamwall::transport
