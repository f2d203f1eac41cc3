// Calls between parties: inline, queued, late, cancelled, expired, refused.
#include "services/registry.hpp"

#include <gtest/gtest.h>

#include <thread>

using namespace std::chrono_literals;

namespace streamwall::services {
namespace {

// Two parties on a deterministic pool and a virtual clock.
class RegistryTest : public testing::Test {
  protected:
    RegistryTest() {
        caller.instance = "caller";
        caller.address = "caller@test";
        caller.strand = exec::Strand::make("caller", *pool);
        provider.instance = "provider";
        provider.address = "provider@test";
        provider.strand = exec::Strand::make("provider", *pool);
    }
    ~RegistryTest() override {
        registry.cancel_all(caller);
        run();
        registry.forget_party(caller);
    }
    void run() {
        while (pool->run_one()) {
        }
    }
    void advance(std::chrono::nanoseconds by) {
        for (auto left = by; left > 0ns; left -= 10ms) {
            clock.advance(std::min<std::chrono::nanoseconds>(left, 10ms));
            timers.fire_due();
            run();
        }
    }
    void serve(sw_method_fn handler, void* ctx = nullptr) {
        ASSERT_EQ(registry.offer(provider, "a.b", "m", handler, ctx).code, SW_OK);
        registry.open(provider);
    }
    struct Outcome {
        sw_status returned = SW_OK;
        std::string inline_reply, inline_error;
        int callbacks = 0;
        sw_status code = -9;
        std::string reply, message, caller;
        std::uint64_t id = 0;
    };
    void call(Outcome& out, std::string_view body = "{}", std::chrono::nanoseconds timeout = 1s) {
        const auto* method = registry.resolve(caller, "a.b", "m");
        sw_context context{};
        context.size = sizeof context;
        context.deadline_ns = clock.monotonic_ns() + static_cast<std::uint64_t>(timeout.count());
        context.home = home;
        BufferRef request(body);
        sw_buffer* reply = nullptr;
        ErrorSlot error;
        out.returned = registry.call(
            *method, request.get(), &context,
            [](void* ctx, sw_status code, const sw_buffer* reply, const sw_error* error) {
                auto& got = *static_cast<Outcome*>(ctx);
                ++got.callbacks;
                got.code = code;
                got.reply = view(reply);
                if (error) got.message = error->message;
            },
            &out, &out.id, &reply, error.get());
        out.inline_reply = view(reply);
        out.inline_error = error.get()->message;
        buffer_release(reply);
    }

    exec::VirtualClock clock;
    exec::Timers timers{clock, exec::Timers::Mode::manual};
    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 0});
    Party caller, provider;
    Registry registry{clock, timers, pool};
    const sw_executor* home = nullptr;
};

sw_status echo(void*, const sw_request* request, sw_buffer** reply, sw_error*) {
    *reply = BufferRef(std::string(view(request->context->caller)) + " " +
                       std::string(view(request->body)))
                 .release();
    return SW_OK;
}

TEST_F(RegistryTest, AParallelProviderAnswersInsideTheCall) {
    provider.parallel = true;
    serve(echo);
    Outcome out;
    call(out, "{1}");
    EXPECT_EQ(out.returned, SW_OK);
    EXPECT_EQ(out.inline_reply, "caller@test {1}");
    run();
    EXPECT_EQ(out.callbacks, 0);
}

TEST_F(RegistryTest, ASerialProviderAnswersOnItsStrandAndTheReplyComesOnTheCallers) {
    struct Seen {
        exec::Strand* strand;
        bool on_strand = false;
    } seen{provider.strand.get()};
    serve(
        [](void* ctx, const sw_request* request, sw_buffer** reply, sw_error* error) {
            auto& s = *static_cast<Seen*>(ctx);
            s.on_strand = s.strand->is_current();
            return echo(nullptr, request, reply, error);
        },
        &seen);
    Outcome out;
    call(out);
    EXPECT_EQ(out.returned, SW_PENDING);
    EXPECT_EQ(out.callbacks, 0);
    run();
    EXPECT_TRUE(seen.on_strand);
    EXPECT_EQ(out.callbacks, 1);
    EXPECT_EQ(out.code, SW_OK);
    EXPECT_EQ(out.reply, "caller@test {}");
    EXPECT_EQ(registry.pending(), 0u);
}

