// Conformance: the journal. Append, read, positions, dead letters, trim.
#pragma once

#include "storage_conformance_fixture.hpp"

namespace streamwall::testing {

class StorageJournal : public StorageConformance {
  protected:
    static constexpr std::int64_t kDay = 86'400'000;

    boost::json::array append(const std::string& type, const std::string& subject, int count = 1) {
        std::string events;
        for (int i = 0; i < count; ++i) {
            events += (i > 0 ? "," : "") + (R"({"type":")" + type) +
                      R"(","version":"1.0","subject":")" + subject + R"(","data":{"n":)" +
                      std::to_string(i) + "}}";
        }
        return journal("append", R"({"events":[)" + events + "]}").at("results").as_array();
    }
    std::vector<std::int64_t> sequences(const std::string& request) {
        std::vector<std::int64_t> out;
        for (const auto& event : journal("read", request).at("events").as_array()) {
            out.push_back(event.at("sequence").as_int64());
        }
        return out;
    }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageJournal);

using Sequences = std::vector<std::int64_t>;

TEST_P(StorageJournal, NumbersEventsFromOneWithoutGaps) {
    const auto first = append("a.b", "s", 2);
    const auto second = append("a.b", "s");
    EXPECT_EQ(first[0].at("sequence"), 1);
    EXPECT_EQ(first[1].at("sequence"), 2);
    EXPECT_EQ(second[0].at("sequence"), 3);
    EXPECT_EQ(first[0].at("epoch"), second[0].at("epoch"));
    EXPECT_NE(first[0].at("id"), first[1].at("id"));
    EXPECT_EQ(sequences(R"({"after":0})"), (Sequences{1, 2, 3}));
}

TEST_P(StorageJournal, KeepsTheEnvelopeOfTheContract) {
    const auto result = journal("append", R"({"events":[{"type":"stream.pinned","version":"1.2",
        "subject":"stream/7","data":{ "b": 1.50, "a": "x" },"changes":{"k":1}}]})")
                            .at("results")
                            .at(0);
    const auto reply = raw("journal", "read", R"({"after":0})");
    EXPECT_NE(reply.body.find(R"("data":{"b":1.50,"a":"x","changes":{"k":1}})"), std::string::npos)
        << "data is kept as given, changes is its last member: " << reply.body;
    const auto event = boost::json::parse(reply.body).at("events").at(0).as_object();
    std::vector<std::string> names;
    for (const auto& member : event)
        names.emplace_back(member.key());
    EXPECT_EQ(names,
              (std::vector<std::string>{"id", "type", "version", "timestamp", "producer", "subject",
                                        "sequence", "epoch", "data", "metadata"}));
    EXPECT_EQ(event.at("id"), result.at("id"));
    EXPECT_EQ(event.at("epoch"), result.at("epoch"));
    EXPECT_EQ(event.at("producer"), "tester@main");
    EXPECT_EQ(event.at("metadata"), boost::json::parse(R"({"correlationId":"c1",
                  "traceId":"0af7651916cd43dd8448eb211c80319c","causationId":"evt-0",
                  "actor":{"type":"user","id":"u1","name":"Ada"}})"));
    EXPECT_EQ(event.at("timestamp").as_string().size(), 24U);
    EXPECT_TRUE(event.at("id").as_string().starts_with("evt-"));
}

TEST_P(StorageJournal, ChangesOfEmptyDataStayValidJson) {
    journal("append", R"({"events":[{"type":"a.b","version":"1.0","subject":"s","data":{},
                                     "changes":{"k":1}}]})");
    EXPECT_EQ(journal("read", R"({"after":0})").at("events").at(0).at("data"),
              boost::json::parse(R"({"changes":{"k":1}})"));
}

TEST_P(StorageJournal, ReadsBehindAPositionUpToALimit) {
    append("a.b", "s", 5);
    EXPECT_EQ(sequences(R"({"after":2})"), (Sequences{3, 4, 5}));
    EXPECT_EQ(sequences(R"({"after":1,"limit":2})"), (Sequences{2, 3}));
    EXPECT_EQ(sequences(R"({"after":5})"), Sequences());
    const auto reply = journal("read", R"({"after":1,"limit":2})");
    EXPECT_EQ(reply.at("first"), 1);
    EXPECT_EQ(reply.at("last"), 5);
    EXPECT_EQ(reply.at("through"), 3) << "all that match up to here were given";
    for (const std::string bad :
         {R"({"after":-1})", R"({"limit":0})", R"({"limit":1001})", R"({"types":"a"})",
          R"({"types":["a..b"]})", R"({"types":[">.a"]})"}) {
        EXPECT_EQ(raw("journal", "read", bad).status, kInvalidArgument) << bad;
    }
}

