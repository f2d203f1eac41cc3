// Subscriptions over several journals, and over several processes that share one. Each process has
// threads and timers of its own, so that one can stand still while the others go on.
#include "bus/subscription.hpp"

#include "bus/testing/memory_log.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace streamwall::bus {
namespace {

using Texts = std::vector<std::string>;

std::string data_of(int n) {
    return fmt::format(R"({{"n":{}}})", n);
}

struct Process {
    Process(exec::VirtualClock& time, std::string name_of) : clock(time), name(std::move(name_of)) {
        owner.instance = "catalog";
        owner.address = "catalog@" + name;
        owner.strand = exec::Strand::make("catalog", *pool);
    }
    ~Process() { stop(); }

    // The own journal, where `peer` is empty.
    JournalPtr sees(MemoryLog& log, const std::string& peer) {
        auto port = std::make_shared<MemoryPort>(log);
        auto feed = std::make_shared<Feed>();
        log.feeds.push_back(feed.get());
        ports.push_back(port);
        auto journal = std::make_shared<Journal>(peer.empty() ? "" : log.epoch, peer, port, feed);
        journals.add(journal);
        return journal;
    }
    void subscribe(bool shared, int start = SW_START_NEW) {
        SubscriptionOptions options;
        options.shared = shared;
        options.lease_owner = owner.address;
        options.reader.name = shared ? "catalog/all" : owner.address + "/all";
        options.reader.pattern = "stream.*";
        options.reader.start = start;
        subscription = std::make_shared<DurableSubscription>(
            owner, options, Handler{&Process::on_event, this},
            SubscriptionParts{journals, timers, clock, *pool},
            [this](const std::string& event, const std::string&) { warnings.push_back(event); });
        subscription->start();
        run();
    }
    void stop() {
        if (!subscription) return;
        is_frozen = false;
        bool stopped = false;
        subscription->stop([&] { stopped = true; });
        run();
        EXPECT_TRUE(stopped);
        subscription.reset();
        run();
    }
    // As kill -9: nobody is told.
    void crash() {
        subscription->end();
        for (const auto& port : ports)
            port->down = true;
        is_frozen = true;
    }
    void cut(bool is_cut) {
        for (const auto& port : ports)
            port->down = is_cut;
        for (const auto& journal : journals.list())
            journals.told(journal, journal->last, !is_cut);
    }
    void run() {
        while (!is_frozen && pool->run_one()) {
        }
    }
    void tick() {
        if (is_frozen) return;
        timers.fire_due();
        run();
    }
    static sw_status on_event(void* ctx, const sw_event* event, sw_error*) {
        auto& self = *static_cast<Process*>(ctx);
        const auto n = boost::json::parse(view(event->data)).at("n").as_int64();
        self.seen.push_back(fmt::format("{} {}", view(event->epoch), n));
        if (!self.defers) return SW_OK;
        auto* frame = reinterpret_cast<Frame*>(const_cast<sw_event*>(event));
        frame->deferred = true;
        self.deferred.emplace_back(frame->reader->shared_from_this(), frame->ticket);
        return SW_PENDING;
    }

    exec::VirtualClock& clock;
    const std::string name;
    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 0});
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    Party owner;
    Journals journals{nullptr};
    std::vector<std::shared_ptr<MemoryPort>> ports;
    std::shared_ptr<DurableSubscription> subscription;
    Texts seen, warnings;
    bool is_frozen = false, defers = false;
    std::vector<std::pair<std::shared_ptr<DurableReader>, std::uint64_t>> deferred;
};

class SubscriptionTest : public testing::Test {
  protected:
    ~SubscriptionTest() override {
        a.stop();
        b.stop();
    }
    void advance(std::chrono::milliseconds by) {
        for (auto left = by; left > 0ms; left -= 10ms) {
            clock.advance(10ms);
            a.tick();
            b.tick();
        }
    }
    void commit(MemoryLog& log, int n) {
        log.commit("stream/1", data_of(n));
        a.run();
        b.run();
    }
    // Time until `b` has seen as much; fails after a minute.
    std::chrono::milliseconds time_until_b_sees(std::size_t count) {
        auto waited = 0ms;
        for (; b.seen.size() < count && waited < 60s; waited += 10ms)
            advance(10ms);
        EXPECT_EQ(b.seen.size(), count);
        return waited;
    }

    exec::VirtualClock clock;
    MemoryLog one{clock, "one"}, two{clock, "two"};
    Process a{clock, "a"}, b{clock, "b"};
};

