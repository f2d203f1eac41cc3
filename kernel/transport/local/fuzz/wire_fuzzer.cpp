// Feeds any stream, in pieces of any length, to the reader of the local transport's frames: what it
// accepts must come out the same when it is written and read again.
#include "transport/local/wire.hpp"

#include <algorithm>
#include <cstring>
#include <string>

using namespace streamwall::transport;

namespace {

std::string bytes_of(const WireFrame& frame) {
    const auto head = encode_head(frame);
    std::string out(head.data(), head.size());
    return out.append(frame.subject).append(frame.second).append(frame.body);
}

}  // namespace

// The first byte is the length of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = std::size_t{data[0]} + 1;
    std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string accepted;
    const auto taken = stream;
    WireReader reader;
    while (!stream.empty()) {
        const auto space = reader.space();
        if (space.empty()) __builtin_trap();
        const auto count = std::min({space.size(), piece, stream.size()});
        std::memcpy(space.data(), stream.data(), count);
        reader.filled(count);
        stream.remove_prefix(count);
        for (;;) {
            const auto frame = reader.next();
            if (!frame) return 0;
            if (!*frame) break;
            accepted += bytes_of(**frame);
        }
    }
    if (!taken.starts_with(accepted)) __builtin_trap();
    return 0;
}
