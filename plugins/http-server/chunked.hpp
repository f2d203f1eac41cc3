// Decoder of the chunked transfer coding (RFC 9112 7.1), incremental and strict: CR LF only, at
// most 16 hex digits, bounded extensions and trailers, both of which are checked and dropped.
//
// Not Beast's: 1.81 throws out of its parser on one long trailer and swallows extensions of any
// size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamwall::http_server {

class ChunkDecoder {
  public:
    enum class State { kMore, kDone, kMalformed, kTooLarge };

    explicit ChunkDecoder(std::uint64_t body_limit) : limit_(body_limit) {}

    // Appends decoded bytes to `body`; `consumed` says how much of `input` was taken, which is all
    // of it unless the body ended or was refused.
    State feed(std::string_view input, std::size_t& consumed, std::string& body);

  private:
    enum class Step { kSize, kExtension, kSizeLf, kData, kDataCr, kDataLf, kTrailer, kTrailerLf };

    State step(char c, const std::string& body);
    State end_of_size_line(const std::string& body);

    std::uint64_t limit_;
    std::uint64_t remaining_ = 0;
    Step step_ = Step::kSize;
    std::uint8_t digits_ = 0;
    std::uint16_t overhead_ = 0;  // bytes of this chunk's extension, or of all trailers
    std::uint16_t line_ = 0;      // bytes of the current trailer line
    bool name_done_ = false;      // the current trailer line has passed its colon
};

}  // namespace streamwall::http_server