TEST_F(SubscriptionTest, ReadsEveryJournalAndKeepsAPositionInEach) {
    a.sees(one, "");
    a.sees(two, "ingest");
    a.subscribe(false);
    commit(one, 1);
    commit(two, 2);
    commit(two, 3);
    advance(500ms);
    EXPECT_EQ(a.seen, (Texts{"one 1", "two 2", "two 3"}));
    EXPECT_EQ(one.positions.at("catalog@a/all").at("sequence"), 1);
    EXPECT_EQ(two.positions.at("catalog@a/all").at("sequence"), 2);
}

TEST_F(SubscriptionTest, EachProcessGetsEveryEventWhereItIsNotShared) {
    a.sees(one, "");
    b.sees(one, "a");
    a.subscribe(false);
    b.subscribe(false);
    commit(one, 1);
    EXPECT_EQ(a.seen, Texts{"one 1"});
    EXPECT_EQ(b.seen, Texts{"one 1"});
}

TEST_F(SubscriptionTest, AJournalOpenedBehindTheStartBelongsToTheNameFromItsFirstCommit) {
    a.subscribe(false);
    auto port = std::make_shared<MemoryPort>(one);
    auto feed = std::make_shared<Feed>();
    one.feeds.push_back(feed.get());
    a.journals.add(std::make_shared<Journal>("", "", port, feed));
    one.commit("stream/1", data_of(1));  // before any reader was made
    a.run();
    EXPECT_EQ(a.seen, Texts{"one 1"});
}

TEST_F(SubscriptionTest, ANewNameBeginsAtTheEndOfWhatIsThereAndAtTheBeginningOfWhatComesLater) {
    commit(one, 1);
    commit(two, 2);
    a.journals.set_settle(4s);
    a.sees(one, "ingest-1");
    a.subscribe(false);
    advance(1s);
    commit(one, 3);
    advance(2s);
    EXPECT_EQ(a.seen, Texts()) << "it may turn out to be an old name";
    advance(4s);
    EXPECT_EQ(a.seen, Texts{"one 3"});
    a.sees(two, "ingest-2");
    advance(1s);
    EXPECT_EQ(a.seen, (Texts{"one 3", "two 2"}));
}

TEST_F(SubscriptionTest, ANewNameWithNothingOfItsKindBehindItBeginsAtOnce) {
    one.commit("flag/1", data_of(1), "feature.changed");
    a.journals.set_settle(4s);
    a.sees(one, "ingest-1");
    a.subscribe(false);
    commit(one, 2);
    advance(300ms);
    EXPECT_EQ(a.seen, Texts{"one 2"});
}

TEST_F(SubscriptionTest, ANameThatSomeJournalKnowsMissesNothingOfANewOne) {
    a.sees(one, "ingest-1");
    a.subscribe(false);
    advance(1s);
    a.stop();
    commit(two, 2);  // a journal that came into being meanwhile
    a.journals.set_settle(4s);
    a.sees(two, "ingest-2");
    a.subscribe(false);
    advance(5s);
    EXPECT_EQ(a.seen, Texts{"two 2"});
}

TEST_F(SubscriptionTest, GoesOnWhereItWasWhenAJournalComesBack) {
    a.sees(one, "ingest");
    a.subscribe(false);
    commit(one, 1);
    a.cut(true);
    one.commit("stream/1", data_of(2), "stream.updated", false);
    const auto calls = a.ports[0]->calls;
    advance(30s);
    EXPECT_EQ(a.seen, Texts{"one 1"});
    EXPECT_EQ(a.ports[0]->calls, calls) << "nobody is asked who is not there";
    a.cut(false);
    advance(1s);
    EXPECT_EQ(a.seen, (Texts{"one 1", "one 2"}));
    EXPECT_EQ(one.positions.at("catalog@a/all").at("sequence"), 2);
}

TEST_F(SubscriptionTest, OneOfAllGetsAnEventWhereItIsShared) {
    a.sees(one, "");
    b.sees(one, "a");
    a.subscribe(true);
    b.subscribe(true);
    for (int n = 1; n <= 20; ++n) {
        commit(one, n);
        advance(500ms);
    }
    EXPECT_EQ(a.seen.size(), 20u);
    EXPECT_TRUE(b.seen.empty());
    EXPECT_EQ(one.leases.at("catalog/all").owner, "catalog@a");
    EXPECT_EQ(one.leases.at("catalog/all").token, 1u) << "it was only renewed";
}

TEST_F(SubscriptionTest, JournalsOfOneNameMayHaveDifferentOwners) {
    a.sees(one, "");
    a.subscribe(true);
    b.sees(two, "");
    b.subscribe(true);
    a.sees(two, "b");
    b.sees(one, "a");
    a.run();
    b.run();
    commit(one, 1);
    commit(two, 2);
    EXPECT_EQ(a.seen, Texts{"one 1"});
    EXPECT_EQ(b.seen, Texts{"two 2"});
}

