// Who is there: joining, leaving, silence, names used twice.
#include "transport/mesh/announcement.hpp"
#include "transport/mesh/subjects.hpp"
#include "transport/mesh/test_network.hpp"

namespace streamwall::transport {
namespace {

using MeshPeers = Network;

TEST_F(MeshPeers, NodesThatJoinAndLeaveAreEventsOfEachProcess) {
    auto& main = node("main");
    auto& hub = child(main, "hub");
    const auto kept = std::pair(main.listen("node.*"), hub.listen("node.*"));
    advance(50ms);
    main.heard.clear();
    hub.heard.clear();
    auto& ingest = node("ingest");
    advance(50ms);
    const std::vector<std::string> joined{R"(node.joined {"node":"ingest","version":"1.2.3"})"};
    EXPECT_EQ(main.heard, joined);
    EXPECT_EQ(hub.heard, joined);
    ingest.mesh.stop([] {});
    advance(50ms);
    ASSERT_EQ(main.heard.size(), 2u);
    EXPECT_EQ(main.heard[1], R"(node.left {"node":"ingest","reason":"it said good-bye"})");
    EXPECT_EQ(hub.heard.size(), 2u);
}

TEST_F(MeshPeers, WhoStopsDoesNotSayThatAllOthersAreGone) {
    node("main");
    auto& ingest = node("ingest");
    const auto kept = ingest.listen("node.*");
    advance(50ms);
    log_lines.clear();
    ingest.heard.clear();
    ingest.mesh.stop([] {});
    advance(50ms);
    EXPECT_TRUE(ingest.mesh.peers().empty());
    EXPECT_TRUE(ingest.heard.empty());
    for (const auto& line : log_lines)
        EXPECT_EQ(line.find("node main is gone"), std::string::npos) << line;
}

TEST_F(MeshPeers, ANodeThatFallsSilentHasLeft) {
    auto& main = node("main");
    node("ingest");
    const auto kept = main.listen("node.*");
    advance(50ms);
    EXPECT_EQ(main.peer_names(), std::vector<std::string>{"ingest"});
    net->block("ingest", "main");
    advance(3s);
    EXPECT_EQ(main.peer_names(), std::vector<std::string>{"ingest"});
    EXPECT_GT(main.mesh.peers()[0].silent_ms, 1000);
    advance(1s);
    EXPECT_TRUE(main.peer_names().empty());
    EXPECT_EQ(main.heard.back(), R"(node.left {"node":"ingest","reason":"it was not heard of"})");
}

TEST_F(MeshPeers, AWatcherIsToldOfChangesUntilItEnds) {
    auto& main = node("main");
    int told = 0;
    const auto id = main.mesh.watch_peers([&] { ++told; });
    advance(50ms);
    EXPECT_EQ(told, 0);
    node("ingest");
    advance(50ms);
    EXPECT_GT(told, 0);
    const auto before = told;
    advance(3s);
    EXPECT_EQ(told, before) << "nothing changed";
    main.mesh.unwatch_peers(id);
    node("third");
    advance(50ms);
    EXPECT_EQ(told, before);
}

TEST_F(MeshPeers, OfTwoNodesWithOneNameTheSecondDoesNotServeUntilTheFirstIsGone) {
    auto& first = node("main");
    auto& ingest = node("ingest");
    first.serve("a.b");
    advance(50ms);
    MeshOptions options;
    Process second(*this, options);
    second.serve("a.b");
    second.mesh.attach("nats", net->join("main too"), Role::outside);
    advance(2s);
    EXPECT_EQ(first.mesh.snapshot().refused, "");
    EXPECT_NE(second.mesh.snapshot().refused.find("two nodes go by the name 'main'"),
              std::string::npos);
    int named = 0;
    for (const auto& line : log_lines)
        named += line.find("node.name_taken") != std::string::npos;
    EXPECT_EQ(named, 2) << "each says it once";
    const auto served = second.served;
    for (int n = 0; n < 20; ++n) {
        Outcome out;
        ingest.call(out, "a.b");
        run();
        EXPECT_EQ(out.code, SW_OK);
    }
    EXPECT_EQ(second.served, served);
    first.mesh.stop([] {});
    advance(5s);
    EXPECT_EQ(second.mesh.snapshot().refused, "");
    Outcome out;
    ingest.call(out, "a.b");
    run();
    EXPECT_EQ(out.code, SW_OK);
    EXPECT_EQ(second.served, served + 1);
}

TEST_F(MeshPeers, ANodeThatWasStartedAnewIsNotMistakenForARival) {
    auto& ingest = node("ingest");
    {
        auto& before = node("main");
        before.serve("a.b");
        advance(100ms);
    }
    processes.erase("main");  // a crash: no good-bye
    advance(100ms);
    auto& after = node("main");
    after.serve("a.b");
    advance(100ms);
    Outcome out;
    ingest.call(out, "a.b");
    run();
    EXPECT_EQ(out.code, SW_OK);
    EXPECT_EQ(after.mesh.snapshot().refused, "");
}

TEST_F(MeshPeers, NoiseOnItsSubjectsIsCountedAndIgnored) {
    auto& main = node("main");
    main.serve("a.b");
    advance(50ms);
    const auto stranger = net->join("stranger");
    const Subjects subjects("streamwall");
    for (const auto& subject :
         {subjects.peers(), subjects.call("a.b"), subjects.peer("main"), subjects.cancel()}) {
        stranger->publish(subject, "", BufferRef("noise"));
        stranger->publish(subject, "reply.here", BufferRef("{\"peer\":7}"));
    }
    run();
    EXPECT_TRUE(main.peer_names().empty());
    EXPECT_EQ(main.served, 0);
}

TEST(Subjects, AnyTextIsOneToken) {
    const Subjects subjects("sw");
    EXPECT_EQ(subjects.peers(), "sw.1.peers");
    EXPECT_EQ(subjects.call("catalog.streams"), "sw.1.call.catalog.streams");
    EXPECT_EQ(subjects.peer("main~my hub"), "sw.1.peer.main%7Emy%20hub");
    EXPECT_EQ(subjects.journal("a.b*>"), "sw.1.journal.a%2Eb%2A%3E");
    EXPECT_EQ(subjects.event("stream.*"), "sw.1.event.stream.*");
    EXPECT_EQ(subjects.type_of(subjects.event("stream.created")), "stream.created");
    EXPECT_EQ(subjects.type_of("short"), "");
}

TEST(Announcements, SurviveTheTripAndBrokenOnesAreRefused) {
    Announcement said;
    said.peer = {"main~hub", "main", "hub", "1.0", "b1", 42, 1000};
    said.hello = true;
    said.services = {"a.b"};
    said.node_services = {"journal"};
    said.patterns = {"stream.*"};
    said.follows = {"e1"};
    said.journals = {{"e2", "main", 3, 9}};
    said.behind = {{"ingest", "ingest", "", "1.0", "b2", 43, 2000}};
    const auto read = decode_announcement(encode_announcement(said));
    ASSERT_TRUE(read);
    EXPECT_TRUE(says_the_same(*read, said));
    EXPECT_TRUE(read->hello);
    EXPECT_EQ(read->journals[0].last, 9u);
    auto later = said;
    later.journals[0].last = 10;
    EXPECT_TRUE(says_the_same(said, later)) << "how far a journal is, is no news";
    later.services.insert("c.d");
    EXPECT_FALSE(says_the_same(said, later));
    for (const char* bad : {"", "[]", "{}", R"({"peer":"a"})", R"({"peer":1,"boot":2})"})
        EXPECT_FALSE(decode_announcement(bad)) << bad;
    EXPECT_TRUE(decode_announcement(R"({"peer":"a","boot":"b","journals":[7],"behind":"x"})"));
}

}  // namespace
}  // namespace streamwall::transport
