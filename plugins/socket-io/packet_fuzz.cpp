// Fuzz target: a payload of polling, down to what rooms are sent of it.
#include "engine_codec.hpp"
#include "mapping.hpp"
#include "packet_codec.hpp"

#include <heap_buffers.hpp>

#include <cstdlib>
#include <string_view>

using namespace streamwall::socket_io;

namespace {

// What is taken can be said again: an event made of it is one that is taken, too.
void take(std::string_view text) {
    const auto message = parse_message(text);
    if (!message || message->type != MessageType::kEvent) return;
    const auto data = to_message(*message);
    if (!data) return;
    const auto event = to_event(message->space, boost::json::serialize(*data));
    const auto packet = parse_packet(event);
    if (!packet || packet->type != PacketType::kMessage) std::abort();
    const auto again = parse_message(packet->data);
    if (!again || again->space != message->space || !again->problem.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view payload(reinterpret_cast<const char*>(data), size);
    static_cast<void>(parse_wish(payload));
    for (std::string_view text; take_packet(payload, text);) {
        const auto packet = parse_packet(text);
        if (packet && packet->type == PacketType::kMessage) take(packet->data);
    }
    return 0;
}
