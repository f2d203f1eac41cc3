// permessage-deflate: what is agreed on, what is read of strangers, and broadcasts to all kinds.
#include "ws_deflate.hpp"
#include "ws_codec.hpp"
#include "ws_test_support.hpp"

#include <gtest/gtest.h>

namespace streamwall::http_server::testing {
namespace {

constexpr std::uint8_t kDeflatedText = 0xC1;

std::string raw(std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes)
        out += static_cast<char>(byte);
    return out;
}

// RFC 7692 7.2.3: "Hello" in several dresses.
const std::string kHello = raw({0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00});

// The answer's header value for an offer; "none", or "malformed".
std::string negotiate(const std::string& offer) {
    std::string text =
        "GET / HTTP/1.1\r\nHost: test\r\nSec-WebSocket-Extensions: " + offer + "\r\n\r\n";
    RequestHead head;
    if (!parse_request_head(text.data(), text.size(), head)) return "no request";
    const auto terms = negotiate_deflate(head);
    if (!terms) return "malformed";
    return *terms ? (*terms)->line() : "none";
}

TEST(Deflate, is_agreed_on_for_the_first_offer_that_can_be_met) {
    const std::string yes =
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover";
    const auto window = [&](int bits) {
        return yes + "; server_max_window_bits=" + std::to_string(bits) + "\r\n";
    };
    const struct {
        const char* offer;
        std::string answer;
    } cases[] = {
        {"permessage-deflate", yes + "\r\n"},
        {"permessage-deflate; client_max_window_bits", yes + "\r\n"},
        {"permessage-deflate; client_max_window_bits=8", yes + "\r\n"},
        {"permessage-deflate; client_max_window_bits=\"15\"", yes + "\r\n"},
        {"permessage-deflate; client_no_context_takeover", yes + "\r\n"},
        {"permessage-deflate;server_no_context_takeover ; client_no_context_takeover",
         yes + "\r\n"},
        {"permessage-deflate; server_max_window_bits=15", window(15)},
        {"permessage-deflate; server_max_window_bits=8", window(8)},
        {"permessage-deflate; server_max_window_bits=\"1\\0\"", window(10)},
        {"permessage-deflate; server_max_window_bits=12; client_max_window_bits=9", window(12)},
        // The first one that can be met.
        {"permessage-deflate; x=1, permessage-deflate; server_max_window_bits=9", window(9)},
        {"x-webkit-deflate-frame, permessage-deflate", yes + "\r\n"},
        {"permessage-deflate; server_max_window_bits=11, permessage-deflate", window(11)},
        {"permessage-deflate; server_max_window_bits=7, permessage-deflate", yes + "\r\n"},
        // None that can be met.
        {"permessage-bzip2", "none"},
        {"permessage-deflate; unknown", "none"},
        {"permessage-deflate; unknown=1", "none"},
        {"permessage-deflate; server_no_context_takeover=1", "none"},
        {"permessage-deflate; client_no_context_takeover=\"x\"", "none"},
        {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "none"},
        {"permessage-deflate; server_max_window_bits", "none"},
        {"permessage-deflate; server_max_window_bits=7", "none"},
        {"permessage-deflate; server_max_window_bits=16", "none"},
        {"permessage-deflate; server_max_window_bits=08", "none"},
        {"permessage-deflate; server_max_window_bits=+9", "none"},
        {"permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", "none"},
        {"permessage-deflate; client_max_window_bits=7", "none"},
        {"permessage-deflate; client_max_window_bits=x", "none"},
        {"permessage-deflate; client_max_window_bits=99999999999999999999", "none"},
        // No list of extensions.
        {"permessage-deflate;", "malformed"},
        {"permessage-deflate; =15", "malformed"},
        {"permessage-deflate=1", "malformed"},
        {"; permessage-deflate", "malformed"},
        {"permessage-deflate; server_max_window_bits=", "malformed"},
        {"permessage-deflate; server_max_window_bits=\"\"", "malformed"},
        {"permessage-deflate; server_max_window_bits=\"9", "malformed"},
        {"permessage-deflate; server_max_window_bits=\"9\\\"", "malformed"},
        {"permessage deflate", "malformed"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(negotiate(each.offer), each.answer) << each.offer;
}

class Recorder final : public FrameSink {
  public:
    bool on_message(std::string_view payload, bool is_text) override {
        seen += (is_text ? "text(" : "binary(") + std::string(payload) + ")";
        return true;
    }
    bool on_ping(std::string_view) override {
        seen += "ping";
        return true;
    }
    bool on_close_frame(std::uint16_t) override { return false; }
    std::string seen;
};

// What a reader with a limit of 1,000 bytes makes of it, in pieces of that size.
std::string read(std::string bytes, std::size_t piece, bool may_deflate = true) {
    MessageInflater inflater;
    FrameReader reader(1000, 8, may_deflate);
    Recorder recorder;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto length = std::min(piece, bytes.size() - at);
        if (const auto error =
                reader.feed(bytes.data() + at, length, recorder, may_deflate ? &inflater : nullptr))
            return recorder.seen + "error(" + std::to_string(error->code) + ")";
    }
    return recorder.seen;
}

// The payload of a compressed message.
std::string deflated(const std::string& text) {
    MessageDeflater deflater;
    const auto frame = deflater.compress(Opcode::kText, text);
    return frame ? std::string(frame->payload()) : "not smaller";
}

TEST(Deflate, is_read_as_the_RFC_has_it_and_from_strangers_with_care) {
    const auto message = [](const std::string& payload) { return masked_frame(0xC1, payload); };
    const std::string plain = masked_frame(0x81, "plain");
    const std::string thousand(1000, 'x');
    const struct {
        const char* name;
        std::string bytes, seen;
    } cases[] = {
        {"as in the RFC", message(kHello), "text(Hello)"},
        {"binary", masked_frame(0xC2, kHello), "binary(Hello)"},
        {"in two fragments",
         masked_frame(0x41, kHello.substr(0, 3)) + masked_frame(0x80, kHello.substr(3)),
         "text(Hello)"},
        {"a ping between fragments",
         masked_frame(0x41, kHello.substr(0, 3)) + masked_frame(0x89, "") +
             masked_frame(0x80, kHello.substr(3)),
         "pingtext(Hello)"},
        {"stored, not compressed",
         message(raw({0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00})),
         "text(Hello)"},
        {"a final block", message(raw({0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00})),
         "text(Hello)"},
        {"two blocks",
         message(
             raw({0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00})),
         "text(Hello)"},
        {"an empty message", message(raw({0x00})), "text()"},
        {"no payload at all", message(""), "text()"},
        {"plain ones between", plain + message(kHello) + plain,
         "text(plain)text(Hello)text(plain)"},
        {"no context is taken over", message(kHello) + message(raw({0xF2, 0x00, 0x11, 0x00, 0x00})),
         "text(Hello)error(1007)"},
        {"at the limit", message(deflated(thousand)), "text(" + thousand + ")"},
        {"past the limit", message(deflated(thousand + "x")), "error(1009)"},
        {"a bomb", message(deflated(std::string(500'000, 'x'))), "error(1009)"},
        {"broken", message(raw({0xFF, 0xFF, 0xFF})), "error(1007)"},
        {"a broken block behind a good one", message(kHello + raw({0x07})), "error(1007)"},
        {"not UTF-8 inside", message(deflated(std::string(200, '\xFF'))), "error(1007)"},
        {"binary that is not UTF-8", masked_frame(0xC2, deflated(std::string(200, '\xFF'))),
         "binary(" + std::string(200, '\xFF') + ")"},
        {"RSV1 on a continuation", masked_frame(0x41, "") + masked_frame(0xC0, ""), "error(1002)"},
        {"RSV1 on a ping", masked_frame(0xC9, ""), "error(1002)"},
        {"RSV1 on a close", masked_frame(0xC8, ""), "error(1002)"},
        {"RSV2", masked_frame(0xA1, "x"), "error(1002)"},
        {"RSV1 and RSV3", masked_frame(0xD1, "x"), "error(1002)"},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.name);
        for (const std::size_t piece : {each.bytes.size(), std::size_t{1}, std::size_t{7}})
            EXPECT_EQ(read(each.bytes, piece), each.seen) << piece;
    }
}

TEST(Deflate, is_a_protocol_error_where_it_was_not_agreed_on) {
    EXPECT_EQ(read(masked_frame(kDeflatedText, kHello), 100, false), "error(1002)");
}

TEST(Deflate, leaves_alone_what_would_not_be_smaller) {
    MessageDeflater deflater;
    EXPECT_EQ(deflater.compress(Opcode::kText, "short"), nullptr);
    std::string noise;
    for (std::uint32_t i = 0, x = 1; i < 500; ++i, x = x * 1'664'525 + 1'013'904'223)
        noise += static_cast<char>(x >> 24);
    EXPECT_EQ(deflater.compress(Opcode::kBinary, noise), nullptr);
}

Options deflating_options() {
    auto options = TestServer::quick_options();
    options.websocket_deflate = true;
    return options;
}

class Deflating : public WebSocket {
  protected:
    Deflating() : WebSocket(deflating_options()) {}
    // What a message says, and whether it came compressed.
    static std::pair<std::string, bool> read(Client& client) {
        const auto message = client.message();
        if (!message) return {"nothing", false};
        if ((message->first_byte & 0x40) == 0) return {message->payload, false};
        MessageInflater inflater;
        EXPECT_EQ(inflater.inflate(message->payload, 1 << 20), MessageInflater::Result::kDone);
        return {std::string(inflater.message()), true};
    }
    static std::string offer(std::string_view parameters = "") {
        return "Sec-WebSocket-Extensions: permessage-deflate" + std::string(parameters) + "\r\n";
    }
};

TEST_F(Deflating, sends_each_the_broadcast_as_was_agreed) {
    Client plain(server.port()), compressed(server.port()), cramped(server.port());
    EXPECT_FALSE(plain.upgrade("/ws").headers.contains("sec-websocket-extensions"));
    EXPECT_EQ(compressed.upgrade("/ws", offer()).headers.at("sec-websocket-extensions"),
              "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    EXPECT_TRUE(cramped.upgrade("/ws", offer("; server_max_window_bits=9")).head.find("bits=9") !=
                std::string::npos);
    const std::string small(400, 'x'), large(4000, 'y'), huge(40'000, 'z');
    for (const auto& text : {small, large, huge, std::string("tiny")}) {
        publish(server, topic, text);
        const bool is_worth_it = text.size() > 100;
        EXPECT_EQ(read(plain), std::pair(text, false));
        EXPECT_EQ(read(compressed), std::pair(text, is_worth_it));
        // Within 512 bytes nothing looks back further than its window.
        EXPECT_EQ(read(cramped), std::pair(text, is_worth_it && text.size() <= 512));
    }
}

TEST_F(Deflating, sends_many_one_message_as_was_agreed_with_each) {
    Client plain(server.port()), compressed(server.port());
    plain.upgrade("/ws");
    compressed.upgrade("/ws", offer());
    const std::string text(400, 'x');
    send_to_all(server, connections, text);
    EXPECT_EQ(read(plain), std::pair(text, false));
    EXPECT_EQ(read(compressed), std::pair(text, true));
}

TEST_F(Deflating, echoes_what_came_compressed) {
    Client client(server.port());
    client.upgrade("/ws", offer("; client_max_window_bits"));
    client.frame(kDeflatedText, kHello);
    EXPECT_EQ(read(client), std::pair(std::string("Hello"), false));
    const std::string text(30'000, 'z');
    client.frame(kDeflatedText, deflated(text));
    EXPECT_EQ(read(client), std::pair(text, true));
    client.frame(0x81, text);
    EXPECT_EQ(read(client), std::pair(text, true));
}

TEST_F(Deflating, closes_whoever_sends_a_bomb) {
    Client client(server.port());
    client.upgrade("/ws", offer());
    client.frame(kDeflatedText, deflated(std::string(10'000'000, 'x')));
    EXPECT_EQ(client.message()->close_code(), 1009);
}

TEST_F(Deflating, refuses_a_malformed_offer) {
    EXPECT_EQ(Client(server.port()).upgrade("/ws", offer(";")).status, 400);
}

TEST_F(WebSocket, compresses_nothing_unless_it_is_told_to) {
    Client client(server.port());
    const auto reply =
        client.upgrade("/ws", "Sec-WebSocket-Extensions: permessage-deflate; x=\"\r\n");
    EXPECT_EQ(reply.status, 101);
    EXPECT_FALSE(reply.headers.contains("sec-websocket-extensions"));
}

}  // namespace
}  // namespace streamwall::http_server::testing
