// Frames survive the trip, and broken ones are refused.
#include "transport/frame.hpp"

#include <gtest/gtest.h>

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
    const auto frame = encode_call("catalog.streams", "get", body.get(), sample_context(), 2'000);
    const auto decoded = decode_call(frame, 100'000);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->service, "catalog.streams");
    EXPECT_EQ(decoded->method, "get");
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
    EXPECT_EQ(decode_reply(encode_reply(SW_OK, body.get(), {}))->body.text(), "[1,2]");
    const auto failed = decode_reply(
        encode_reply(SW_ABORTED, nullptr, {SW_ABORTED, "no \"way\"", "url", R"({"version":3})"}));
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
    const auto decoded = decode_event(encode_event(event.raw()));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(view((*decoded)->raw().data), R"({"id":7,"a":2})");
    EXPECT_EQ(view((*decoded)->raw().changes), R"({"a":{"from":1,"to":2}})");
    EXPECT_EQ(view((*decoded)->raw().context->role), "editor");
    EXPECT_EQ(view((*decoded)->raw().cause), "evt-0");
}

TEST(Frame, BrokenFramesAreRefused) {
    for (const char* bad :
         {"", "{}", "[]", R"({"head":{},"context":{},"body":1})", R"({"head":)"}) {
        EXPECT_FALSE(decode_call(bad, 0)) << bad;
        EXPECT_FALSE(decode_event(bad)) << bad;
    }
    EXPECT_FALSE(decode_reply("{}"));
}

}  // namespace
}  // namespace streamwall::transport