struct Deferred {
    sw_responder* responder = nullptr;
    bool answer_at_once = false;
};
sw_status defer_it(void* ctx, const sw_request* request, sw_buffer**, sw_error*) {
    auto& deferred = *static_cast<Deferred*>(ctx);
    deferred.responder = Registry::defer(request);
    if (deferred.answer_at_once) {
        Registry::respond(deferred.responder, SW_OK, BufferRef("now").release(), nullptr);
    }
    return SW_PENDING;
}

TEST_F(RegistryTest, ADeferredAnswerArrivesOnce) {
    for (const bool parallel : {true, false}) {
        provider.parallel = parallel;
        Deferred deferred;
        serve(defer_it, &deferred);
        Outcome out;
        call(out);
        EXPECT_EQ(out.returned, SW_PENDING);
        run();
        EXPECT_EQ(out.callbacks, 0);
        std::thread([&] {
            Registry::respond(deferred.responder, SW_OK, BufferRef("later").release(), nullptr);
        }).join();
        run();
        EXPECT_EQ(out.callbacks, 1);
        EXPECT_EQ(out.reply, "later");
        EXPECT_TRUE(registry.withdraw(provider, 1ms));
    }
}

TEST_F(RegistryTest, AnAnswerGivenBeforeTheHandlerReturnsIsTheCallsResult) {
    provider.parallel = true;
    Deferred deferred{.answer_at_once = true};
    serve(defer_it, &deferred);
    Outcome out;
    call(out);
    EXPECT_EQ(out.returned, SW_OK);
    EXPECT_EQ(out.inline_reply, "now");
    run();
    EXPECT_EQ(out.callbacks, 0);
    EXPECT_EQ(registry.pending(), 0u);
}

TEST_F(RegistryTest, ADeadlineEndsTheCallAndTheLateAnswerIsThrownAway) {
    provider.parallel = true;
    Deferred deferred;
    serve(defer_it, &deferred);
    Outcome out;
    call(out, "{}", 100ms);
    advance(80ms);
    EXPECT_EQ(out.callbacks, 0);
    advance(60ms);
    EXPECT_EQ(out.callbacks, 1);
    EXPECT_EQ(out.code, SW_DEADLINE_EXCEEDED);
    Registry::respond(deferred.responder, SW_OK, BufferRef("late").release(), nullptr);
    run();
    EXPECT_EQ(out.callbacks, 1);
}

TEST_F(RegistryTest, CancellingTellsTheCalleeAndAnswersOnce) {
    provider.parallel = true;
    Deferred deferred;
    serve(defer_it, &deferred);
    Outcome out;
    call(out);
    registry.cancel(caller, out.id);
    run();
    EXPECT_EQ(out.code, SW_CANCELLED);
    EXPECT_TRUE(deferred.responder->call->cancelled);
    Registry::respond(deferred.responder, SW_OK, nullptr, nullptr);
    run();
    EXPECT_EQ(out.callbacks, 1);
    registry.cancel(caller, out.id);
}

TEST_F(RegistryTest, NoProviderIsUnavailableAtOnce) {
    Outcome out;
    call(out);
    EXPECT_EQ(out.returned, SW_UNAVAILABLE);
    EXPECT_EQ(out.inline_error, "no running plugin offers a.b.m");
}

TEST_F(RegistryTest, AProviderThatStopsAnswersWhatItOwesAndMayComeBack) {
    provider.parallel = true;
    Deferred deferred;
    serve(defer_it, &deferred);
    Outcome out;
    call(out);
    EXPECT_TRUE(registry.withdraw(provider, 1ms));
    run();
    EXPECT_EQ(out.code, SW_UNAVAILABLE);
    Registry::respond(deferred.responder, SW_OK, nullptr, nullptr);
    serve(echo);
    Outcome again;
    call(again);
    EXPECT_EQ(again.returned, SW_OK);
}

