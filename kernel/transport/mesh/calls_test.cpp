// Calls between processes: found, shared, refused, cancelled, through gateways.
#include "transport/mesh/test_network.hpp"

namespace streamwall::transport {
namespace {

using MeshCalls = Network;

sw_status defer_it(void* ctx, const sw_request* request, sw_buffer**, sw_error*) {
    auto* list = static_cast<std::vector<sw_responder*>*>(ctx);
    list->push_back(services::Registry::defer(request));
    return SW_PENDING;
}

TEST_F(MeshCalls, AServiceOfAnotherNodeAnswersLikeOneOfTheOwn) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.serve("catalog.streams");
    advance(50ms);
    Outcome out;
    ingest.call(out, "catalog.streams", R"({"id":7})");
    EXPECT_EQ(out.answers, 0) << "never from inside the call";
    run();
    EXPECT_EQ(out.code, SW_OK);
    EXPECT_EQ(out.body, R"(main caller@ingest {"id":7})");
    EXPECT_EQ(out.answers, 1);
}

TEST_F(MeshCalls, AnErrorArrivesWithItsMessageAndDetails) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.offer("a.b", [](void*, const sw_request*, sw_buffer**, sw_error* error) {
        return fill(error, {SW_ABORTED, "changed meanwhile", "version", R"({"version":3})"});
    });
    advance(50ms);
    Outcome out;
    ingest.call(out, "a.b");
    run();
    EXPECT_EQ(out.code, SW_ABORTED);
    EXPECT_EQ(out.message, "changed meanwhile");
    EXPECT_EQ(out.details, R"({"version":3})");
}

TEST_F(MeshCalls, WhatNobodyOffersIsRefusedAtOnceWithATimeToTryAgain) {
    node("main");
    auto& ingest = node("ingest");
    advance(50ms);
    Outcome out;
    ingest.call(out, "nobody.has");
    EXPECT_EQ(out.code, SW_UNAVAILABLE);
    EXPECT_NE(out.details.find("retry_after"), std::string::npos);
}

TEST_F(MeshCalls, AServiceThatStopsIsUnavailableAtOnceAndBackAtOnce) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.serve("a.b");
    advance(50ms);
    main.services.withdraw(main.provider, 1ms);
    run();
    Outcome gone;
    ingest.call(gone, "a.b");
    run();
    EXPECT_EQ(gone.code, SW_UNAVAILABLE);
    main.serve("a.b");
    run();
    Outcome back;
    ingest.call(back, "a.b");
    run();
    EXPECT_EQ(back.code, SW_OK);
}

TEST_F(MeshCalls, ReplicasShareTheCalls) {
    auto& one = node("one");
    auto& two = node("two");
    auto& ingest = node("ingest");
    one.serve("a.b");
    two.serve("a.b");
    advance(50ms);
    for (int n = 0; n < 100; ++n) {
        Outcome out;
        ingest.call(out, "a.b");
        run();
        ASSERT_EQ(out.code, SW_OK);
    }
    EXPECT_EQ(one.served + two.served, 100);
    EXPECT_GT(one.served, 20);
    EXPECT_GT(two.served, 20);
}

TEST_F(MeshCalls, ASilentNodesServicesAreUnavailableAfterThreeAndAHalfSeconds) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.serve("a.b");
    advance(50ms);
    net->partition("main", "ingest");
    advance(3s);
    Outcome late;
    ingest.call(late, "a.b", "{}", 100ms);
    advance(200ms);
    EXPECT_EQ(late.code, SW_DEADLINE_EXCEEDED) << "it might have been an instant";
    advance(600ms);
    Outcome refused;
    ingest.call(refused, "a.b");
    EXPECT_EQ(refused.code, SW_UNAVAILABLE);
    net->partition("main", "ingest", false);
    advance(1100ms);
    Outcome back;
    ingest.call(back, "a.b");
    run();
    EXPECT_EQ(back.code, SW_OK);
}

TEST_F(MeshCalls, ALostConnectionMakesEverythingOutsideUnavailableAtOnce) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.serve("a.b");
    advance(50ms);
    net->disconnect("ingest", "cable");
    run();
    Outcome out;
    ingest.call(out, "a.b");
    EXPECT_EQ(out.code, SW_UNAVAILABLE);
    const auto seen = ingest.mesh.snapshot();
    ASSERT_EQ(seen.transports.size(), 1u);
    EXPECT_FALSE(seen.transports[0].connected);
    EXPECT_EQ(seen.transports[0].reason, "cable");
    net->connect("ingest");
    run();
    Outcome back;
    ingest.call(back, "a.b");
    run();
    EXPECT_EQ(back.code, SW_OK) << "both sides greet each other after a reconnect";
}

