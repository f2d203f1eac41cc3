// What answers of a JetStream server make of what was sent.
#include "window.hpp"

#include <gtest/gtest.h>

namespace streamwall::jetstream {
namespace {

using Kind = Ack::Kind;
using Outcome = Window::Outcome;

TEST(AnAck, IsReadFromTheServersJson) {
    struct Case {
        std::string_view text;
        Kind kind;
        std::uint64_t place;
        std::string_view reason;
    };
    const Case cases[] = {
        {R"({"stream":"S", "seq":7})", Kind::stored, 7, ""},
        {R"({"stream":"S", "seq":3,"duplicate": true})", Kind::duplicate, 3, ""},
        {R"({"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"},"seq":0})",
         Kind::wrong_place, 0, "wrong last sequence: 3"},
        {R"({"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}})",
         Kind::refused, 0, "maximum bytes exceeded"},
        {R"({"error":{}})", Kind::refused, 0, "no reason given"},
        {R"({"seq":0})", Kind::refused, 0, "the server's answer names no place in the stream"},
        {R"({"seq":"7"})", Kind::refused, 0, "the server's answer names no place in the stream"},
        {"", Kind::refused, 0, "the server's answer is not understood"},
        {"[1]", Kind::refused, 0, "the server's answer is not understood"},
    };
    for (const auto& each : cases) {
        const auto ack = parse_ack(each.text);
        EXPECT_EQ(ack.kind, each.kind) << each.text;
        EXPECT_EQ(ack.place, each.place) << each.text;
        EXPECT_EQ(ack.reason, each.reason) << each.text;
    }
}

TEST(AWindow, SendsEachMessageBehindTheOneBefore) {
    Window window(2, 1, 10, 0);
    const auto a = window.send(1);
    const auto b = window.send(2);
    EXPECT_EQ(a.expected, 10u);
    EXPECT_EQ(b.expected, 11u);
    EXPECT_TRUE(window.is_full());
    EXPECT_EQ(window.answer(a.token, {Kind::stored, 11, {}}), Outcome::go_on);
    EXPECT_FALSE(window.is_full());
    EXPECT_EQ(window.answer(b.token, {Kind::stored, 12, {}}), Outcome::go_on);
    EXPECT_TRUE(window.is_empty());
    EXPECT_EQ(window.tail(), 12u);
    EXPECT_EQ(window.confirmed(), 2u);
}

TEST(AWindow, CountsNothingBehindAnAnswerThatIsMissing) {
    Window window(4, 1, 0, 0);
    const auto a = window.send(5);
    const auto b = window.send(6);
    EXPECT_EQ(window.answer(b.token, {Kind::stored, 2, {}}), Outcome::go_on);
    EXPECT_EQ(window.confirmed(), 0u);
    EXPECT_EQ(window.answer(a.token, {Kind::stored, 1, {}}), Outcome::go_on);
    EXPECT_EQ(window.confirmed(), 6u);
    EXPECT_EQ(window.tail(), 2u);
}

// A duplicate takes no place, so what was sent behind it in one go has expected a place too many.
TEST(AWindow, SendsAgainWhatFollowsADuplicateOnceAllOfItIsAnswered) {
    Window window(4, 1, 9, 0);
    const auto a = window.send(1);
    const auto b = window.send(2);
    const auto c = window.send(3);
    EXPECT_EQ(window.answer(a.token, {Kind::duplicate, 4, {}}), Outcome::go_on);
    EXPECT_EQ(window.confirmed(), 1u);
    EXPECT_EQ(window.answer(b.token, {Kind::wrong_place, 0, "wrong"}), Outcome::go_on);
    EXPECT_EQ(window.answer(c.token, {Kind::wrong_place, 0, "wrong"}), Outcome::send_again);
    EXPECT_EQ(window.confirmed(), 1u);
    EXPECT_TRUE(window.is_empty());
    const auto again = window.send(2);
    EXPECT_EQ(again.expected, 9u);
    EXPECT_EQ(window.answer(b.token, {Kind::stored, 99, {}}), Outcome::go_on) << "comes late";
    EXPECT_EQ(window.answer(again.token, {Kind::stored, 10, {}}), Outcome::go_on);
    EXPECT_EQ(window.confirmed(), 2u);
}

TEST(AWindow, FailsWhereSomebodyElseWroteOrTheServerRefuses) {
    for (const auto kind : {Kind::wrong_place, Kind::refused}) {
        Window window(4, 1, 9, 0);
        const auto a = window.send(1);
        EXPECT_EQ(window.answer(a.token, {kind, 0, "because"}), Outcome::failed);
        EXPECT_EQ(window.reason(), "because");
        EXPECT_EQ(window.confirmed(), 0u);
    }
}

TEST(AWindow, TakesNoDuplicateOfAMessageThatIsGoneForMirrored) {
    Window window(4, 5, 4, 0);
    const auto a = window.send(1);
    EXPECT_EQ(window.answer(a.token, {Kind::duplicate, 4, {}}), Outcome::failed);
    EXPECT_EQ(window.confirmed(), 0u);
}

}  // namespace
}  // namespace streamwall::jetstream
