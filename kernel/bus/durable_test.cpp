// Durable subscriptions against a journal in memory that speaks store.md's requests.
#include "bus/durable.hpp"

#include "bus/testing/memory_log.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace streamwall::bus {
namespace {

class DurableTest : public testing::Test {
  protected:
    DurableTest() {
        log.feeds.push_back(&feed);
        owner.instance = "hub";
        owner.address = "hub@main";
        owner.strand = exec::Strand::make("hub", *pool);
    }
    ~DurableTest() override { stop(); }

    void run() {
        while (pool->run_one()) {
        }
    }
    void advance(std::chrono::milliseconds by) {
        for (auto left = by; left > 0ms; left -= 10ms) {
            clock.advance(10ms);
            timers.fire_due();
            run();
        }
    }
    void commit(const std::string& subject, int n, bool through_feed = true) {
        log.commit(subject, fmt::format(R"({{"n":{}}})", n), type, through_feed);
    }
    // `meanwhile` runs behind start() and before the journal answers.
    void start(DurableOptions options = {}, const std::function<void()>& meanwhile = [] {}) {
        options.name = "hub/all";
        options.pattern = "stream.*";
        reader = std::make_shared<DurableReader>(
            owner, options, Handler{&DurableTest::on_event, this},
            DurableServices{std::make_shared<Journal>("", "", unowned(journal), unowned(feed)),
                            timers, clock, *pool},
            DurableEvents{[this](const std::string& event, const std::string&) {
                warnings.push_back(event);
            }});
        reader->start();
        meanwhile();
        run();
    }
    void stop() {
        if (!reader) return;
        bool stopped = false;
        reader->stop([&] { stopped = true; });
        run();
        EXPECT_TRUE(stopped);
        reader.reset();
        run();
    }
    static sw_status on_event(void* ctx, const sw_event* event, sw_error* error) {
        auto& self = *static_cast<DurableTest*>(ctx);
        const auto text = fmt::format("{} {}", view(event->subject), view(event->data));
        if (const auto failing = self.failing.find(std::string(view(event->subject)));
            failing != self.failing.end() && failing->second != 0) {
            --failing->second;
            self.attempts.push_back(text);
            return fill(error, Failure::of(self.failure_code, "no"));
        }
        self.seen.push_back(text);
        if (!self.defer) return SW_OK;
        auto* frame = reinterpret_cast<Frame*>(const_cast<sw_event*>(event));
        frame->deferred = true;
        self.deferred.emplace_back(text, frame->ticket);
        return SW_PENDING;
    }

    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 0});
    Feed feed;
    Party owner;
    MemoryLog log{clock};
    MemoryPort journal{log};
    std::shared_ptr<DurableReader> reader;
    std::vector<std::string> seen, attempts, warnings;
    std::map<std::string, int> failing;
    sw_status failure_code = SW_INTERNAL;
    std::string type = "stream.updated";  // of what is committed
    bool defer = false;
    std::vector<std::pair<std::string, std::uint64_t>> deferred;
};

TEST_F(DurableTest, ANewNameBeginsBehindTheNewestEvent) {
    commit("stream/1", 1);
    start();
    commit("stream/1", 2);
    run();
    EXPECT_EQ(seen, std::vector<std::string>{R"(stream/1 {"n":2})"});
}

TEST_F(DurableTest, ANewNameMissesNothingThatIsCommittedWhileItLooksForItsPlace) {
    commit("stream/1", 1);
    start({}, [this] { commit("stream/1", 2); });
    EXPECT_EQ(seen, std::vector<std::string>{R"(stream/1 {"n":2})"});
}

TEST_F(DurableTest, ANewNameMayBeginAtTheOldest) {
    commit("stream/1", 1, false);
    commit("stream/2", 2, false);
    start({.start = SW_START_ALL});
    EXPECT_EQ(seen.size(), 2u);
}

TEST_F(DurableTest, GoesOnWhereItStoppedAndCatchesUpFromTheJournal) {
    start();
    commit("stream/1", 1);
    run();
    stop();
    for (int n = 2; n <= 700; ++n)
        commit(fmt::format("stream/{}", n % 7), n, false);
    start();
    commit("stream/1", 701);
    run();
    ASSERT_EQ(seen.size(), 701u);
    std::map<std::string, int> last;
    for (const auto& text : seen) {
        const auto space = text.find(' ');
        const int n = std::atoi(text.c_str() + space + 6);
        auto& previous = last[text.substr(0, space)];
        EXPECT_LT(previous, n) << text;
        previous = n;
    }
}

