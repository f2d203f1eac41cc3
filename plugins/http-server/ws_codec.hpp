// Incoming WebSocket frames (RFC 6455 5), strict and incremental: bytes in any pieces become
// messages and control frames, or the close code that ends the connection.
#pragma once

#include "text.hpp"
#include "ws_deflate.hpp"
#include "ws_frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

struct CloseReason {
    std::uint16_t code;
    std::string_view reason;
};

// RFC 6455 7.4 and the IANA registry: what a peer may send.
bool is_valid_close_code(std::uint16_t code);

class FrameSink {
  public:
    // Payloads are borrowed. False ends the reading: what follows in the bytes is not looked at.
    virtual bool on_message(std::string_view payload, bool is_text) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    virtual bool on_pong() { return true; }
    // 1005 where the frame has no code.
    virtual bool on_close_frame(std::uint16_t code) = 0;

  protected:
    ~FrameSink() = default;
};

class FrameReader {
  public:
    // `may_deflate`: messages may be compressed, as was agreed at the handshake.
    FrameReader(std::size_t message_limit, std::uint32_t fragment_limit, bool may_deflate = false)
        : message_limit_(message_limit),
          fragment_limit_(fragment_limit),
          may_deflate_(may_deflate) {}

    // Unmasks in place. After a reason, or false from the sink, it must not be fed again.
    // `inflater` reads compressed messages, where there may be any.
    std::optional<CloseReason> feed(char* data, std::size_t length, FrameSink& sink,
                                    MessageInflater* inflater = nullptr);

  private:
    using Result = std::optional<CloseReason>;

    Result begin_frame();
    Result begin_data_frame();
    Result take_payload(char* data, std::size_t length, FrameSink& sink, MessageInflater* inflater);
    Result end_frame(std::string_view payload, FrameSink& sink, MessageInflater* inflater);
    Result end_message(std::string_view payload, FrameSink& sink, MessageInflater* inflater);
    Result end_close(std::string_view payload, FrameSink& sink);
    bool is_control() const { return (header_[0] & 0x08) != 0; }
    std::size_t header_size() const;

    std::size_t message_limit_;
    std::uint32_t fragment_limit_;
    std::uint32_t fragments_ = 0;
    std::uint64_t remaining_ = 0;  // of the current frame's payload
    std::string message_;          // the message so far, where it comes in pieces
    std::string control_;          // likewise a control frame's payload
    std::array<std::uint8_t, 14> header_{};
    std::uint8_t header_length_ = 0;
    std::uint8_t mask_at_ = 0;
    bool in_payload_ = false;
    bool in_message_ = false;  // between a first and a last fragment
    bool is_text_ = false;
    const bool may_deflate_;
    bool is_deflated_ = false;  // the current message
    bool stopped_ = false;      // the sink said so
    Utf8Checker utf8_;
};

}  // namespace streamwall::http_server
