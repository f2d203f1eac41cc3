#include "chunked.hpp"

#include "text.hpp"

#include <algorithm>

namespace streamwall::http_server {
namespace {

constexpr std::uint16_t kMaxExtension = 256;
constexpr std::uint16_t kMaxTrailers = 8 * 1024;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

}  // namespace

ChunkDecoder::State ChunkDecoder::feed(std::string_view input, std::size_t& consumed,
                                       std::string& body) {
    consumed = 0;
    while (consumed < input.size()) {
        if (step_ == Step::kData) {
            const auto take = std::min<std::uint64_t>(remaining_, input.size() - consumed);
            body.append(input.substr(consumed, take));
            consumed += take;
            remaining_ -= take;
            if (remaining_ == 0) step_ = Step::kDataCr;
            continue;
        }
        const auto state = step(input[consumed++], body);
        if (state != State::kMore) return state;
    }
    return State::kMore;
}

ChunkDecoder::State ChunkDecoder::step(char c, const std::string& body) {
    switch (step_) {
        case Step::kSize:
            if (const int digit = hex_digit(c); digit >= 0) {
                if (++digits_ > 16) return State::kMalformed;
                remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
                return State::kMore;
            }
            if (digits_ == 0) return State::kMalformed;
            if (c == '\r') {
                step_ = Step::kSizeLf;
            } else if (c == ';') {
                step_ = Step::kExtension;
                overhead_ = 0;
            } else {
                return State::kMalformed;
            }
            return State::kMore;
        case Step::kExtension:
            if (c == '\r') {
                step_ = Step::kSizeLf;
                return State::kMore;
            }
            return is_text(c) && ++overhead_ <= kMaxExtension ? State::kMore : State::kMalformed;
        case Step::kSizeLf:
            return c == '\n' ? end_of_size_line(body) : State::kMalformed;
        case Step::kDataCr:
            step_ = Step::kDataLf;
            return c == '\r' ? State::kMore : State::kMalformed;
        case Step::kDataLf:
            step_ = Step::kSize;
            digits_ = 0;
            return c == '\n' ? State::kMore : State::kMalformed;
        case Step::kTrailer:
            if (c == '\r') {
                if (line_ > 0 && !name_done_) return State::kMalformed;
                step_ = Step::kTrailerLf;
                return State::kMore;
            }
            if (++overhead_ > kMaxTrailers) return State::kTooLarge;
            if (!name_done_ && c == ':' && line_ > 0) {
                name_done_ = true;
            } else if (name_done_ ? !is_text(c) : !is_token(std::string_view(&c, 1))) {
                return State::kMalformed;
            }
            ++line_;
            return State::kMore;
        case Step::kTrailerLf:
            if (c != '\n') return State::kMalformed;
            if (line_ == 0) return State::kDone;
            line_ = 0;
            name_done_ = false;
            step_ = Step::kTrailer;
            return State::kMore;
        case Step::kData:
            break;
    }
    return State::kMalformed;
}

ChunkDecoder::State ChunkDecoder::end_of_size_line(const std::string& body) {
    if (remaining_ == 0) {
        step_ = Step::kTrailer;
        overhead_ = 0;
        return State::kMore;
    }
    // The announced size counts, so that a lie costs nothing.
    if (remaining_ > limit_ || body.size() > limit_ - remaining_) return State::kTooLarge;
    step_ = Step::kData;
    return State::kMore;
}

}  // namespace streamwall::http_server
