// permessage-deflate (RFC 7692): what is agreed on at the handshake, and the compression itself.
//
// We agree on no context takeover in both directions: each message is compressed by itself, so that
// one compression of a broadcast serves everybody, and a connection holds no window.
#pragma once

#include "request_head.hpp"
#include "ws_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

struct DeflateTerms {
    static constexpr std::uint8_t kAllBits = 15;  // of the largest window

    std::uint8_t window_bits = kAllBits;  // of what we compress
    bool names_window = false;            // the client asked for that window

    // The header line that says so.
    std::string line() const;
    // Whether a message of this size, compressed with the largest window, fits into this one: it
    // never looks back further than its own beginning.
    bool allows(std::size_t size) const {
        return window_bits == kAllBits || size <= std::size_t{1} << window_bits;
    }
};

// The first of the client's offers that can be met; nothing where there is none. A header that is
// no list of extensions is refused.
std::expected<std::optional<DeflateTerms>, Refusal> negotiate_deflate(const RequestHead& head);

// One compressor for messages, used again and again. [one thread at a time]
class MessageDeflater {
  public:
    static constexpr std::size_t kLeast = 128;  // bytes of a message that is worth it

    MessageDeflater();
    ~MessageDeflater();
    MessageDeflater(const MessageDeflater&) = delete;
    MessageDeflater& operator=(const MessageDeflater&) = delete;
    // The frame of a compressed text or binary message; null where it would not be smaller.
    FramePtr compress(Opcode opcode, std::string_view payload);

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
    std::string out_;
};

// The other direction. [one thread at a time]
class MessageInflater {
  public:
    enum class Result { kDone, kTooBig, kBroken };

    MessageInflater();
    ~MessageInflater();
    MessageInflater(const MessageInflater&) = delete;
    MessageInflater& operator=(const MessageInflater&) = delete;
    // Never makes more than `limit` bytes of it, however many it stands for.
    Result inflate(std::string_view payload, std::size_t limit);
    // The message, until the next one.
    std::string_view message() const { return {out_.data(), size_}; }

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
    std::string out_;
    std::size_t size_ = 0;
};

}  // namespace streamwall::http_server
