// Transient events and committed ones between processes.
#include "transport/mesh/test_network.hpp"

#include <algorithm>

namespace streamwall::transport {
namespace {

using MeshEvents = Network;
using MeshJournals = Network;

TEST_F(MeshEvents, GoOnlyWhereTheyAreWantedAndNeverWhenTheyMustStay) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    const auto kept = main.listen("chat.*");
    advance(50ms);
    const auto before = net->counts().messages;
    ingest.publish("stream.seen");
    ingest.publish("chat.local", "{}", bus::Reach::process);
    run();
    EXPECT_EQ(net->counts().messages, before);
    ingest.publish("chat.a", R"({"n":1})");
    run();
    EXPECT_EQ(main.heard, std::vector<std::string>{R"(chat.a {"n":1})"});
    EXPECT_EQ(net->counts().messages, before + 1);
}

TEST_F(MeshEvents, AnEventThatMatchesSeveralPatternsComesOnce) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    const auto one = main.listen("chat.*"), two = main.listen("*.posted"), all = main.listen(">");
    advance(50ms);
    main.heard.clear();
    ingest.publish("chat.posted");
    run();
    EXPECT_EQ(main.heard.size(), 3u) << "once for each subscription";
}

TEST_F(MeshEvents, ReachEveryProcessOnceThroughTheGateways) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    auto& hub = child(main, "hub");
    auto& cache = child(main, "cache");
    auto& far = child(ingest, "far");
    std::vector<std::shared_ptr<bus::Subscription>> kept;
    for (auto* process : {&main, &ingest, &hub, &cache, &far})
        kept.push_back(process->listen("chat.*"));
    advance(100ms);
    for (auto* publisher : {&main, &ingest, &hub, &cache, &far}) {
        for (auto* process : {&main, &ingest, &hub, &cache, &far})
            process->heard.clear();
        publisher->publish("chat.a");
        run();
        for (auto* process : {&main, &ingest, &hub, &cache, &far})
            EXPECT_EQ(process->heard.size(), 1u) << process->mesh.options().peer;
    }
}

TEST_F(MeshEvents, TwoTransportsBetweenTwoNodesBringAnEventOnce) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    auto& third = node("third");
    const auto second = MemoryHub::make(timers, clock, *pool);
    main.mesh.attach("up", second->join("main"), Role::outside);
    ingest.mesh.attach("up", second->join("ingest"), Role::outside);
    const auto kept = std::pair(main.listen("chat.*"), third.listen("chat.*"));
    advance(50ms);
    ingest.publish("chat.a");
    run();
    EXPECT_EQ(main.heard.size(), 1u);
    EXPECT_EQ(third.heard.size(), 1u);
    net->disconnect("main", "cable");
    advance(4s);
    ingest.publish("chat.b");
    run();
    EXPECT_EQ(main.heard.back(), "chat.b {}") << "the other way is taken";
}

TEST_F(MeshEvents, KeepTheirOrderOnASlowNetwork) {
    net = MemoryHub::make(timers, clock, *pool, {.seed = 5, .max_delay = 20ms});
    auto& main = node("main");
    auto& ingest = node("ingest");
    const auto kept = main.listen("chat.*");
    advance(200ms);
    for (int n = 100; n < 200; ++n)
        ingest.publish("chat.a", std::to_string(n));
    advance(50ms);
    EXPECT_EQ(main.heard.size(), 100u);
    EXPECT_TRUE(std::ranges::is_sorted(main.heard));
}

// What one follower saw of a journal.
struct Following {
    explicit Following(Mesh& mesh) : mesh_(mesh) {
        watch = mesh.watch_journals([this](const JournalInfo& journal, bool gone) {
            seen.push_back(journal.epoch + "@" + journal.peer + " " +
                           (gone ? "gone" : std::to_string(journal.last)));
        });
    }
    ~Following() { mesh_.unwatch_journals(watch); }
    Mesh& mesh_;
    std::uint64_t watch = 0;
    std::vector<std::string> seen;
};

