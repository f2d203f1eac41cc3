#include "ws_codec.hpp"

#include <algorithm>
#include <cstring>

namespace streamwall::http_server {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kDeflated = 0x40;
constexpr std::uint8_t kMasked = 0x80;

CloseReason protocol_error(std::string_view reason) {
    return {1002, reason};
}
constexpr CloseReason kNotUtf8{1007, "text is not UTF-8"};
constexpr CloseReason kTooBig{1009, "message too big"};
constexpr CloseReason kNotDeflated{1007, "compressed message is broken"};

// `at` is the position in the mask, carried over from piece to piece.
void unmask(char* data, std::size_t length, const std::uint8_t* mask, std::uint8_t& at) {
    std::array<std::uint8_t, 8> key;
    for (std::size_t i = 0; i < key.size(); ++i)
        key[i] = mask[(at + i) % 4];
    std::uint64_t wide;
    std::memcpy(&wide, key.data(), sizeof wide);
    std::size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        std::uint64_t word;
        std::memcpy(&word, data + i, sizeof word);
        word ^= wide;
        std::memcpy(data + i, &word, sizeof word);
    }
    for (; i < length; ++i)
        data[i] = static_cast<char>(data[i] ^ key[i % 8]);
    at = static_cast<std::uint8_t>((at + length) % 4);
}

}  // namespace

bool is_valid_close_code(std::uint16_t code) {
    if (code >= 3000) return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::size_t FrameReader::header_size() const {
    if (header_length_ < 2) return 2;
    const auto length = header_[1] & 0x7F;
    return 2u + (length == 126 ? 2u : length == 127 ? 8u : 0u) + ((header_[1] & kMasked) ? 4u : 0u);
}

std::optional<CloseReason> FrameReader::feed(char* data, std::size_t length, FrameSink& sink,
                                             MessageInflater* inflater) {
    std::size_t at = 0;
    for (;;) {
        if (!in_payload_) {
            while (header_length_ < header_size()) {
                if (at == length) return std::nullopt;
                header_[header_length_++] = static_cast<std::uint8_t>(data[at++]);
                if (header_length_ != 2) continue;
                // What the first two bytes give away needs no further byte from a hostile peer.
                if (auto error = begin_frame()) return error;
            }
            if (auto error = begin_data_frame()) return error;
        }
        const auto take =
            static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, length - at));
        if (take == 0 && remaining_ > 0) return std::nullopt;
        if (auto error = take_payload(data + at, take, sink, inflater)) return error;
        if (stopped_) return std::nullopt;
        at += take;
    }
}

FrameReader::Result FrameReader::begin_frame() {
    const auto opcode = header_[0] & 0x0F;
    const bool begins_message = opcode == 1 || opcode == 2;
    const auto reserved = header_[0] & kReserved;
    // RFC 7692 6: only a message's first frame may say that it is compressed.
    if (reserved != 0 && !(reserved == kDeflated && may_deflate_ && begins_message)) {
        return protocol_error("reserved bits are set");
    }
    if ((header_[1] & kMasked) == 0) return protocol_error("frame is not masked");
    if (is_control()) {
        if (opcode > 10) return protocol_error("unknown opcode");
        if ((header_[0] & kFin) == 0) return protocol_error("fragmented control frame");
        if ((header_[1] & 0x7F) > 125) return protocol_error("long control frame");
        return std::nullopt;
    }
    if (opcode > 2) return protocol_error("unknown opcode");
    if (opcode == 0 && !in_message_) return protocol_error("continuation of nothing");
    if (opcode != 0 && in_message_) return protocol_error("message within a message");
    return std::nullopt;
}

