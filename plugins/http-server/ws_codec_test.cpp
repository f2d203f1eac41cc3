// The frame reader alone: every case whole, in single bytes, and cut at each place.
#include "ws_codec.hpp"
#include "test_support.hpp"

#include <gtest/gtest.h>

namespace streamwall::http_server::testing {
namespace {

constexpr std::uint8_t kText = 0x81, kTextBegin = 0x01, kBinary = 0x82, kMore = 0x00, kEnd = 0x80,
                       kClose = 0x88, kPing = 0x89, kPong = 0x8A;

class Recorder final : public FrameSink {
  public:
    bool on_message(std::string_view payload, bool is_text) override {
        seen += (is_text ? "text(" : "binary(") + std::string(payload) + ")";
        return true;
    }
    bool on_ping(std::string_view payload) override {
        seen += "ping(" + std::string(payload) + ")";
        return true;
    }
    bool on_close_frame(std::uint16_t code) override {
        seen += "close(" + std::to_string(code) + ")";
        return false;
    }
    std::string seen;
};

// What a reader with a limit of 1,000 bytes and 4 fragments makes of pieces of that size.
std::string read(std::string bytes, std::size_t piece) {
    FrameReader reader(1000, 4);
    Recorder recorder;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const auto length = std::min(piece, bytes.size() - at);
        if (const auto error = reader.feed(bytes.data() + at, length, recorder)) {
            return recorder.seen + "error(" + std::to_string(error->code) + ")";
        }
        if (recorder.seen.ends_with("close(1000)")) break;  // the sink said to stop
    }
    return recorder.seen;
}

std::string frame(std::uint8_t first, const std::string& payload) {
    return masked_frame(first, payload);
}
std::string close_frame(int code, const std::string& reason = "") {
    return frame(kClose,
                 std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + reason);
}
std::string raw(std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes)
        out += static_cast<char>(byte);
    return out;
}
const std::string kMask(4, '\0');

struct Case {
    const char* name;
    std::string bytes;
    std::string seen;
};

