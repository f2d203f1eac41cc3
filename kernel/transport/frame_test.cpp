// Frames survive the trip, and broken ones are refused.
#include "transport/frame.hpp"

#include <gtest/gtest.h>

#include <random>

namespace streamwall::transport {
namespace {

sw_context sample_context() {
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("user");
    context.principal_id = str("7");
    context.principal_name = str("A \"B\"\n\u2028");
    context.role = str("editor");
    context.scopes = str("streams:read streams:write");
    context.request_id = str("req-1");
    context.traceparent = str("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    context.correlation_id = str("c");
    context.causation_id = str("evt-0");
    context.caller = str("rest-api@main");
    context.deadline_ns = 5'000;
    return context;
}

TEST(Frame, ACallKeepsItsBytesContextAndRemainingTime) {
    const BufferRef body(R"({"id": 5.10, "text":"}\""})");
    const auto frame = encode_call({.trail = {.origin = "main"},
                                    .boot = 7,
                                    .id = 9,
                                    .service = "catalog.streams",
                                    .method = "get"},
                                   body.get(), sample_context(), 2'000);
    const auto decoded = decode_call(frame.text(), 100'000);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->head.service, "catalog.streams");
    EXPECT_EQ(decoded->head.method, "get");
    EXPECT_EQ(decoded->body.text(), body.text());
    const auto& context = decoded->context.raw();
    EXPECT_EQ(context.deadline_ns, 103'000u);
    EXPECT_EQ(view(context.principal_name), view(sample_context().principal_name));
    EXPECT_EQ(view(context.scopes), "streams:read streams:write");
    EXPECT_EQ(view(context.caller), "rest-api@main");
    EXPECT_EQ(view(context.causation_id), "evt-0");
    EXPECT_EQ(context.home, nullptr);
}

TEST(Frame, RepliesCarryBodiesOrErrorsWithDetails) {
    const BufferRef body("[1,2]");
    EXPECT_EQ(decode_reply(encode_reply(SW_OK, body.get(), {}).text())->body.text(), "[1,2]");
    const auto failed = decode_reply(
        encode_reply(SW_ABORTED, nullptr, {SW_ABORTED, "no \"way\"", "url", R"({"version":3})"})
            .text());
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->status, SW_ABORTED);
    EXPECT_EQ(failed->failure.message, "no \"way\"");
    EXPECT_EQ(failed->failure.where, "url");
    EXPECT_EQ(failed->failure.details, R"({"version":3})");
}

TEST(Frame, EventsKeepDataChangesAndContext) {
    bus::EventRecord::Parts parts;
    parts.id = "evt-9";
    parts.type = "stream.updated";
    parts.version = "1.0";
    parts.subject = "stream/7";
    parts.producer = "catalog@main";
    parts.changes = R"({"a":{"from":1,"to":2}})";
    parts.data = BufferRef(R"({"id":7,"a":2})");
    parts.context = ContextCopy(sample_context());
    const bus::EventRecord event(std::move(parts));
    const auto decoded = decode_event(encode_event({}, event.raw()).text());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(view((*decoded)->raw().data), R"({"id":7,"a":2})");
    EXPECT_EQ(view((*decoded)->raw().changes), R"({"a":{"from":1,"to":2}})");
    EXPECT_EQ(view((*decoded)->raw().context->role), "editor");
    EXPECT_EQ(view((*decoded)->raw().cause), "evt-0");
}

// Every frame of every kind, as the tests below cut and change them.
std::vector<BufferRef> one_of_each() {
    bus::EventRecord::Parts parts;
    parts.id = "evt-9";
    parts.type = "stream.updated";
    parts.subject = "stream/7";
    parts.epoch = "e1";
    parts.sequence = 12;
    parts.data = BufferRef(R"({"id":7})");
    parts.context = ContextCopy(sample_context());
    const auto event = std::make_shared<const bus::EventRecord>(std::move(parts));
    const BufferRef body(R"({"a":1})");
    const bus::EventPtr events[] = {event, event};
    return {encode_call({.trail = {.origin = "main"}, .service = "a.b", .method = "m"}, body.get(),
                        sample_context(), 0),
            encode_reply(SW_OK, body.get(), {}),
            encode_reply(SW_ABORTED, nullptr, {SW_ABORTED, "no", "url", "{}"}),
            encode_cancel({{"main", 0}, 7, 9}),
            encode_event({"main", 0}, event->raw()),
            encode_journal({"main", 0}, "e1", 12, events)};
}

bool is_read(std::string_view frame) {
    static_cast<void>(outline(frame));
    return decode_call(frame, 0) || decode_reply(frame) || decode_cancel(frame) ||
           decode_event(frame) || decode_journal(frame);
}

TEST(Frame, AnAbsentBodyStaysAbsentAndAnEmptyOneEmpty) {
    const auto absent = decode_call(
        encode_call({.service = "a", .method = "m"}, nullptr, sample_context(), 0).text(), 0);
    ASSERT_TRUE(absent);
    EXPECT_EQ(absent->body.get(), nullptr);
    const auto empty = decode_reply(encode_reply(SW_OK, BufferRef("").get(), {}).text());
    ASSERT_TRUE(empty);
    ASSERT_NE(empty->body.get(), nullptr);
    EXPECT_EQ(empty->body.text(), "");
}

TEST(Frame, ForwardingCountsHopsAndTheTimeThatPassed) {
    const auto frame = encode_call(
        {.trail = {.origin = "main"}, .target = "ingest", .service = "a", .method = "m"}, nullptr,
        sample_context(), 2'000);
    const auto after = forwarded(forwarded(frame.text(), 1'000).text(), 500);
    const auto seen = outline(after.text());
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->kind, FrameKind::call);
    EXPECT_EQ(seen->trail.origin, "main");
    EXPECT_EQ(seen->trail.hops, 2);
    EXPECT_EQ(seen->target, "ingest");
    EXPECT_EQ(seen->remaining_ns, 1'500u);
    EXPECT_EQ(outline(forwarded(frame.text(), 9'000).text())->remaining_ns, 1u);
}

TEST(Frame, AJournalsFrameKeepsTheOrderAndTheNumbersOfItsEvents) {
    std::vector<bus::EventPtr> events;
    std::size_t bytes = 0;
    for (std::uint64_t n = 1; n <= 3; ++n) {
        bus::EventRecord::Parts parts;
        parts.id = "evt-" + std::to_string(n);
        parts.type = "stream.created";
        parts.epoch = "e1";
        parts.sequence = n;
        parts.data = BufferRef(R"({"id":7})");
        events.push_back(std::make_shared<const bus::EventRecord>(std::move(parts)));
        bytes += encoded_size(events.back()->raw());
    }
    const auto frame = encode_journal({"main", 0}, "e1", 3, events);
    EXPECT_LT(frame.text().size() - bytes, 64u);
    const auto decoded = decode_journal(frame.text());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->epoch, "e1");
    EXPECT_EQ(decoded->last, 3u);
    ASSERT_EQ(decoded->events.size(), 3u);
    for (std::uint64_t n = 0; n < 3; ++n) {
        EXPECT_EQ(decoded->events[n]->sequence(), n + 1);
        EXPECT_EQ(view(decoded->events[n]->raw().data), R"({"id":7})");
    }
}

TEST(Frame, AFrameThatWasCutAnywhereIsRefused) {
    for (const auto& frame : one_of_each()) {
        ASSERT_TRUE(is_read(frame.text()));
        for (std::size_t length = 0; length < frame.text().size(); ++length)
            EXPECT_FALSE(is_read(frame.text().substr(0, length))) << length;
        EXPECT_FALSE(is_read(std::string(frame.text()) + "x"));
    }
}

TEST(Frame, RandomDamageIsReadOrRefusedButNeverOverrun) {
    std::mt19937 random(7);
    for (const auto& frame : one_of_each()) {
        for (int round = 0; round < 5'000; ++round) {
            // A copy on the heap of the exact length, so that a sanitizer sees one byte too many.
            std::vector<char> damaged(frame.text().begin(), frame.text().end());
            for (int n = 0; n < 1 + round % 4; ++n)
                damaged[random() % damaged.size()] = static_cast<char>(random());
            static_cast<void>(is_read({damaged.data(), damaged.size()}));
        }
    }
}

TEST(Frame, BrokenFramesAreRefused) {
    for (const char* bad : {"", "{}", "S", "S\1\1", R"({"head":{},"context":{},"body":1})"}) {
        EXPECT_FALSE(is_read(bad)) << bad;
        EXPECT_FALSE(outline(bad)) << bad;
    }
}

}  // namespace
}  // namespace streamwall::transport
