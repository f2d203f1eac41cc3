// The kernel's hot paths beside their floors: queues, wake-ups, crossings of the boundary, calls.
//
// Times are per operation; `--benchmark_repetitions=5` gives medians. Pairs to compare:
//   EventThroughBusyQueue  ≤ 0.5 µs
//   PublishToIdleStrand    ≤ 2 × CondvarWakeUp (both one way)
//   BoundaryCrossing       ≤ 10 ns (release, contract checks off)
//   ParallelCall           ≤ 0.2 µs over PlainCall
#include "abi/plugin_host.hpp"
#include "abi/tables.hpp"
#include "bus/bus.hpp"
#include "services/registry.hpp"

#include <benchmark/benchmark.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace streamwall {
namespace {

struct Kernel {
    exec::SystemClock clock;
    std::shared_ptr<exec::Pool> pool =
        std::make_shared<exec::Pool>(exec::PoolOptions{.workers = 2});
    exec::Timers timers{clock, exec::Timers::Mode::thread};
    services::Registry services{clock, timers, pool};
    bus::Bus bus{clock};
    Party caller, provider;
    Kernel() {
        caller.instance = "caller";
        caller.address = "caller@main";
        caller.strand = exec::Strand::make("caller", *pool);
        provider.instance = "provider";
        provider.address = "provider@main";
        provider.strand = exec::Strand::make("provider", *pool);
        provider.parallel = true;
    }
    ~Kernel() { pool->stop(); }
};

const std::string kRecord(646, 'x');

sw_context context_of(const Kernel& kernel) {
    sw_context context{};
    context.size = sizeof context;
    context.principal_type = str("key");
    context.principal_id = str("bootstrap");
    context.role = str("admin");
    context.request_id = str("0123456789abcdef0123456789abcdef");
    context.deadline_ns = kernel.clock.monotonic_ns() + 3'600'000'000'000ull;
    return context;
}

void EventThroughBusyQueue(benchmark::State& state) {
    Kernel kernel;
    struct Seen {
        std::atomic<std::uint64_t> count{0};
    } seen;
    kernel.provider.parallel = false;
    const auto live = kernel.bus.subscribe(kernel.provider, "chat.*",
                                           {[](void* ctx, const sw_event*, sw_error*) -> sw_status {
                                                static_cast<Seen*>(ctx)->count.fetch_add(
                                                    1, std::memory_order_relaxed);
                                                return SW_OK;
                                            },
                                            &seen},
                                           {.limit = std::size_t(1) << 30});
    const BufferRef data("{\"text\":\"" + kRecord + "\"}");
    sw_event_draft draft{};
    draft.size = sizeof draft;
    draft.type = str("chat.message_posted");
    draft.version = str("1.0");
    draft.subject = str("chat/twitch");
    draft.data = data.get();
    const auto context = context_of(kernel);
    std::uint64_t published = 0;
    constexpr int kBatch = 1000;
    for (auto _ : state) {
        // One batch in one task of the subscriber's own strand: the queue is never empty, and no
        // thread has to be woken.
        std::mutex mutex;
        std::condition_variable done;
        bool over = false;
        kernel.provider.strand->post_function([&] {
            for (int n = 0; n < kBatch; ++n)
                kernel.bus.publish(kernel.caller, draft, context);
        });
        published += kBatch;
        kernel.provider.strand->post_function([&] {
            kernel.provider.strand->post_function([&] {
                std::lock_guard lock(mutex);
                over = true;
                done.notify_one();
            });
        });
        std::unique_lock lock(mutex);
        done.wait(lock, [&] { return over; });
    }
    if (seen.count != published) state.SkipWithError("events were lost");
    state.SetItemsProcessed(static_cast<std::int64_t>(published));
    state.counters["ns_per_event"] =
        benchmark::Counter(static_cast<double>(published) / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(EventThroughBusyQueue)->UseRealTime();

// Floor: two threads that wake each other; half a round trip.
void CondvarWakeUp(benchmark::State& state) {
    std::mutex mutex;
    std::condition_variable ping, pong;
    int turn = 0;
    bool stop = false;
    std::thread other([&] {
        std::unique_lock lock(mutex);
        for (;;) {
            ping.wait(lock, [&] { return turn == 1 || stop; });
            if (stop) return;
            turn = 0;
            pong.notify_one();
        }
    });
    for (auto _ : state) {
        std::unique_lock lock(mutex);
        turn = 1;
        ping.notify_one();
        pong.wait(lock, [&] { return turn == 0; });
    }
    {
        std::lock_guard lock(mutex);
        stop = true;
    }
    ping.notify_one();
    other.join();
    state.counters["one_way_ns"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * 2 / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(CondvarWakeUp)->UseRealTime();

// Publish → callback on an idle strand, which wakes the publisher: the same ping-pong, one of whose
// halves is the bus.
void PublishToIdleStrand(benchmark::State& state) {
    Kernel kernel;
    kernel.provider.parallel = false;
    struct Turn {
        std::mutex mutex;
        std::condition_variable changed;
        bool handled = false;
    } turn;
    const auto subscription =
        kernel.bus.subscribe(kernel.provider, "chat.*",
                             {[](void* ctx, const sw_event*, sw_error*) -> sw_status {
                                  auto& t = *static_cast<Turn*>(ctx);
                                  std::lock_guard lock(t.mutex);
                                  t.handled = true;
                                  t.changed.notify_one();
                                  return SW_OK;
                              },
                              &turn},
                             {});
    const BufferRef data(std::string_view("{}"));
    sw_event_draft draft{};
    draft.size = sizeof draft;
    draft.type = str("chat.message_posted");
    draft.data = data.get();
    const auto context = context_of(kernel);
    for (auto _ : state) {
        kernel.bus.publish(kernel.caller, draft, context);
        std::unique_lock lock(turn.mutex);
        turn.changed.wait(lock, [&] { return turn.handled; });
        turn.handled = false;
    }
    state.counters["one_way_ns"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * 2 / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(PublishToIdleStrand)->UseRealTime();

void BoundaryCrossing(benchmark::State& state) {
    const auto* table = abi::buffer_table();
    const BufferRef buffer(std::string_view("x"));
    for (auto _ : state) {
        table->retain(buffer.get());
        table->release(buffer.get());
    }
    state.counters["ns_per_crossing"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * 2 / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BoundaryCrossing);

sw_status answer(void* ctx, const sw_request*, sw_buffer** reply, sw_error*) {
    auto* shared = static_cast<sw_buffer*>(ctx);
    buffer_retain(shared);
    *reply = shared;
    return SW_OK;
}

void PlainCall(benchmark::State& state) {
    const BufferRef body(kRecord);
    auto* volatile function = &answer;
    sw_request request{};
    for (auto _ : state) {
        sw_buffer* reply = nullptr;
        function(const_cast<sw_buffer*>(body.get()), &request, &reply, nullptr);
        buffer_release(reply);
    }
}
BENCHMARK(PlainCall);

void ParallelCall(benchmark::State& state) {
    Kernel kernel;
    const BufferRef body(kRecord);
    kernel.services.offer(kernel.provider, "catalog.streams", "get", &answer,
                          const_cast<sw_buffer*>(body.get()));
    kernel.services.open(kernel.provider);
    const auto* method = kernel.services.resolve(kernel.caller, "catalog.streams", "get");
    const auto context = context_of(kernel);
    ErrorSlot error;
    for (auto _ : state) {
        sw_buffer* reply = nullptr;
        kernel.services.call(*method, body.get(), &context, nullptr, nullptr, nullptr, &reply,
                             error.get());
        buffer_release(reply);
    }
    kernel.services.withdraw(kernel.provider, std::chrono::milliseconds(100));
    kernel.services.forget_party(kernel.caller);
}
BENCHMARK(ParallelCall);

}  // namespace
}  // namespace streamwall

BENCHMARK_MAIN();