const std::vector<Case>& cases() {
    const std::string big(1000, 'x');
    static const std::vector<Case> kCases = {
        {"text", frame(kText, "hi"), "text(hi)"},
        {"binary", frame(kBinary, "\xFF\xFE"), "binary(\xFF\xFE)"},
        {"empty text", frame(kText, ""), "text()"},
        {"two in a row", frame(kText, "a") + frame(kText, "b"), "text(a)text(b)"},
        {"125 bytes", frame(kText, std::string(125, 'x')), "text(" + std::string(125, 'x') + ")"},
        {"126 bytes", frame(kText, std::string(126, 'x')), "text(" + std::string(126, 'x') + ")"},
        {"at the limit", frame(kText, big), "text(" + big + ")"},
        {"past the limit", frame(kText, big + "x"), "error(1009)"},
        {"announced past the limit", raw({0x81, 0xFF, 0, 0, 0, 0, 0xFF, 0, 0, 0}) + kMask,
         "error(1009)"},
        {"limit over fragments", frame(kTextBegin, big) + frame(kEnd, "x"), "error(1009)"},
        {"length with its top bit", raw({0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1}) + kMask,
         "error(1002)"},
        {"length of all ones", raw({0x81, 0xFF, 255, 255, 255, 255, 255, 255, 255, 255}) + kMask,
         "error(1002)"},
        {"length not minimal in 16 bits", raw({0x81, 0xFE, 0, 5}) + kMask + "hello", "error(1002)"},
        {"length not minimal in 64 bits",
         raw({0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5}) + kMask + "hello", "error(1002)"},
        {"not masked", raw({0x81, 0x02}) + "hi", "error(1002)"},
        {"ping not masked", raw({0x89, 0x00}), "error(1002)"},
        {"RSV1", frame(0xC1, "hi"), "error(1002)"},
        {"RSV2", frame(0xA1, "hi"), "error(1002)"},
        {"RSV3 on a ping", frame(0x99, "hi"), "error(1002)"},
        {"opcode 3", frame(0x83, ""), "error(1002)"},
        {"opcode 7", frame(0x87, ""), "error(1002)"},
        {"opcode 11", frame(0x8B, ""), "error(1002)"},
        {"opcode 15", frame(0x8F, ""), "error(1002)"},
        {"fragments", frame(kTextBegin, "a") + frame(kMore, "b") + frame(kEnd, "c"), "text(abc)"},
        {"binary fragments", frame(0x02, "\xFF") + frame(kEnd, "\xFE"), "binary(\xFF\xFE)"},
        {"empty fragments", frame(kTextBegin, "") + frame(kMore, "") + frame(kEnd, ""), "text()"},
        {"four fragments",
         frame(kTextBegin, "a") + frame(kMore, "b") + frame(kMore, "c") + frame(kEnd, "d"),
         "text(abcd)"},
        {"five fragments",
         frame(kTextBegin, "") + frame(kMore, "") + frame(kMore, "") + frame(kMore, "") +
             frame(kEnd, ""),
         "error(1008)"},
        {"ping between fragments", frame(kTextBegin, "a") + frame(kPing, "p") + frame(kEnd, "b"),
         "ping(p)text(ab)"},
        {"continuation of nothing", frame(kEnd, "a"), "error(1002)"},
        {"continuation after the end", frame(kTextBegin, "a") + frame(kEnd, "b") + frame(kEnd, "c"),
         "text(ab)error(1002)"},
        {"message within a message", frame(kTextBegin, "a") + frame(kText, "b"), "error(1002)"},
        {"ping", frame(kPing, "hello"), "ping(hello)"},
        {"empty ping", frame(kPing, ""), "ping()"},
        {"ping of 125", frame(kPing, std::string(125, 'p')), "ping(" + std::string(125, 'p') + ")"},
        {"ping of 126", frame(kPing, std::string(126, 'p')), "error(1002)"},
        {"fragmented ping", frame(0x09, "p"), "error(1002)"},
        {"pong nobody asked for", frame(kPong, "x") + frame(kText, "a"), "text(a)"},
        {"pong of 126", frame(kPong, std::string(126, 'p')), "error(1002)"},
        {"UTF-8", frame(kText, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
         "text(\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80)"},
        {"UTF-8 cut by fragments", frame(kTextBegin, "\xE2\x82") + frame(kEnd, "\xAC"),
         "text(\xE2\x82\xAC)"},
        {"UTF-8 cut by a ping",
         frame(kTextBegin, "\xE2") + frame(kPing, "") + frame(kEnd, "\x82\xAC"),
         "ping()text(\xE2\x82\xAC)"},
        {"overlong", frame(kText, "\xC0\x80"), "error(1007)"},
        {"overlong of three", frame(kText, "\xE0\x80\x80"), "error(1007)"},
        {"surrogate", frame(kText, "\xED\xA0\x80"), "error(1007)"},
        {"past U+10FFFF", frame(kText, "\xF4\x90\x80\x80"), "error(1007)"},
        {"lone continuation byte", frame(kText, "a\x80"), "error(1007)"},
        {"text that ends within a character", frame(kText, "\xE2\x82"), "error(1007)"},
        {"refused at the first bad byte", frame(kTextBegin, "\xFF"), "error(1007)"},
        {"a new message starts afresh", frame(kBinary, "\xE2") + frame(kText, "ok"),
         "binary(\xE2)text(ok)"},
        {"close", close_frame(1000), "close(1000)"},
        {"close without a code", frame(kClose, ""), "close(1005)"},
        {"half a close code", frame(kClose, "\x03"), "error(1002)"},
        {"close with a reason", close_frame(1001, "bye"), "close(1001)"},
        {"close with a broken reason", close_frame(1000, "\xFF"), "error(1007)"},
        {"close of 126", frame(kClose, std::string(126, 'x')), "error(1002)"},
        {"close code 0", close_frame(0), "error(1002)"},
        {"close code 999", close_frame(999), "error(1002)"},
        {"close code 1004", close_frame(1004), "error(1002)"},
        {"close code 1005", close_frame(1005), "error(1002)"},
        {"close code 1006", close_frame(1006), "error(1002)"},
        {"close code 1015", close_frame(1015), "error(1002)"},
        {"close code 1016", close_frame(1016), "error(1002)"},
        {"close code 2999", close_frame(2999), "error(1002)"},
        {"close code 3000", close_frame(3000), "close(3000)"},
        {"close code 4999", close_frame(4999), "close(4999)"},
        {"close code 5000", close_frame(5000), "error(1002)"},
        {"close code 65535", close_frame(65535), "error(1002)"},
        {"nothing after a close", close_frame(1000) + frame(kText, "late"), "close(1000)"},
    };
    return kCases;
}

TEST(FrameReader, means_the_same_in_pieces_of_any_size) {
    for (const auto& each : cases()) {
        SCOPED_TRACE(each.name);
        EXPECT_EQ(read(each.bytes, each.bytes.size()), each.seen);
        for (std::size_t piece = 1; piece < std::min<std::size_t>(each.bytes.size(), 40); ++piece) {
            EXPECT_EQ(read(each.bytes, piece), each.seen) << "pieces of " << piece;
        }
    }
}

TEST(Frame, writes_lengths_in_the_fewest_bytes) {
    for (const auto& [size, header] :
         {std::pair(0, 2), {125, 2}, {126, 4}, {65535, 4}, {65536, 10}}) {
        const auto frame =
            Frame::make(Opcode::kText, std::string(static_cast<std::size_t>(size), 'x'));
        EXPECT_EQ(frame->bytes().size(), static_cast<std::size_t>(size + header));
    }
    EXPECT_EQ(Frame::close(1001, std::string(200, 'r'))->bytes().size(), 2u + 125u);
    EXPECT_EQ(Frame::close(1005, "none")->bytes(), std::string_view("\x88\0", 2));
}

TEST(Frame, is_replaced_only_by_the_same_key_of_the_same_topic) {
    int a = 0, b = 0;
    const auto make = [](const void* topic, std::string_view key) {
        auto frame = Frame::make(Opcode::kText, "x");
        frame->set_topic(topic, 1, key);
        return frame;
    };
    EXPECT_TRUE(make(&a, "k")->replaces(*make(&a, "k")));
    EXPECT_FALSE(make(&a, "k")->replaces(*make(&a, "l")));
    EXPECT_FALSE(make(&a, "k")->replaces(*make(&b, "k")));
    EXPECT_FALSE(make(&a, "")->replaces(*make(&a, "")));
}

}  // namespace
}  // namespace streamwall::http_server::testing