std::vector<std::uint64_t> kept_in(const bus::Feed& feed, std::uint64_t after = 0) {
    std::vector<std::uint64_t> out;
    for (const auto& event : feed.after("e1", after, 100'000, ">").events)
        out.push_back(event->sequence());
    return out;
}

TEST_F(MeshJournals, AppearMoveAndVanishForTheirWatchers) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    ingest.mesh.set_own_journal("e1", 1, 4);
    advance(50ms);
    Following main_sees(main.mesh);
    advance(50ms);
    EXPECT_EQ(main_sees.seen, std::vector<std::string>{"e1@ingest 4"}) << "also what was known";
    ingest.commit("e1", 5, 6);
    advance(1100ms);
    EXPECT_EQ(main_sees.seen.back(), "e1@ingest 6");
    ASSERT_EQ(main.mesh.journals().size(), 1u);
    EXPECT_EQ(main.mesh.journals()[0].last, 6u);
    EXPECT_TRUE(ingest.mesh.journals().empty()) << "the own one is none of the others'";
    net->partition("main", "ingest");
    advance(4s);
    EXPECT_EQ(main_sees.seen.back(), "e1@ingest gone");
}

TEST_F(MeshJournals, CommitsReachAFeedForAsLongAsItIsKept) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    ingest.mesh.set_own_journal("e1", 1, 0);
    advance(50ms);
    const auto silence = net->counts().messages;
    ingest.commit("e1", 1, 3);
    run();
    EXPECT_EQ(net->counts().messages, silence) << "nobody follows";
    auto feed = main.mesh.follow("e1");
    EXPECT_EQ(main.mesh.follow("e1"), feed);
    run();
    ingest.commit("e1", 4, 6);
    run();
    EXPECT_EQ(kept_in(*feed, 3), (std::vector<std::uint64_t>{4, 5, 6}));
    EXPECT_FALSE(feed->after("e1", 0, 10, ">").kept) << "what is missing has to be read";
    feed.reset();
    run();
    const auto quiet = net->counts().messages;
    ingest.commit("e1", 7, 9);
    run();
    EXPECT_EQ(net->counts().messages, quiet);
}

TEST_F(MeshJournals, LongCommitsAreCutAndALongEventHasToBeRead) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    ingest.mesh.set_own_journal("e1", 1, 0);
    advance(50ms);
    const auto feed = main.mesh.follow("e1");
    run();
    Following main_sees(main.mesh);
    const auto before = net->counts().messages;
    ingest.commit("e1", 1, 20, 10'000);
    run();
    EXPECT_EQ(kept_in(*feed).size(), 20u);
    EXPECT_EQ(net->counts().messages - before, 4u);
    ingest.commit("e1", 21, 21, 100'000);
    run();
    EXPECT_EQ(main_sees.seen.back(), "e1@ingest 21") << "at once, not with an announcement";
    ingest.commit("e1", 22, 22);
    run();
    EXPECT_EQ(kept_in(*feed, 21), std::vector<std::uint64_t>{22});
}

TEST_F(MeshJournals, AreFollowedThroughGatewaysInBothDirections) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    auto& hub = child(main, "hub");
    auto& writer = child(ingest, "writer");
    main.mesh.set_own_journal("e0", 1, 0);
    writer.mesh.set_own_journal("e1", 1, 0);
    advance(100ms);
    Following hub_sees(hub.mesh);
    advance(10ms);
    EXPECT_EQ(hub_sees.seen, (std::vector<std::string>{"e0@main 0", "e1@ingest~writer 0"}));
    const auto feed = hub.mesh.follow("e1");
    advance(100ms);
    writer.commit("e1", 1, 3);
    run();
    EXPECT_EQ(kept_in(*feed), (std::vector<std::uint64_t>{1, 2, 3}));
    writer.serve("journal");
    advance(10ms);
    Outcome read;
    hub.call_peer(read, "ingest~writer", "journal");
    run();
    EXPECT_TRUE(read.body.starts_with("ingest~writer ")) << read.message;
}

TEST_F(MeshJournals, AfterLossesTheFeedNeverGoesBackAndTheLastIsKnown) {
    net = MemoryHub::make(timers, clock, *pool, {.seed = 4, .max_delay = 5ms, .loss = 0.2});
    auto& main = node("main");
    auto& ingest = node("ingest");
    ingest.mesh.set_own_journal("e1", 1, 0);
    advance(3s);
    const auto feed = main.mesh.follow("e1");
    std::uint64_t last = 0;
    bool ascends = true;
    const auto id = feed->watch(">", [&](std::uint64_t first) {
        ascends = ascends && first > last;
        last = first;
    });
    advance(3s);
    for (std::uint64_t n = 1; n <= 200; ++n) {
        ingest.commit("e1", n, n);
        if (n % 10 == 0) advance(10ms);
    }
    net->set_loss(0);
    advance(1100ms);
    EXPECT_TRUE(ascends);
    EXPECT_GT(last, 100u);
    EXPECT_EQ(main.mesh.journals()[0].last, 200u);
    feed->unwatch(id);
}

}  // namespace
}  // namespace streamwall::transport
