// Streams of server-sent events: where they begin, what they tell, and how they end.
#include "event_stream.hpp"

#include "fake_http.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::hub {
namespace {

TEST(AnEventQuery, HoldsTheParametersOfTheChannel) {
    StreamFacts live{1, {"live", "twitch", "", ""}, {"live", "twitch", "", ""}};
    for (const std::string_view query :
         {"", "status=live", "status=offline,live&platform=twitch", "channel=StreamsChannel&ids=1",
          "identifier=%7B%22channel%22%3A%22StreamsChannel%22%2C%22status%22%3A%22live%22%7D"}) {
        const auto filter = parse_event_query(query);
        ASSERT_TRUE(filter) << query;
        EXPECT_TRUE(filter->matches(live)) << query;
    }
    EXPECT_FALSE(parse_event_query("status=offline")->matches(live));
    for (const std::string_view query :
         {"status=alive", "ids=x", "channel=NodesChannel", "identifier=x",
          "identifier=%7B%22channel%22%3A%22NodesChannel%22%7D", "%zz=1"}) {
        EXPECT_FALSE(parse_event_query(query)) << query;
    }
}

TEST(AnEventId, IsAPlaceInAJournal) {
    const auto place = parse_event_id("an:epoch:7");
    ASSERT_TRUE(place);
    EXPECT_EQ(place->epoch, "an:epoch");
    EXPECT_EQ(place->sequence, 7U);
    for (const std::string_view text : {"", "7", ":7", "e:", "e:x", "e:-1", "e:7 "})
        EXPECT_FALSE(parse_event_id(text)) << text;
}

// The parts that a stream gave, as the listener would get them.
struct Given {
    std::string text;
    int parts = 0;
    bool is_over = false;
};

class AnEventStream : public testing::Test {
  protected:
    AnEventStream() {
        install_test_buffers();
        table.size = sizeof table;
        table.part = [](sw_http_exchange* exchange, const sw_buffer* bytes, std::int32_t is_last) {
            auto& given = *reinterpret_cast<Given*>(exchange);
            if (bytes != nullptr) given.text.append(bytes->data, bytes->length);
            ++given.parts;
            given.is_over |= is_last != 0;
        };
    }
    ~AnEventStream() override { timeline.close(); }

    void commit(std::uint64_t n, std::string_view status = "live") {
        timeline.add("e",
                     PastEvent{n, 0, "stream.created",
                               Buffer(fmt::format(R"({{"id":{},"status":"{}"}})", n, status)), ""},
                     [](const History&) {});
    }
    std::shared_ptr<EventStream> open(std::string_view query, std::string_view after = "") {
        return std::make_shared<EventStream>(timeline, gate, *parse_event_query(query),
                                             parse_event_id(after), 10, nullptr);
    }
    // As the listener asks: again and again, as long as parts are given at once.
    void ask(EventStream& stream) {
        for (int before = -1; before != given.parts && !given.is_over;) {
            before = given.parts;
            stream.next(http::Part(&table, reinterpret_cast<sw_http_exchange*>(&given)));
        }
    }
    std::string news() { return std::exchange(given.text, {}); }

    sw_http_table table{};
    Given given;
    std::vector<std::string> asked;
    std::string journal;
    Gate gate;
    Timeline timeline{100'000,
                      Sources{[this](const Buffer& request, const sw_executor*, auto done) {
                                  asked.emplace_back(request.view());
                                  done(Buffer(journal));
                              },
                              {}}};
};

TEST_F(AnEventStream, TellsWhatHappensFromNowOn) {
    timeline.begin({"e", 1}, 0);
    const auto stream = open("status=live");
    ask(*stream);
    EXPECT_EQ(news(), "retry: 3000\n\n");
    commit(2);
    EXPECT_EQ(
        news(),
        "id: e:2\ndata: {\"action\":\"created\",\"stream\":{\"id\":2,\"status\":\"live\"}}\n\n");
    commit(3, "offline");
    ask(*stream);
    commit(4);
    EXPECT_THAT(news(), testing::StartsWith("id: e:4\n"));
    EXPECT_TRUE(asked.empty());
}

TEST_F(AnEventStream, GoesOnBehindTheLastEventThatTheClientHas) {
    timeline.begin({"e", 3}, 0);
    commit(4);
    journal =
        R"({"epoch":"e","first":1,"last":4,"through":3,"events":[{"type":"stream.created",)"
        R"("sequence":3,"timestamp":"2026-01-01T00:00:00.000Z","data":{"id":3,"status":"live"}}]})";
    const auto stream = open("", "e:2");
    ask(*stream);
    const auto text = news();
    EXPECT_THAT(text, testing::HasSubstr("id: e:3\n"));
    EXPECT_THAT(text, testing::HasSubstr("id: e:4\n"));
    EXPECT_LT(text.find("e:3"), text.find("e:4"));
    EXPECT_EQ(asked.size(), 1U);
}

TEST_F(AnEventStream, SaysSoWhereWhatWasMissedIsNotKnown) {
    timeline.begin({"e", 50}, 0);
    for (const std::string_view after : {"other:3", "e:3"}) {
        given = {};
        const auto stream = open("", after);
        ask(*stream);
        EXPECT_THAT(news(), testing::HasSubstr("event: reset\n")) << after;
        timeline.close();
    }
    EXPECT_TRUE(asked.empty());
}

TEST_F(AnEventStream, EndsWithTheHub) {
    timeline.begin({"e", 1}, 0);
    auto stream = open("");
    ask(*stream);
    EXPECT_FALSE(given.is_over);
    stream.reset();
    timeline.close();
    EXPECT_TRUE(given.is_over);
}

}  // namespace
}  // namespace streamwall::hub