TEST_P(StorageJournal, SelectsByTypePatternAndSubject) {
    append("stream.created", "stream/1");  // 1
    append("stream.updated", "stream/2");  // 2
    append("stream.a.deep", "stream/1");   // 3
    append("user.registered", "user/1");   // 4
    append("stream", "stream/1");          // 5
    EXPECT_EQ(sequences(R"({"types":["stream.*"]})"), (Sequences{1, 2}));
    EXPECT_EQ(sequences(R"({"types":["stream.>"]})"), (Sequences{1, 2, 3}));
    EXPECT_EQ(sequences(R"({"types":["*.created","user.registered"]})"), (Sequences{1, 4}));
    EXPECT_EQ(sequences(R"({"types":[">"]})"), (Sequences{1, 2, 3, 4, 5}));
    EXPECT_EQ(sequences(R"({"types":["*"]})"), (Sequences{5}));
    EXPECT_EQ(sequences(R"({"types":[]})"), (Sequences{1, 2, 3, 4, 5}));
    EXPECT_EQ(sequences(R"({"subject":"stream/1"})"), (Sequences{1, 3, 5}));
    EXPECT_EQ(sequences(R"({"subject":"stream/1","types":["stream.>"]})"), (Sequences{1, 3}));
    const auto none = journal("read", R"({"types":["nothing.here"],"limit":1})");
    EXPECT_EQ(none.at("events").as_array().size(), 0U);
    EXPECT_EQ(none.at("through"), 5) << "a reader that looks for rare types gets ahead, too";
}

TEST_P(StorageJournal, ALongReplyEndsEarly) {
    for (int i = 0; i < 6; ++i) {
        journal("append",
                R"({"events":[{"type":"a.b","version":"1.0","subject":"s","data":{"x":")" +
                    std::string(300'000, 'x') + R"("}}]})");
    }
    Sequences all;
    std::int64_t after = 0;
    while (after < 6) {
        const auto reply = raw("journal", "read", R"({"after":)" + std::to_string(after) + "}");
        ASSERT_EQ(reply.status, kOk);
        EXPECT_LE(reply.body.size(), std::size_t{1} << 20);
        const auto page = boost::json::parse(reply.body);
        for (const auto& event : page.at("events").as_array()) {
            all.push_back(event.at("sequence").as_int64());
        }
        ASSERT_GT(page.at("through").as_int64(), after);
        after = page.at("through").as_int64();
    }
    EXPECT_EQ(all, (Sequences{1, 2, 3, 4, 5, 6}));
}

TEST_P(StorageJournal, RemembersPositions) {
    EXPECT_EQ(raw("journal", "position", R"({"name":"hub"})").status, kNotFound);
    journal("save_positions", R"({"positions":[
        {"name":"hub","epoch":"e1","sequence":5,
         "parked":[{"subject":"stream/1","sequence":3,"attempts":2}]},
        {"name":"sheets","epoch":"e1","sequence":1}]})");
    EXPECT_EQ(journal("position", R"({"name":"hub"})"),
              boost::json::parse(R"({"epoch":"e1","sequence":5,
                  "parked":[{"subject":"stream/1","sequence":3,"attempts":2}]})"));
    EXPECT_EQ(journal("position", R"({"name":"sheets"})").at("parked").as_array().size(), 0U);
    journal("save_positions", R"({"positions":[{"name":"hub","epoch":"e2","sequence":1}]})");
    EXPECT_EQ(journal("position", R"({"name":"hub"})"),
              boost::json::parse(R"({"epoch":"e2","sequence":1,"parked":[]})"));
    // Whatever is committed meanwhile, the newest position wins.
    append("a.b", "s");
    EXPECT_EQ(journal("position", R"({"name":"hub"})").at("epoch"), "e2");
    for (const std::string bad : {R"({"positions":5})", R"({"positions":[{"name":"x"}]})",
                                  R"({"positions":[{"epoch":"e","sequence":1}]})",
                                  R"({"positions":[{"name":"x","epoch":"e","sequence":-1}]})"}) {
        EXPECT_EQ(raw("journal", "save_positions", bad).status, kInvalidArgument) << bad;
    }
}

