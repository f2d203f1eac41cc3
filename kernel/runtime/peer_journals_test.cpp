// Journals over the mesh, in virtual time: several processes on one network that delays, reorders,
// loses and parts. Nothing that was committed may be missing, and per subject nothing out of order.
#include "abi/journal_port.hpp"
#include "bus/subscription.hpp"
#include "bus/testing/memory_log.hpp"
#include "runtime/network.hpp"
#include "transport/memory_transport.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace streamwall::runtime {
namespace {

using bus::MemoryLog;

// What one process has in common with all others here: a clock, a pool, a network.
struct World {
    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    exec::Pool pool{exec::PoolOptions{.workers = 0}};
    telemetry::Logger log{{.level = telemetry::Level::kOff, .sink = [](std::string_view) {}}};
    std::shared_ptr<transport::MemoryHub> hub;

    void run() {
        while (pool.run_one()) {
        }
    }
    void advance(std::chrono::milliseconds by) {
        run();
        for (auto left = by; left > 0ms; left -= 5ms) {
            clock.advance(5ms);
            timers.fire_due();
            run();
        }
    }
    template <class Condition>
    bool eventually(Condition condition, std::chrono::milliseconds limit = 60s) {
        for (auto waited = 0ms; waited < limit && !condition(); waited += 5ms)
            advance(5ms);
        return condition();
    }
};

struct Process {
    Process(World& in, const std::string& name)
        : world(in),
          registry(in.clock, in.timers, exec::Strand::make("control", in.pool)),
          network({.peer = name, .node = name},
                  {registry, bus, in.timers, in.clock, in.pool, in.log, interfaces, journals}) {
        feed.on_commit([this](const std::vector<bus::EventPtr>& events) {
            network.mesh().publish_committed(events);
        });
        keeper.instance = "keeper";
        keeper.address = "keeper@" + name;
        keeper.strand = exec::Strand::make("keeper", in.pool);
        keeper.parallel = true;
        owner.instance = "hub";
        owner.address = "hub@" + name;
        owner.strand = exec::Strand::make("hub", in.pool);
        network.attach({{"net", in.hub->join(name), transport::Role::outside}});
    }
    ~Process() {
        unsubscribe();
        bool left = false;
        network.stop([&] { left = true; });
        EXPECT_TRUE(world.eventually([&] { return left; }));
        registry.forget_party(keeper);
    }

    // Offers `kept` as this process's journal, in the place of the one before.
    void keep(MemoryLog& kept) {
        log = &kept;
        if (kept.feeds.empty()) kept.feeds.push_back(&feed);
        for (const char* method : {"read", "position", "save_positions", "lease"}) {
            static_cast<void>(registry.offer(keeper, "journal", method, &Process::serve, this));
        }
        registry.open(keeper);
        journals.open_own();
    }
    static sw_status serve(void* ctx, const sw_request* request, sw_buffer** reply,
                           sw_error* error) {
        auto answer = static_cast<Process*>(ctx)->log->answer(
            view(request->method), boost::json::parse(view(request->body)).as_object());
        if (!answer) return fill(error, answer.error());
        *reply = BufferRef(*answer).release();
        return SW_OK;
    }
    void subscribe(bool shared = false) {
        bus::SubscriptionOptions options;
        options.shared = shared;
        options.lease_owner = owner.address;
        options.reader.name = shared ? "hub/all" : owner.address + "/all";
        options.reader.pattern = "stream.*";
        options.reader.start = SW_START_ALL;
        subscription = std::make_shared<bus::DurableSubscription>(
            owner, options, bus::Handler{&Process::on_event, this},
            bus::SubscriptionParts{journals, world.timers, world.clock, world.pool},
            [](const std::string&, const std::string&) {});
        subscription->start();
    }
    void unsubscribe() {
        if (!subscription) return;
        bool stopped = false;
        subscription->stop([&] { stopped = true; });
        EXPECT_TRUE(world.eventually([&] { return stopped; }));
        subscription.reset();
    }
    static sw_status on_event(void* ctx, const sw_event* event, sw_error*) {
        auto& self = *static_cast<Process*>(ctx);
        self.seen[std::string(view(event->epoch)) + " " + std::string(view(event->subject))]
            .push_back(event->sequence);
        ++self.count;
        return SW_OK;
    }
    void expect_order() const {
        for (const auto& [subject, sequences] : seen)
            EXPECT_TRUE(std::ranges::is_sorted(sequences)) << subject;
    }

