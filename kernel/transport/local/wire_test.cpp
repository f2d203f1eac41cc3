// Frames as bytes: what is written comes back, in whatever pieces, and what is malformed is
// refused.
#include "transport/local/wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace streamwall::transport {
namespace {

std::string bytes_of(const WireFrame& frame) {
    const auto head = encode_head(frame);
    std::string out(head.data(), head.size());
    return out.append(frame.subject).append(frame.second).append(frame.body);
}

void feed(WireReader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto space = reader.space();
        const auto count = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), count);
        reader.filled(count);
        bytes.remove_prefix(count);
        if (!bytes.empty()) break;
    }
    ASSERT_TRUE(bytes.empty()) << "a frame did not fit into the space it asked for";
}

WireFrame message(std::string_view body) {
    return {.kind = FrameKind::message,
            .number = 7,
            .subject = "streamwall.1.call.catalog",
            .second = "_reply.1",
            .body = body};
}

TEST(Wire, FramesComeBackWhole) {
    WireReader reader;
    feed(reader, bytes_of(message("{\"a\":1}")));
    const auto frame = reader.next();
    ASSERT_TRUE(frame.has_value() && frame->has_value());
    EXPECT_EQ((*frame)->kind, FrameKind::message);
    EXPECT_EQ((*frame)->number, 7u);
    EXPECT_EQ((*frame)->subject, "streamwall.1.call.catalog");
    EXPECT_EQ((*frame)->second, "_reply.1");
    EXPECT_EQ((*frame)->body, "{\"a\":1}");
    EXPECT_FALSE(reader.next().value().has_value());
}

TEST(Wire, FramesComeBackFromPiecesOfAnyLength) {
    const std::string large(200'000, 'x');
    std::string stream;
    for (const std::string& body : {std::string("one"), large, std::string(), std::string("two")}) {
        stream += bytes_of(message(body));
    }
    for (const std::size_t piece : {std::size_t{1}, std::size_t{19}, std::size_t{4096}}) {
        WireReader reader;
        std::vector<std::size_t> lengths;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            auto rest = std::string_view(stream).substr(at, piece);
            while (!rest.empty()) {
                const auto space = reader.space();
                const auto count = std::min(space.size(), rest.size());
                std::memcpy(space.data(), rest.data(), count);
                reader.filled(count);
                rest.remove_prefix(count);
                for (auto frame = reader.next(); frame.value(); frame = reader.next()) {
                    lengths.push_back((*frame)->body.size());
                }
            }
        }
        EXPECT_EQ(lengths, (std::vector<std::size_t>{3, 200'000, 0, 3})) << piece;
    }
}

TEST(Wire, TheLongestMessagePassesAndOneByteMoreDoesNot) {
    const std::string longest(kMaxMessage, 'x');
    WireReader reader;
    const auto bytes = bytes_of(message(longest));
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const auto space = reader.space();
        const auto count = std::min(space.size(), rest.size());
        std::memcpy(space.data(), rest.data(), count);
        reader.filled(count);
        rest.remove_prefix(count);
    }
    EXPECT_EQ(reader.next().value().value().body.size(), kMaxMessage);
    WireReader other;
    const std::string too_long(kMaxMessage + 1, 'x');
    feed(other, bytes_of(message(too_long)).substr(0, kWireHead));
    EXPECT_TRUE(other.has_more());
    EXPECT_EQ(other.next().error(), "a frame is too long");
}

TEST(Wire, RefusesWhatBreaksItsRules) {
    const auto subscribe = [](std::string_view pattern) {
        return bytes_of({.kind = FrameKind::subscribe, .number = 1, .subject = pattern});
    };
    auto reserved = bytes_of(message("x"));
    reserved[18] = 1;
    auto kind = bytes_of(message("x"));
    kind[16] = 99;
    auto status = bytes_of({.kind = FrameKind::answer, .status = 17, .number = 1});
    const std::string long_subject(kMaxSubject + 1, 's');
    const struct {
        const char* name;
        std::string bytes;
    } cases[] = {
        {"reserved bytes", reserved},
        {"an unknown kind", kind},
        {"an unknown status", status},
        {"a long subject", bytes_of({.kind = FrameKind::publish, .subject = long_subject})},
        {"no subject", bytes_of({.kind = FrameKind::publish})},
        {"a wildcard in a subject", bytes_of({.kind = FrameKind::publish, .subject = "a.*"})},
        {"an empty token", bytes_of({.kind = FrameKind::request, .subject = "a..b"})},
        {"a space", bytes_of({.kind = FrameKind::publish, .subject = "a b"})},
        {"a broken reply", bytes_of({.kind = FrameKind::publish, .subject = "a", .second = "b."})},
        {"an empty pattern", subscribe("")},
        {"> before the end", subscribe("a.>.b")},
        {"a half wildcard", subscribe("a.b*")},
    };
    for (const auto& one : cases) {
        WireReader reader;
        feed(reader, one.bytes);
        EXPECT_FALSE(reader.next().has_value()) << one.name;
    }
}

TEST(Wire, PatternsMayHaveWildcards) {
    for (const char* pattern : {"a", "a.*", "*.b", ">", "a.>", "A-Z_0.%2E"}) {
        EXPECT_TRUE(is_subject_pattern(pattern)) << pattern;
    }
    EXPECT_TRUE(is_subject("a.B-1_%20"));
    EXPECT_FALSE(is_subject("a.>"));
}

}  // namespace
}  // namespace streamwall::transport