TEST_F(DurableTest, ReadsNothingFromDiskWhileItKeepsUp) {
    start();
    const auto before = log.reads;
    for (int n = 0; n < 1000; ++n) {
        commit("stream/1", n);
        run();
    }
    EXPECT_EQ(seen.size(), 1000u);
    EXPECT_EQ(log.reads, before);
}

TEST_F(DurableTest, ItsPositionMovesPastEventsOfOtherTypes) {
    start();
    commit("stream/1", 1);
    run();
    type = "chat.message";
    for (std::size_t n = 0; n < Feed::kMaxUnseen + 10; ++n)
        commit("channel/1", 2);
    advance(500ms);
    EXPECT_EQ(seen.size(), 1u);
    EXPECT_GE(log.positions.at("hub/all").at("sequence").to_number<std::size_t>(),
              Feed::kMaxUnseen);
}

TEST_F(DurableTest, AfterACrashWhatWasNotDoneComesAgain) {
    defer = true;
    start();
    commit("stream/1", 1);
    commit("stream/2", 2);
    run();
    ASSERT_EQ(deferred.size(), 2u);
    reader->complete(deferred[1].second, SW_OK, {});
    run();
    advance(500ms);
    EXPECT_EQ(log.positions.at("hub/all").at("sequence"), 0) << "stream/1 is still open";
    reader.reset();  // no stop: as a crash
    run();
    seen.clear();
    defer = false;
    start();
    EXPECT_EQ(seen.size(), 2u);
}

TEST_F(DurableTest, OneSubjectIsServedInOrderWhileOthersGoOn) {
    defer = true;
    start();
    commit("stream/1", 1);
    commit("stream/1", 2);
    commit("stream/2", 3);
    run();
    EXPECT_EQ(seen, (std::vector<std::string>{R"(stream/1 {"n":1})", R"(stream/2 {"n":3})"}));
    reader->complete(deferred[0].second, SW_OK, {});
    run();
    EXPECT_EQ(seen.back(), R"(stream/1 {"n":2})");
}

TEST_F(DurableTest, AFailingEventParksItsSubjectOnlyAndBecomesADeadLetterAfterFiveTries) {
    failing["stream/1"] = 5;
    start();
    commit("stream/1", 1);
    commit("stream/1", 2);
    commit("stream/2", 3);
    run();
    EXPECT_EQ(seen, std::vector<std::string>{R"(stream/2 {"n":3})"});
    EXPECT_EQ(reader->stats().parked, 1u);
    advance(20s);
    EXPECT_EQ(attempts.size(), 5u);
    ASSERT_EQ(log.dead_letters.size(), 1u);
    EXPECT_EQ(log.dead_letters[0].at("event").at("id"), "e1-1");
    EXPECT_EQ(log.dead_letters[0].at("attempts"), 5);
    EXPECT_EQ(seen.back(), R"(stream/1 {"n":2})");
    EXPECT_EQ(reader->stats().parked, 0u);
    EXPECT_EQ(warnings, std::vector<std::string>{"event.dead_letter"});
}

TEST_F(DurableTest, RetriesBackOffExponentially) {
    failing["stream/1"] = 4;
    start();
    commit("stream/1", 1);
    run();
    std::vector<std::int64_t> at;
    for (int n = 0; n < 2000 && seen.empty(); ++n) {
        const auto before = attempts.size();
        advance(10ms);
        if (attempts.size() != before) at.push_back(n * 10);
    }
    ASSERT_EQ(at.size(), 3u);
    EXPECT_NEAR(static_cast<double>(at[0]), 1125, 140);
    EXPECT_NEAR(static_cast<double>(at[1] - at[0]), 2250, 270);
    EXPECT_NEAR(static_cast<double>(at[2] - at[1]), 4500, 520);
    EXPECT_EQ(seen.size(), 1u);
}

TEST_F(DurableTest, ANeighbourThatIsAwayUsesUpNoTries) {
    failing["stream/1"] = 20;
    failure_code = SW_UNAVAILABLE;
    start();
    commit("stream/1", 1);
    advance(60s);
    EXPECT_TRUE(log.dead_letters.empty());
    EXPECT_EQ(seen.size(), 1u);
}

TEST_F(DurableTest, ParkedSubjectsSurviveARestart) {
    failing["stream/1"] = 1;
    start();
    commit("stream/1", 1);
    commit("stream/2", 2);
    commit("stream/1", 3);
    advance(500ms);
    EXPECT_EQ(log.positions.at("hub/all").at("sequence"), 3);
    stop();
    EXPECT_EQ(seen, std::vector<std::string>{R"(stream/2 {"n":2})"});
    start();
    advance(5s);
    EXPECT_EQ(seen, (std::vector<std::string>{R"(stream/2 {"n":2})", R"(stream/1 {"n":1})",
                                              R"(stream/1 {"n":3})"}));
}

