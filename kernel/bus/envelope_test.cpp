// Envelopes: rendering, and reading back to the same bytes.
#include "bus/envelope.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::bus {
namespace {

EventPtr sample(std::string changes) {
    EventRecord::Parts parts;
    parts.id = "evt-1";
    parts.type = "stream.updated";
    parts.version = "1.0";
    parts.timestamp = "2026-01-31T12:34:56.789Z";
    parts.producer = "catalog@main";
    parts.subject = "stream/7";
    parts.epoch = "e1";
    parts.sequence = 57;
    parts.changes = std::move(changes);
    parts.data = BufferRef(R"({"id":7,"title":"a \"q\" , } ","n":1.50})");
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("key");
    context.principal_id = str("boot\"strap");
    context.correlation_id = str("req-1");
    parts.context = ContextCopy(context);
    return std::make_shared<const EventRecord>(std::move(parts));
}

TEST(Envelope, RendersAsTheContractSays) {
    const auto parsed =
        boost::json::parse(render(sample(R"({"title":{"from":null,"to":"a"}})")->raw()))
            .as_object();
    EXPECT_EQ(parsed.at("sequence"), 57);
    EXPECT_EQ(parsed.at("data").at("changes").at("title").at("to"), "a");
    EXPECT_EQ(parsed.at("metadata").at("correlationId"), "req-1");
    EXPECT_EQ(parsed.at("metadata").at("actor").at("id"), "boot\"strap");
}

TEST(Envelope, ReadingBackKeepsTheBytesOfDataAndChanges) {
    for (const char* changes : {"", R"({"title":{"from":null,"to":"a"}})"}) {
        const auto event = sample(changes);
        const auto again = parse_envelope(render(event->raw()));
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(view((*again)->raw().data), view(event->raw().data));
        EXPECT_EQ(view((*again)->raw().changes), changes);
        EXPECT_EQ((*again)->sequence(), 57u);
        EXPECT_EQ(view((*again)->raw().context->principal_id), "boot\"strap");
        EXPECT_EQ(view((*again)->raw().context->causation_id), "evt-1");
        EXPECT_EQ(render((*again)->raw()), render(event->raw()));
    }
}

TEST(Envelope, RefusesWhatIsNone) {
    for (const char* bad : {"", "[]", "{}", R"({"id":"x"})", R"({"id":"x","type":"a","data":1})"}) {
        EXPECT_FALSE(parse_envelope(bad)) << bad;
    }
}

TEST(Envelope, SlicesMembersAndElements) {
    const auto found = members(R"( { "a" : 1 , "b":[1,{"x":"]"}],"c":"}" } )");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].second, "1");
    EXPECT_EQ(found[1].second, R"([1,{"x":"]"}])");
    EXPECT_EQ(found[2].second, R"("}")");
    EXPECT_EQ(elements(R"([ 1, "a,b" ,{} ])").size(), 3u);
}

TEST(AnEvent, TellsItsOwnerHowLongOneInSixteenTook) {
    std::vector<std::chrono::nanoseconds> took;
    Party owner;
    const auto silent = sample("");
    silent->reached(owner);
    owner.event_took = [&](std::chrono::nanoseconds time) { took.push_back(time); };
    std::vector<EventPtr> events;
    for (int n = 0; n < 64; ++n)
        events.push_back(sample(""));
    for (const auto& event : events)
        event->reached(owner);
    EXPECT_EQ(took.size(), 4u);
    for (const auto each : took)
        EXPECT_GE(each.count(), 0);
}

}  // namespace
}  // namespace streamwall::bus