    World& world;
    services::Registry registry;
    bus::Bus bus{world.clock};
    bus::Feed feed;
    abi::Interfaces interfaces;
    abi::ServiceJournal journal{registry, world.clock};
    bus::Journals journals{
        std::make_shared<bus::Journal>("", "", bus::unowned(journal), bus::unowned(feed))};
    Network network;
    Party keeper, owner;
    MemoryLog* log = nullptr;
    std::shared_ptr<bus::DurableSubscription> subscription;
    std::map<std::string, std::vector<std::uint64_t>> seen;
    std::size_t count = 0;
};

class PeerJournalsTest : public testing::Test {
  protected:
    void network_of(transport::MemoryHubOptions options) {
        world.hub = transport::MemoryHub::make(world.timers, world.clock, world.pool, options);
    }
    void commit(MemoryLog& log, int count) {
        for (int n = 0; n < count; ++n)
            log.commit(fmt::format("stream/{}", n % 5), R"({"a":1})");
    }
    World world;
    MemoryLog one{world.clock, "one"}, two{world.clock, "two"};
};

TEST_F(PeerJournalsTest, ANodeReadsTheJournalsOfOthersAsItsOwn) {
    network_of({.max_delay = 2ms});
    Process main(world, "main"), ingest(world, "ingest");
    main.keep(one);
    ingest.keep(two);
    main.subscribe();
    ASSERT_TRUE(world.eventually([&] { return main.journals.list().size() == 2; }));
    commit(one, 10);
    commit(two, 20);
    EXPECT_TRUE(world.eventually([&] { return main.count == 30; }, 1s));
    main.expect_order();
    EXPECT_TRUE(world.eventually([&] { return two.positions.contains("hub@main/all"); }));
}

TEST_F(PeerJournalsTest, WhatIsCommittedNowIsThereInMillisecondsWithoutARead) {
    network_of({});
    Process main(world, "main"), ingest(world, "ingest");
    ingest.keep(two);
    main.subscribe();
    commit(two, 1);
    ASSERT_TRUE(world.eventually([&] { return main.count == 1; }));
    world.advance(3s);
    const auto reads = two.reads;
    commit(two, 1);
    EXPECT_TRUE(world.eventually([&] { return main.count == 2; }, 10ms));
    EXPECT_EQ(two.reads, reads);
}

TEST_F(PeerJournalsTest, NothingIsMissingOrOutOfOrderOnANetworkThatLosesAndReorders) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        network_of({.seed = seed, .max_delay = 20ms, .loss = 0.05});
        MemoryLog log(world.clock, fmt::format("log-{}", seed));
        Process main(world, "main"), ingest(world, "ingest");
        ingest.keep(log);
        main.subscribe();
        for (int n = 0; n < 100; ++n) {
            commit(log, 7);
            world.advance(10ms);
        }
        EXPECT_TRUE(world.eventually([&] { return main.count >= 700; })) << main.count;
        EXPECT_EQ(main.count, 700u) << "nothing came twice, seed " << seed;
        main.expect_order();
        world.hub->set_loss(0);
    }
}

TEST_F(PeerJournalsTest, WhatWasCommittedBehindAPartitionComesOnceItHeals) {
    network_of({.max_delay = 2ms});
    Process main(world, "main"), ingest(world, "ingest");
    ingest.keep(two);
    main.subscribe();
    commit(two, 5);
    ASSERT_TRUE(world.eventually([&] { return main.count == 5; }));
    world.hub->partition("main", "ingest");
    commit(two, 500);
    world.advance(30s);
    EXPECT_EQ(main.count, 5u);
    world.hub->partition("main", "ingest", false);
    EXPECT_TRUE(world.eventually([&] { return main.count == 505; }, 10s)) << main.count;
    main.expect_order();
}

TEST_F(PeerJournalsTest, AClaimThatGotLostOnItsWayHoldsUpASharedNameForASecondAtMost) {
    network_of({.max_delay = 2ms});
    Process main(world, "main"), ingest(world, "ingest");
    ingest.keep(two);
    main.subscribe(true);
    commit(two, 5);
    ASSERT_TRUE(world.eventually([&] { return main.count == 5; }));
    world.advance(1s);  // for the position
    world.hub->block("main", "ingest");
    world.advance(3s);  // the lease is over, a new claim under way
    world.hub->block("main", "ingest", false);
    commit(two, 5);
    EXPECT_TRUE(world.eventually([&] { return main.count == 10; }, 1500ms)) << main.count;
}

TEST_F(PeerJournalsTest, AJournalThatWasWipedIsReadFromItsBeginning) {
    network_of({.max_delay = 2ms});
    Process main(world, "main");
    main.subscribe();
    {
        Process ingest(world, "ingest");
        ingest.keep(one);
        commit(one, 5);
        ASSERT_TRUE(world.eventually([&] { return main.count == 5; }));
    }
    commit(two, 3);  // before anybody could hear of it
    Process again(world, "ingest");
    again.keep(two);
    EXPECT_TRUE(world.eventually([&] { return main.count == 8; }, 10s)) << main.count;
    commit(two, 2);
    EXPECT_TRUE(world.eventually([&] { return main.count == 10; }, 10s)) << main.count;
}

TEST_F(PeerJournalsTest, ASharedNameHasOneReaderAmongTheNodesAndPassesOnWhenThatOneIsCutOff) {
    network_of({.max_delay = 2ms});
    Process store(world, "store"), a(world, "a"), b(world, "b");
    store.keep(one);
    a.subscribe(true);
    ASSERT_TRUE(world.eventually([&] { return one.leases.contains("hub/all"); }));
    b.subscribe(true);
    world.advance(3s);
    commit(one, 50);
    ASSERT_TRUE(world.eventually([&] { return a.count == 50; }));
    EXPECT_EQ(b.count, 0u);
    world.advance(1s);  // for the position
    world.hub->partition("a", "store");
    commit(one, 10);
    EXPECT_TRUE(world.eventually([&] { return b.count == 10; }, 6s)) << b.count;
    world.hub->partition("a", "store", false);
    world.advance(10s);
    commit(one, 10);
    EXPECT_TRUE(world.eventually([&] { return b.count == 20; }, 6s)) << b.count;
    EXPECT_EQ(a.count, 50u);
}

}  // namespace
}  // namespace streamwall::runtime