TEST_F(MeshCalls, AProviderThatComesBackClosesTheBreakersOfItsCallers) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.offer("a.b", [](void*, const sw_request*, sw_buffer**, sw_error* error) {
        return fill(error, Failure::unavailable("down"));
    });
    advance(50ms);
    for (int n = 0; n < 6; ++n) {
        Outcome out;
        ingest.call(out, "a.b");
        run();
        EXPECT_EQ(out.code, SW_UNAVAILABLE);
    }
    main.services.withdraw(main.provider, 1ms);
    run();
    main.serve("a.b");
    run();
    Outcome out;
    ingest.call(out, "a.b");
    run();
    EXPECT_EQ(out.code, SW_OK);
}

TEST_F(MeshCalls, ACancellationReachesTheCallee) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    std::vector<sw_responder*> deferred;
    ASSERT_EQ(main.services.offer(main.provider, "a.b", "m", defer_it, &deferred).code, SW_OK);
    main.services.open(main.provider);
    advance(50ms);
    Outcome first, second;
    ingest.call(first, "a.b");
    ingest.call(second, "a.b");
    run();
    ASSERT_EQ(deferred.size(), 2u);
    ingest.services.cancel(ingest.caller, first.id);
    run();
    EXPECT_EQ(first.code, SW_CANCELLED);
    EXPECT_TRUE(deferred[0]->call->cancelled);
    EXPECT_FALSE(deferred[1]->call->cancelled);
    for (auto* responder : deferred)
        services::Registry::respond(responder, SW_OK, BufferRef("{}").release(), nullptr);
    run();
    EXPECT_EQ(first.answers, 1);
    EXPECT_EQ(second.code, SW_OK);
}

TEST_F(MeshCalls, TheCalleeKnowsHowMuchTimeIsLeft) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    std::vector<sw_responder*> deferred;
    ASSERT_EQ(main.services.offer(main.provider, "a.b", "m", defer_it, &deferred).code, SW_OK);
    main.services.open(main.provider);
    advance(50ms);
    Outcome out;
    ingest.call(out, "a.b", "{}", 300ms);
    advance(400ms);
    EXPECT_EQ(out.code, SW_DEADLINE_EXCEEDED);
    ASSERT_EQ(deferred.size(), 1u);
    EXPECT_TRUE(deferred[0]->call->cancelled) << "by its own deadline";
    services::Registry::respond(deferred[0], SW_OK, nullptr, nullptr);
    run();
    EXPECT_EQ(out.answers, 1);
}

TEST_F(MeshCalls, WhatIsLongerThanAMessageIsRefusedInBothDirections) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.serve("a.b");
    advance(50ms);
    const std::string longest(kMaxMessage - 1000, 'x'), longer(kMaxMessage, 'x');
    Outcome fits, request;
    ingest.call(fits, "a.b", longest);
    ingest.call(request, "a.b", longer);
    run();
    EXPECT_EQ(fits.code, SW_OK);
    EXPECT_EQ(request.code, SW_RESOURCE_EXHAUSTED);
    main.services.withdraw(main.provider, 1ms);
    main.offer("a.b", [](void*, const sw_request*, sw_buffer** reply, sw_error*) -> sw_status {
        *reply = BufferRef(std::string(kMaxMessage, 'y')).release();
        return SW_OK;
    });
    run();
    Outcome reply;
    ingest.call(reply, "a.b");
    run();
    EXPECT_EQ(reply.code, SW_RESOURCE_EXHAUSTED);
}

TEST_F(MeshCalls, AnIsolatedProcessIsPartOfItsNodeInBothDirections) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    auto& hub = child(main, "hub");
    auto& cache = child(main, "cache");
    hub.serve("hub.service");
    ingest.serve("ingest.service");
    main.serve("main.service");
    advance(100ms);
    struct Case {
        Process& from;
        const char* service;
        const char* peer;
    };
    for (const auto& c : std::initializer_list<Case>{{ingest, "hub.service", "main~hub"},
                                                     {main, "hub.service", "main~hub"},
                                                     {cache, "hub.service", "main~hub"},
                                                     {hub, "ingest.service", "ingest"},
                                                     {hub, "main.service", "main"}}) {
        Outcome out;
        c.from.call(out, c.service);
        run();
        EXPECT_EQ(out.body, std::string(c.peer) + " " + c.from.caller.address + " {}")
            << c.service << ": " << out.message;
    }
    const auto peers = ingest.mesh.peers();
    ASSERT_EQ(peers.size(), 3u);
    EXPECT_EQ(peers[0].name, "main");
    EXPECT_EQ(peers[0].services, (std::vector<std::string>{"hub.service", "main.service"}));
    EXPECT_EQ(peers[2].name, "main~hub");
    EXPECT_EQ(peers[2].via, "main");
}