// The whole header is there: reads length and mask, checks the limits before any payload.
FrameReader::Result FrameReader::begin_data_frame() {
    std::uint64_t size = header_[1] & 0x7F;
    if (size >= 126) {
        const std::size_t bytes = size == 126 ? 2 : 8;
        const std::uint64_t least = size == 126 ? 126 : 65536;
        size = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            size = (size << 8) | header_[2 + i];
        if (size < least) return protocol_error("length is not minimal");
        if (size >> 63 != 0) return protocol_error("length has its top bit set");
    }
    remaining_ = size;
    in_payload_ = true;
    mask_at_ = 0;
    if (is_control()) return std::nullopt;
    if ((header_[0] & 0x0F) != 0) {
        is_deflated_ = (header_[0] & kDeflated) != 0;
        is_text_ = (header_[0] & 0x0F) == static_cast<int>(Opcode::kText);
        fragments_ = 0;
        utf8_.reset();
    }
    if (++fragments_ > fragment_limit_) return CloseReason{1008, "too many fragments"};
    if (size > message_limit_ || message_.size() > message_limit_ - size) return kTooBig;
    return std::nullopt;
}

FrameReader::Result FrameReader::take_payload(char* data, std::size_t length, FrameSink& sink,
                                              MessageInflater* inflater) {
    unmask(data, length, header_.data() + header_length_ - 4, mask_at_);
    remaining_ -= length;
    const std::string_view piece(data, length);
    if (!is_control() && is_text_ && !is_deflated_ && !utf8_.feed(piece)) return kNotUtf8;
    auto& gathered = is_control() ? control_ : message_;
    const bool whole = remaining_ == 0 && gathered.empty() &&
                       (is_control() || ((header_[0] & kFin) != 0 && !in_message_));
    if (whole)
        return end_frame(piece, sink,
                         inflater);  // straight from the read buffer, nothing is copied
    gathered.append(piece);
    if (remaining_ > 0) return std::nullopt;
    return end_frame(gathered, sink, inflater);
}

FrameReader::Result FrameReader::end_frame(std::string_view payload, FrameSink& sink,
                                           MessageInflater* inflater) {
    const auto opcode = static_cast<Opcode>(header_[0] & 0x0F);
    header_length_ = 0;
    in_payload_ = false;
    if (opcode == Opcode::kClose) return end_close(payload, sink);
    if (opcode == Opcode::kPing || opcode == Opcode::kPong) {
        stopped_ = opcode == Opcode::kPing ? !sink.on_ping(payload) : !sink.on_pong();
        std::string().swap(control_);
        return std::nullopt;
    }
    if ((header_[0] & kFin) == 0) {
        in_message_ = true;
        return std::nullopt;
    }
    in_message_ = false;
    auto error = end_message(payload, sink, inflater);
    std::string().swap(message_);  // an idle connection holds no buffer
    return error;
}

FrameReader::Result FrameReader::end_message(std::string_view payload, FrameSink& sink,
                                             MessageInflater* inflater) {
    if (!is_deflated_) {
        if (is_text_ && !utf8_.at_boundary()) return kNotUtf8;
        stopped_ = !sink.on_message(payload, is_text_);
        return std::nullopt;
    }
    switch (inflater->inflate(payload, message_limit_)) {
        case MessageInflater::Result::kTooBig:
            return kTooBig;
        case MessageInflater::Result::kBroken:
            return kNotDeflated;
        case MessageInflater::Result::kDone:
            break;
    }
    if (is_text_ && !is_valid_utf8(inflater->message())) return kNotUtf8;
    stopped_ = !sink.on_message(inflater->message(), is_text_);
    return std::nullopt;
}

FrameReader::Result FrameReader::end_close(std::string_view payload, FrameSink& sink) {
    stopped_ = true;
    if (payload.empty()) {
        sink.on_close_frame(1005);
        return std::nullopt;
    }
    if (payload.size() == 1) return protocol_error("half a close code");
    const auto code = static_cast<std::uint16_t>((static_cast<std::uint8_t>(payload[0]) << 8) |
                                                 static_cast<std::uint8_t>(payload[1]));
    if (!is_valid_close_code(code)) return protocol_error("invalid close code");
    if (!is_valid_utf8(payload.substr(2))) return CloseReason{1007, "close reason is not UTF-8"};
    sink.on_close_frame(code);
    return std::nullopt;
}

}  // namespace streamwall::http_server