TEST_F(RegistryTest, TwoProvidersOfOneMethodAreRefusedWithTheFirstsName) {
    serve(echo);
    Party other;
    other.instance = "other";
    const auto failure = registry.offer(other, "a.b", "m", echo, nullptr);
    EXPECT_EQ(failure.code, SW_ALREADY_EXISTS);
    EXPECT_NE(failure.message.find("provider"), std::string::npos);
}

TEST_F(RegistryTest, ACallWithoutDeadlineIsRefused) {
    serve(echo);
    Outcome out;
    sw_context context{};
    context.size = sizeof context;
    BufferRef body("{}");
    ErrorSlot error;
    EXPECT_EQ(registry.call(*registry.resolve(caller, "a.b", "m"), body.get(), &context, nullptr,
                            nullptr, nullptr, nullptr, error.get()),
              SW_INVALID_ARGUMENT);
}

sw_status fail(void*, const sw_request*, sw_buffer**, sw_error* error) {
    return streamwall::fill(error, Failure::unavailable("down"));
}

TEST_F(RegistryTest, TheBreakerOpensAfterFiveFailuresAndLetsOneTrialThrough) {
    provider.parallel = true;
    serve(fail);
    for (int n = 0; n < 5; ++n) {
        Outcome out;
        call(out);
        EXPECT_EQ(out.inline_error, "down");
    }
    Outcome refused;
    call(refused);
    EXPECT_EQ(refused.inline_error, "calls to a.b fail; waiting");
    EXPECT_TRUE(registry.withdraw(provider, 1ms));
    serve(echo);
    advance(1s);
    Outcome trial;
    call(trial);
    EXPECT_EQ(trial.returned, SW_OK);
    Outcome after;
    call(after);
    EXPECT_EQ(after.returned, SW_OK);
}

TEST_F(RegistryTest, RepliesGoToTheHomeExecutorAndNeverRunInsideAnotherCall) {
    provider.parallel = true;
    struct Loop {
        std::vector<std::pair<void (*)(void*), void*>> posted;
    } loop;
    sw_executor executor{};
    executor.size = sizeof executor;
    executor.self = &loop;
    executor.post = [](void* self, void (*run)(void*), void* arg) {
        static_cast<Loop*>(self)->posted.emplace_back(run, arg);
    };
    executor.is_current = [](void*) -> int32_t { return 1; };
    home = &executor;
    Deferred deferred;
    serve(defer_it, &deferred);
    Outcome out;
    call(out);
    ++PendingCall::depth();
    Registry::respond(deferred.responder, SW_OK, BufferRef("x").release(), nullptr);
    --PendingCall::depth();
    EXPECT_EQ(out.callbacks, 0);
    ASSERT_EQ(loop.posted.size(), 1u);
    loop.posted[0].first(loop.posted[0].second);
    EXPECT_EQ(out.callbacks, 1);

    Outcome direct;
    call(direct);
    Registry::respond(deferred.responder, SW_OK, BufferRef("y").release(), nullptr);
    EXPECT_EQ(direct.callbacks, 1) << "on the home executor already: no detour";
}

// Another process that serves what it is told to, when it is told to.
struct Elsewhere final : Remote {
    bool reaches(const Slot& slot) const override { return slot.service == service; }
    void carry(Slot&, const sw_buffer* request, const sw_context& context,
               PendingCall* call) override {
        calls.push_back(call);
        seen = std::string(view(context.caller)) + " " + std::string(view(request));
    }
    void cancel(std::uint64_t call) override { cancelled = call; }
    void offers_changed() override { ++changes; }

    std::string service, seen;
    std::vector<PendingCall*> calls;
    std::uint64_t cancelled = 0;
    int changes = 0;
};

TEST_F(RegistryTest, WhatNobodyOffersHereGoesElsewhereWhereItIsOffered) {
    Elsewhere elsewhere;
    registry.set_remote(&elsewhere);
    Outcome refused;
    call(refused);
    EXPECT_EQ(refused.returned, SW_UNAVAILABLE);
    elsewhere.service = "a.b";
    Outcome carried;
    call(carried, "{1}");
    EXPECT_EQ(carried.returned, SW_PENDING);
    ASSERT_EQ(elsewhere.calls.size(), 1u);
    EXPECT_EQ(elsewhere.seen, "caller@test {1}");
    elsewhere.calls[0]->answer(SW_OK, BufferRef("far"), {});
    run();
    EXPECT_EQ(carried.reply, "far");
    provider.parallel = true;
    serve(echo);
    Outcome near;
    call(near);
    EXPECT_EQ(near.returned, SW_OK) << "a provider of the own process comes first";
    registry.withdraw(provider, 1ms);
    EXPECT_EQ(elsewhere.changes, 2);
}

