// Fuzz target: bytes as a chat server may send them, through splitter, parser and session.
#include "chat_event.hpp"
#include "line_splitter.hpp"
#include "session.hpp"

#include <streamwall/sdk/json.hpp>

#include <cstdlib>

using namespace streamwall::twitch;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    JoinPacer pacer;
    SessionOptions options;
    options.channels = {"#streamwall", "#second"};
    TimePoint time{};
    Session session(
        options, pacer, [] { return 7U; },
        [](const Post& post) {
            const auto text = render_post(post, 1, 1);
            if (!streamwall::json::parse_strict(text)) std::abort();  // must be JSON, whatever came
        });
    session.open(time);
    LineSplitter lines(512);
    lines.feed(bytes, [&](std::string_view line) {
        session.receive(line, time);
        time += std::chrono::seconds(1);
        session.advance(time);
        if (session.take_output().size() > 64 * 1024) std::abort();
    });
    return 0;
}