TEST_P(StorageJournal, KeepsDeadLettersOncePerNameAndEvent) {
    const auto add = [&](const std::string& name, const std::string& event) {
        return journal("dead_letter_add",
                       R"({"name":")" + name + R"(","event":{"id":")" + event +
                           R"(","type":"a.b"},"error":{"code":"internal","message":"no \"luck\""},
                           "attempts":5})")
            .at("id")
            .as_int64();
    };
    const auto first = add("sheets", "evt-1");
    EXPECT_EQ(add("sheets", "evt-1"), first);
    const auto second = add("sheets", "evt-2");
    const auto third = add("hub", "evt-1");
    EXPECT_NE(third, first);

    const auto listed = journal("dead_letters", "{}").at("dead_letters").as_array();
    ASSERT_EQ(listed.size(), 3U);
    EXPECT_EQ(listed[0].at("id"), first);
    EXPECT_EQ(listed[0].at("name"), "sheets");
    EXPECT_EQ(listed[0].at("event"), boost::json::parse(R"({"id":"evt-1","type":"a.b"})"));
    EXPECT_EQ(listed[0].at("error").at("message"), "no \"luck\"");
    EXPECT_EQ(listed[0].at("attempts"), 5);
    EXPECT_EQ(listed[0].at("created_at").as_string().size(), 24U);
    const auto page =
        journal("dead_letters", R"({"limit":1,"after":)" + std::to_string(first) + "}");
    ASSERT_EQ(page.at("dead_letters").as_array().size(), 1U);
    EXPECT_EQ(page.at("dead_letters").at(0).at("id"), second);
    EXPECT_EQ(page.at("count"), 3) << "all there are, whatever was asked for";
    const auto skipped = journal("dead_letters", R"({"limit":2,"offset":2})");
    ASSERT_EQ(skipped.at("dead_letters").as_array().size(), 1U);
    EXPECT_EQ(skipped.at("dead_letters").at(0).at("id"), third);
    EXPECT_TRUE(journal("dead_letters", R"({"offset":1000000000000})")
                    .at("dead_letters")
                    .as_array()
                    .empty());

    const std::string take = R"({"id":)" + std::to_string(second) + "}";
    EXPECT_EQ(journal("dead_letter_take", take), listed[1]);
    EXPECT_EQ(raw("journal", "dead_letter_take", take).status, kNotFound);
    EXPECT_GT(add("sheets", "evt-3"), third);
}

TEST_P(StorageJournal, TrimsByNumber) {
    append("a.b", "s", 10);
    const auto trimmed = journal("trim", R"({"keep_events":4})");
    EXPECT_EQ(trimmed.at("removed"), 6);
    EXPECT_EQ(trimmed.at("first"), 7);
    EXPECT_EQ(sequences(R"({"after":6})"), (Sequences{7, 8, 9, 10}));
    const auto behind = raw("journal", "read", R"({"after":5})");
    EXPECT_EQ(behind.status, kOutOfRange);
    EXPECT_EQ(boost::json::parse(behind.details).at("first"), 7);
    EXPECT_EQ(sequences(R"({"after":0})"), (Sequences{7, 8, 9, 10})) << "0: from the oldest kept";
    EXPECT_EQ(journal("trim", R"({"keep_events":4})").at("removed"), 0);
    EXPECT_EQ(journal("trim", "{}").at("removed"), 0) << "without bounds nothing goes";
}

TEST_P(StorageJournal, TrimsByAge) {
    append("a.b", "s", 3);
    backend_.move_clock(2 * kDay);
    append("a.b", "s", 2);
    EXPECT_EQ(journal("trim", R"({"keep_days":3})").at("removed"), 0);
    EXPECT_EQ(journal("trim", R"({"keep_days":1})").at("removed"), 3);
    EXPECT_EQ(sequences(R"({"after":3})"), (Sequences{4, 5}));
    // What lies beyond either bound goes.
    EXPECT_EQ(journal("trim", R"({"keep_days":1,"keep_events":1})").at("removed"), 1);
}

TEST_P(StorageJournal, GoesOnCountingWhenAllIsTrimmed) {
    append("a.b", "s", 3);
    EXPECT_EQ(journal("trim", R"({"keep_events":0})").at("first"), 4);
    const auto empty = journal("read", R"({"after":3})");
    EXPECT_EQ(empty.at("first"), 4);
    EXPECT_EQ(empty.at("last"), 3);
    EXPECT_EQ(append("a.b", "s")[0].at("sequence"), 4);
}

TEST_P(StorageJournal, ForgetsTheInboxAfterAWeek) {
    const std::string old = R"({"op":"inbox","consumer":"c","event_id":"old"})";
    const std::string young = R"({"op":"inbox","consumer":"c","event_id":"young"})";
    apply(old);
    backend_.move_clock(8 * kDay);
    apply(young);
    journal("trim", "{}");
    EXPECT_EQ(apply_raw(young).status, kAlreadyExists);
    EXPECT_EQ(apply_raw(old).status, kOk);
}

TEST_P(StorageJournal, TimesOfEventsNeverGoBack) {
    append("a.b", "s");
    backend_.move_clock(-60'000);
    append("a.b", "s");
    const auto events = journal("read", R"({"after":0})").at("events");
    EXPECT_LE(events.at(0).at("timestamp").as_string(), events.at(1).at("timestamp").as_string());
}

TEST_P(StorageJournal, RefusesEventsThatMakeNoSense) {
    for (const std::string events :
         {R"([])", R"([5])", R"([{"type":"a.b","version":"1.0","subject":"s"}])",
          R"([{"type":"","version":"1.0","subject":"s","data":{}}])",
          R"([{"type":"a.b","version":"1.0","subject":"s","record":0}])"}) {
        EXPECT_EQ(raw("journal", "append", R"({"events":)" + events + "}").status, kInvalidArgument)
            << events;
    }
}

}  // namespace streamwall::testing
