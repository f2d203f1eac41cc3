// WebSocket frames from strangers: never a crash, limits hold, and the same meaning however the
// bytes are cut. The first byte chooses the cut, and whether messages may be compressed.
#include "ws_codec.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace streamwall::http_server;

constexpr std::size_t kLimit = 512;

class Recorder final : public FrameSink {
  public:
    bool on_message(std::string_view payload, bool is_text) override {
        if (payload.size() > kLimit) std::abort();
        if (is_text && !is_valid_utf8(payload)) std::abort();
        seen.append(is_text ? "t" : "b").append(payload).append("|");
        return true;
    }
    bool on_ping(std::string_view payload) override {
        if (payload.size() > 125) std::abort();
        seen.append("p").append(payload).append("|");
        return true;
    }
    bool on_close_frame(std::uint16_t code) override {
        if (code != 1005 && !is_valid_close_code(code)) std::abort();
        seen.append("c").append(std::to_string(code));
        closed = true;
        return false;
    }
    std::string seen;
    bool closed = false;
};

std::string read(std::string bytes, std::size_t piece, bool may_deflate) {
    static MessageInflater inflater;
    FrameReader reader(kLimit, 8, may_deflate);
    Recorder recorder;
    for (std::size_t at = 0; at < bytes.size() && !recorder.closed; at += piece) {
        const auto length = std::min(piece, bytes.size() - at);
        if (const auto error = reader.feed(bytes.data() + at, length, recorder,
                                           may_deflate ? &inflater : nullptr)) {
            return recorder.seen + "e" + std::to_string(error->code);
        }
    }
    return recorder.seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const bool may_deflate = (data[0] & 0x80) != 0;
    const std::size_t piece = 1 + (data[0] & 0x7F) % 61;
    if (read(bytes, bytes.size(), may_deflate) != read(bytes, piece, may_deflate)) std::abort();
    return 0;
}