TEST_F(SubscriptionTest, WhoStopsHandsOverWithinTwoSecondsAndNothingComesTwice) {
    a.sees(one, "");
    b.sees(one, "a");
    a.subscribe(true);
    b.subscribe(true);
    for (int n = 1; n <= 5; ++n)
        commit(one, n);
    a.stop();
    commit(one, 6);
    EXPECT_LE(time_until_b_sees(1), 2s);
    EXPECT_EQ(b.seen, Texts{"one 6"});
}

TEST_F(SubscriptionTest, WhoDiesIsFollowedOnceItsLeaseHasRunOut) {
    a.sees(one, "");
    b.sees(one, "a");
    a.subscribe(true);
    b.subscribe(true);
    commit(one, 1);
    advance(1s);
    a.crash();
    commit(one, 2);
    const auto taken = time_until_b_sees(1);
    EXPECT_GE(taken, 1900ms) << "not before the lease has run out";
    EXPECT_LE(taken, 4s);
    EXPECT_EQ(b.seen, Texts{"one 2"});
    EXPECT_GT(one.leases.at("catalog/all").token, 1u);
}

TEST_F(SubscriptionTest, WhoIsCutOffStopsBeforeAnotherBegins) {
    a.sees(one, "main");
    b.sees(one, "main");
    a.subscribe(true);
    b.subscribe(true);
    commit(one, 1);
    a.cut(true);
    for (int n = 2; b.seen.empty() && n < 1000; ++n) {
        commit(one, n);  // the feed still reaches it
        const auto before = a.seen.size();
        advance(10ms);
        EXPECT_TRUE(b.seen.empty() || a.seen.size() == before);
    }
    ASSERT_FALSE(b.seen.empty());
    const auto last_of_a = a.seen.size();
    advance(5s);
    commit(one, 5000);
    EXPECT_EQ(a.seen.size(), last_of_a);
    EXPECT_EQ(b.seen.back(), "one 5000");
    EXPECT_EQ(a.warnings, Texts{"subscription.lost_lease"});
    a.cut(false);
    advance(5s);
    EXPECT_EQ(a.seen.size(), last_of_a) << "it stands by now";
    EXPECT_EQ(one.leases.at("catalog/all").owner, "catalog@b");
}

TEST_F(SubscriptionTest, WhoStoodStillDeliversNothingAndSavesNothingWhenItGoesOn) {
    a.sees(one, "main");
    b.sees(one, "main");
    a.subscribe(true);
    b.subscribe(true);
    commit(one, 1);
    advance(1s);
    a.is_frozen = true;  // SIGSTOP
    commit(one, 2);
    time_until_b_sees(1);
    commit(one, 3);
    advance(1s);
    ASSERT_EQ(one.positions.at("catalog/all").at("sequence"), 3);
    a.is_frozen = false;
    a.run();  // what was posted comes before any timer
    EXPECT_EQ(a.seen, Texts{"one 1"});
    advance(2s);
    EXPECT_EQ(a.seen, Texts{"one 1"});
    EXPECT_EQ(b.seen, (Texts{"one 2", "one 3"}));
    EXPECT_EQ(one.positions.at("catalog/all").at("sequence"), 3);
}

TEST_F(SubscriptionTest, ALeaseThatComesBackWaitsForWhatIsStillUnderWay) {
    a.sees(one, "main");
    a.defers = true;
    a.subscribe(true);
    commit(one, 1);
    commit(one, 2);
    ASSERT_EQ(a.seen, Texts{"one 1"});
    a.cut(true);
    advance(5s);
    a.cut(false);
    advance(5s);
    EXPECT_EQ(a.seen, Texts{"one 1"}) << "one delivery of a subject at a time";
    a.defers = false;
    a.deferred[0].first->complete(a.deferred[0].second, SW_OK, {});
    advance(2s);
    EXPECT_EQ(a.seen, (Texts{"one 1", "one 1", "one 2"})) << "it was not saved, so it comes again";
}

TEST_F(SubscriptionTest, SurvivesAStoreThatIsAwayForAMoment) {
    a.sees(one, "main");
    a.subscribe(true);
    commit(one, 1);
    a.ports[0]->down = true;
    advance(2s);
    a.ports[0]->down = false;
    commit(one, 2);
    advance(3s);
    EXPECT_EQ(a.seen, (Texts{"one 1", "one 2"}));
    EXPECT_EQ(one.leases.at("catalog/all").token, 1u);
    EXPECT_TRUE(a.warnings.empty());
}

}  // namespace
}  // namespace streamwall::bus