TEST_F(RegistryTest, ACancelledCallIsCancelledElsewhereAndAnExpiredOneExpiresThereByItself) {
    Elsewhere elsewhere;
    elsewhere.service = "a.b";
    registry.set_remote(&elsewhere);
    Outcome cancelled, expired;
    call(cancelled);
    registry.cancel(caller, cancelled.id);
    run();
    EXPECT_EQ(cancelled.code, SW_CANCELLED);
    EXPECT_EQ(elsewhere.cancelled, cancelled.id);
    call(expired, "{}", 30ms);
    advance(60ms);
    EXPECT_EQ(expired.code, SW_DEADLINE_EXCEEDED);
    EXPECT_EQ(elsewhere.cancelled, cancelled.id);
    for (auto* late : elsewhere.calls)
        late->answer(SW_OK, {}, {});
    run();
    EXPECT_EQ(cancelled.callbacks + expired.callbacks, 2);
}

TEST_F(RegistryTest, ARequestFromElsewhereIsServedAndCanBeCancelledByItsOrigin) {
    provider.parallel = true;
    Deferred deferred;
    serve(defer_it, &deferred);
    std::vector<sw_status> answers;
    const auto serve_one = [&](RemoteKey key) {
        sw_context context{};
        context.size = sizeof context;
        context.deadline_ns = clock.monotonic_ns() + 1'000'000'000;
        registry.serve_remote(
            *registry.find("a.b", "m"), BufferRef("{}"), ContextCopy(context),
            [&](sw_status status, const sw_buffer*, const Failure&) { answers.push_back(status); },
            key);
    };
    serve_one({.boot = 7, .id = 1});
    registry.cancel_remote({.boot = 8, .id = 1});
    EXPECT_TRUE(answers.empty());
    registry.cancel_remote({.boot = 7, .id = 1});
    EXPECT_EQ(answers, std::vector<sw_status>{SW_CANCELLED});
    EXPECT_TRUE(deferred.responder->call->cancelled);
    Registry::respond(deferred.responder, SW_OK, nullptr, nullptr);
    serve_one({.boot = 7, .id = 2});
    Registry::respond(deferred.responder, SW_OK, nullptr, nullptr);
    EXPECT_EQ(answers, (std::vector<sw_status>{SW_CANCELLED, SW_OK}));
}

TEST_F(RegistryTest, AProviderThatCameBackIsCalledAgainBeforeTheBreakersPauseIsOver) {
    provider.parallel = true;
    serve(fail);
    for (int n = 0; n < 6; ++n) {
        Outcome out;
        call(out);
    }
    EXPECT_TRUE(registry.withdraw(provider, 1ms));
    serve(echo);
    registry.close_breakers("a.other");
    Outcome waiting;
    call(waiting);
    EXPECT_EQ(waiting.returned, SW_UNAVAILABLE);
    registry.close_breakers("a.b");
    Outcome served;
    call(served);
    EXPECT_EQ(served.returned, SW_OK);
}

TEST_F(RegistryTest, NothingIsLeftBehind) {
    const auto before = buffers_alive();
    provider.parallel = true;
    Deferred deferred;
    serve(defer_it, &deferred);
    for (int n = 0; n < 100; ++n) {
        Outcome out;
        call(out);
        Registry::respond(deferred.responder, SW_OK, BufferRef("x").release(), nullptr);
        run();
        EXPECT_EQ(out.callbacks, 1);
    }
    EXPECT_EQ(registry.pending(), 0u);
    EXPECT_EQ(caller.replies.inside(), 0u);
    EXPECT_EQ(buffers_alive(), before);
}

}  // namespace
}  // namespace streamwall::services