TEST_F(MeshCalls, ACrashedChildIsReplacedByTheSameServiceElsewhere) {
    auto& main = node("main");
    auto& two = node("two");
    auto& hub = child(main, "hub");
    auto& cache = child(main, "cache");
    hub.serve("a.b");
    two.serve("a.b");
    advance(100ms);
    Outcome near;
    cache.call(near, "a.b");
    run();
    EXPECT_TRUE(near.body.starts_with("main~hub ")) << near.body;
    inside[&main]->disconnect("hub", "crash");
    advance(4s);
    Outcome far;
    cache.call(far, "a.b");
    run();
    EXPECT_TRUE(far.body.starts_with("two ")) << far.message;
}

TEST_F(MeshCalls, ANodesOwnServicesStayInsideAndPeersAreCalledByName) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    auto& hub = child(main, "hub");
    main.serve("journal");
    hub.serve("kernel.nodes");
    ingest.serve("kernel.nodes");
    advance(100ms);
    Outcome inside_out, outside_out, by_name, own, forwarded, answered, nobody;
    hub.call(inside_out, "journal");
    ingest.call(outside_out, "journal");
    ingest.call_peer(by_name, "main", "journal");
    ingest.call_peer(own, "ingest", "kernel.nodes");
    ingest.call_peer(forwarded, "main~hub", "kernel.nodes");
    hub.call_peer(answered, "ingest", "kernel.nodes");
    ingest.call_peer(nobody, "elsewhere", "kernel.nodes");
    run();
    EXPECT_TRUE(inside_out.body.starts_with("main ")) << inside_out.message;
    EXPECT_EQ(outside_out.code, SW_UNAVAILABLE);
    EXPECT_TRUE(by_name.body.starts_with("main ")) << by_name.message;
    EXPECT_TRUE(own.body.starts_with("ingest ")) << own.message;
    EXPECT_TRUE(forwarded.body.starts_with("main~hub ")) << forwarded.message;
    EXPECT_TRUE(answered.body.starts_with("ingest ")) << answered.message;
    EXPECT_EQ(nobody.code, SW_UNAVAILABLE);
}

TEST_F(MeshCalls, ADetachedTransportIsLeftAloneAndItsNodesAreGone) {
    auto& main = node("main");
    auto& ingest = node("ingest");
    main.serve("a.b");
    advance(50ms);
    bool done = false;
    main.mesh.detach("nats", [&] { done = true; });
    run();
    EXPECT_TRUE(done);
    EXPECT_TRUE(ingest.peer_names().empty()) << "it said good-bye";
    EXPECT_TRUE(main.peer_names().empty());
    Outcome out;
    ingest.call(out, "a.b");
    EXPECT_EQ(out.code, SW_UNAVAILABLE);
    const auto before = net->counts().messages;
    main.publish("chat.a");
    run();
    EXPECT_EQ(net->counts().messages, before);
}

TEST_F(MeshCalls, EachCallIsAnsweredOnceWhateverTheNetworkDoes) {
    net = MemoryHub::make(timers, clock, *pool, {.seed = 11, .max_delay = 30ms, .loss = 0.1});
    auto& main = node("main");
    auto& two = node("two");
    auto& ingest = node("ingest");
    main.serve("a.b");
    two.serve("a.b");
    advance(2s);
    std::vector<std::unique_ptr<Outcome>> all;
    for (int round = 0; round < 200; ++round) {
        if (round == 50) net->partition("main", "ingest");
        if (round == 70) net->block("ingest", "two");
        if (round == 100) net->disconnect("ingest", "cable");
        if (round == 120) net->connect("ingest");
        if (round == 150) net->partition("main", "ingest", false);
        if (round == 160) net->block("ingest", "two", false);
        for (int n = 0; n < 5; ++n) {
            all.push_back(std::make_unique<Outcome>());
            ingest.call(*all.back(), "a.b", "{}", 200ms);
        }
        advance(20ms);
    }
    advance(1s);
    std::map<sw_status, int> codes;
    for (const auto& out : all) {
        EXPECT_EQ(out->answers, 1);
        ++codes[out->code];
    }
    EXPECT_GT(codes[SW_OK], 200);
    EXPECT_EQ(codes[SW_OK] + codes[SW_UNAVAILABLE] + codes[SW_DEADLINE_EXCEEDED], 1000);
    EXPECT_EQ(ingest.services.pending(), 0u);
    EXPECT_EQ(ingest.caller.replies.inside(), 0u);
}

}  // namespace
}  // namespace streamwall::transport
