// Frames and announcements from a stranger: whatever the bytes, nothing outside of them is read.
#include "transport/frame.hpp"
#include "transport/mesh/announcement.hpp"

#include <cstdlib>

using namespace streamwall;
using namespace streamwall::transport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    static_cast<void>(decode_reply(bytes));
    static_cast<void>(decode_cancel(bytes));
    static_cast<void>(decode_event(bytes));
    static_cast<void>(decode_journal(bytes));
    const auto seen = outline(bytes);
    // What can be read can be forwarded, and is the same frame afterwards.
    if (seen) {
        const auto again = outline(forwarded(bytes, 1).text());
        if (!again || again->trail.origin != seen->trail.origin) std::abort();
    }
    if (const auto call = decode_call(bytes, 0)) {
        const auto same = encode_call(call->head, call->body.get(), call->context.raw(), 0);
        if (!decode_call(same.text(), 0)) std::abort();
    }
    if (const auto said = decode_announcement(bytes)) {
        const auto again = decode_announcement(encode_announcement(*said));
        if (!again || !says_the_same(*said, *again)) std::abort();
    }
    return 0;
}