TEST_F(DurableTest, WaitsForAJournalThatIsAway) {
    journal.down = true;
    start({.start = SW_START_ALL});
    commit("stream/1", 1, false);
    advance(2s);
    EXPECT_TRUE(seen.empty());
    journal.down = false;
    advance(5s);
    EXPECT_EQ(seen.size(), 1u);
}

TEST_F(DurableTest, AnotherJournalIsNoticedByItsEpoch) {
    start();
    commit("stream/1", 1);
    run();
    stop();
    log.epoch = "e2";
    start();
    EXPECT_EQ(warnings, std::vector<std::string>{"subscription.reset"});
    EXPECT_EQ(seen.size(), 2u) << "it starts over at the oldest event";
}

TEST_F(DurableTest, AJournalThatWentBackIsReadFromItsOldestEvent) {
    start();
    for (int n = 1; n <= 3; ++n)
        commit("stream/1", n);
    run();
    seen.clear();
    log.envelopes.resize(1);  // a backup was restored under the running journal
    commit("stream/2", 9);
    run();
    EXPECT_EQ(warnings, std::vector<std::string>{"subscription.reset"});
    EXPECT_EQ(seen, (std::vector<std::string>{R"(stream/1 {"n":1})", R"(stream/2 {"n":9})"}));
    advance(500ms);
    EXPECT_EQ(log.positions.at("hub/all").at("sequence"), 2);
}

TEST_F(DurableTest, WhatIsUnderWayWhenALogIsLostEndsWithoutATrace) {
    defer = true;
    start();
    commit("stream/1", 1);
    commit("stream/1", 2);
    run();
    ASSERT_EQ(deferred.size(), 1u);
    log.envelopes.clear();
    log.epoch = "e2";
    commit("stream/1", 7);
    run();
    EXPECT_EQ(seen.size(), 1u) << "one delivery of a subject at a time, of whatever log";
    reader->complete(deferred[0].second, SW_INTERNAL, {});
    run();
    EXPECT_EQ(seen, (std::vector<std::string>{R"(stream/1 {"n":1})", R"(stream/1 {"n":7})"}));
    advance(500ms);
    EXPECT_EQ(log.positions.at("hub/all").at("sequence"), 0) << "the new event is still open";
    reader->complete(deferred[1].second, SW_OK, {});
    advance(500ms);
    EXPECT_EQ(log.positions.at("hub/all").at("epoch"), "e2");
    EXPECT_EQ(log.positions.at("hub/all").at("sequence"), 1);
}

TEST_F(DurableTest, WhoFellBehindATrimmedJournalGoesOnAtTheOldestEvent) {
    start();
    commit("stream/1", 1);
    run();
    stop();
    for (int n = 2; n <= 9; ++n)
        commit("stream/1", n, false);
    log.trimmed = 5;
    seen.clear();
    start();
    EXPECT_EQ(warnings, std::vector<std::string>{"subscription.reset"});
    ASSERT_EQ(seen.size(), 4u);
    EXPECT_EQ(seen.front(), R"(stream/1 {"n":6})");
}

TEST_F(DurableTest, AskOnlyAJournalThatIsReachable) {
    start();
    commit("stream/1", 1);
    run();
    advance(500ms);
    reader->told(1, false);
    run();
    journal.down = true;
    const auto before = journal.calls;
    commit("stream/1", 2, false);
    advance(10s);
    EXPECT_EQ(journal.calls, before);
    journal.down = false;
    reader->told(2, true);
    run();
    EXPECT_EQ(seen.back(), R"(stream/1 {"n":2})");
}

TEST_F(DurableTest, WhatTheFeedMissedIsReadOnceTheJournalsEndIsKnown) {
    start();
    commit("stream/1", 1, false);
    advance(10s);
    EXPECT_TRUE(seen.empty());
    reader->told(1, true);
    run();
    EXPECT_EQ(seen.size(), 1u);
}

TEST_F(DurableTest, ADeadLetterCanBeDeliveredAgain) {
    start();
    EventRecord::Parts parts;
    parts.id = "evt-x";
    parts.type = "stream.updated";
    parts.subject = "stream/9";
    parts.producer = "catalog@main";
    parts.data = BufferRef("{\"n\":9}");
    sw_status outcome = SW_UNKNOWN;
    reader->redeliver(std::make_shared<const EventRecord>(std::move(parts)),
                      [&](sw_status status) { outcome = status; });
    run();
    EXPECT_EQ(outcome, SW_OK);
    EXPECT_EQ(seen, std::vector<std::string>{R"(stream/9 {"n":9})"});
}

}  // namespace
}  // namespace streamwall::bus
