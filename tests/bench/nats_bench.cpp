// Requests over NATS: the table of transport-nats against bare libnats, each as it is meant to be
// used.
//
//   nats_bench [rounds] [seconds]
//
// Starts a nats-server and, in processes of their own, one that answers with libnats and one that
// answers through the table. Requests and answers are of 600 bytes. Two figures for each side,
// taken in turn: the latency of one request at a time, and the rate with 32 under way. The bare
// side writes at once (SendAsap; without it a request waits a millisecond for libnats's flusher)
// and asks from 32 threads, as its requests block; ours asks again from the callback. Prints one
// JSON object.
#include "nats_server.hpp"
#include "table.hpp"
#include "transport.hpp"

#include <heap_buffers.hpp>

#include <nats/nats.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace streamwall;
using namespace streamwall::transport_nats;
using Clock = std::chrono::steady_clock;

constexpr int kInFlight = 32;
constexpr int kBodyBytes = 600;
const std::string kBody(kBodyBytes, 'x');

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "nats_bench: %s\n", what);
    std::exit(1);
}

// ---- bare libnats ----

natsConnection* connect_bare(const std::string& url) {
    natsOptions* options = nullptr;
    natsConnection* out = nullptr;
    natsOptions_Create(&options);
    natsOptions_SetURL(options, url.c_str());
    natsOptions_SetSendAsap(options, true);
    natsOptions_SetNoEcho(options, true);
    if (natsConnection_Connect(&out, options) != NATS_OK) give_up("the bare side cannot connect");
    natsOptions_Destroy(options);
    return out;
}

void answer_bare(natsConnection* connection, natsSubscription*, natsMsg* message, void*) {
    natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                           natsMsg_GetDataLength(message));
    natsMsg_Destroy(message);
}

bool ask_bare(natsConnection* connection) {
    natsMsg* reply = nullptr;
    const bool answered = natsConnection_Request(&reply, connection, "bare", kBody.data(),
                                                 kBodyBytes, 5'000) == NATS_OK;
    natsMsg_Destroy(reply);
    return answered;
}

// ---- the table ----

class Quiet final : public TransportObserver {
    void on_connected(const std::string&) override {}
    void on_disconnected(const std::string&, std::chrono::milliseconds) override {}
    void on_problem(std::string_view) override {}
    void on_stopped() override {}
};

class Ours {
  public:
    explicit Ours(const std::string& url) {
        Options options;
        options.servers = *parse_servers({url});
        transport_ = std::make_unique<Transport>(std::move(options), quiet_);
        table_.watch(
            transport_.get(),
            [](void* ctx, std::int32_t connected, sw_str) {
                if (connected == 1) static_cast<Ours*>(ctx)->connected_.release();
            },
            this);
        transport_->start();
        if (!connected_.try_acquire_for(std::chrono::seconds(10))) give_up("cannot connect");
    }
    ~Ours() { table_.watch(transport_.get(), nullptr, nullptr); }

    void serve() {
        std::uint64_t id = 0;
        table_.subscribe(
            transport_.get(), to_str("ours"), {},
            [](void* ctx, const sw_message* message) {
                auto& self = *static_cast<Ours*>(ctx);
                self.table_.publish(self.transport_.get(), message->reply, {}, message->body,
                                    nullptr);
            },
            this, &id, nullptr);
    }
    bool ask(sw_answer_fn on_answer, void* ctx) {
        return table_.request(transport_.get(), to_str("ours"), body_.get(), 5'000'000'000,
                              on_answer, ctx, nullptr) == SW_OK;
    }
    bool ask() {
        struct Waiting {
            std::binary_semaphore ended{0};
            bool answered = false;
        } waiting;
        const auto on_answer = [](void* ctx, sw_status status, const sw_buffer*, const sw_error*) {
            auto& self = *static_cast<Waiting*>(ctx);
            self.answered = status == SW_OK;
            self.ended.release();
        };
        if (!ask(on_answer, &waiting)) return false;
        waiting.ended.acquire();
        return waiting.answered;
    }

  private:
    const sw_transport_api& table_ = *transport_table();
    Quiet quiet_;
    Buffer body_{kBody};
    std::binary_semaphore connected_{0};
    std::unique_ptr<Transport> transport_;
};

// A request that asks again when it is answered, until the time is over.
struct Loop {
    Ours& side;
    Clock::time_point until;
    std::atomic<std::uint64_t>& answered;
    std::counting_semaphore<>& ended;

    void ask() {
        if (Clock::now() >= until || !side.ask(&Loop::on_answer, this)) ended.release();
    }
    static void on_answer(void* ctx, sw_status status, const sw_buffer*, const sw_error*) {
        auto& self = *static_cast<Loop*>(ctx);
        self.answered += status == SW_OK;
        self.ask();
    }
};

// ---- measuring ----

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

double latency_us(const std::function<bool()>& ask, std::chrono::milliseconds time) {
    std::vector<double> all;
    for (const auto until = Clock::now() + time; Clock::now() < until;) {
        const auto before = Clock::now();
        if (!ask()) give_up("a request failed");
        all.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
    }
    return median(std::move(all));
}

double rate_bare(natsConnection* connection, std::chrono::milliseconds time) {
    std::atomic<std::uint64_t> answered{0};
    const auto until = Clock::now() + time;
    std::vector<std::thread> callers;
    for (int n = 0; n < kInFlight; ++n) {
        callers.emplace_back([&] {
            while (Clock::now() < until)
                answered += ask_bare(connection);
        });
    }
    for (auto& caller : callers)
        caller.join();
    return static_cast<double>(answered) / std::chrono::duration<double>(time).count();
}

double rate_ours(Ours& side, std::chrono::milliseconds time) {
    std::atomic<std::uint64_t> answered{0};
    std::counting_semaphore<> ended(0);
    std::vector<std::unique_ptr<Loop>> loops;
    for (int n = 0; n < kInFlight; ++n) {
        loops.push_back(std::make_unique<Loop>(side, Clock::now() + time, answered, ended));
        loops.back()->ask();
    }
    for (int n = 0; n < kInFlight; ++n)
        ended.acquire();
    return static_cast<double>(answered) / std::chrono::duration<double>(time).count();
}

// Before there are threads. Ends with its parent.
void start_process(const std::function<void()>& serve) {
    if (::fork() != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve();
    for (;;)
        ::pause();
}

bool eventually(const std::function<bool()>& ask) {
    const auto until = Clock::now() + std::chrono::seconds(10);
    while (!ask()) {
        if (Clock::now() > until) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 5;
    const std::chrono::milliseconds time(count > 2 ? 1'000 * std::atoi(arguments[2]) : 1'000);
    if (rounds < 1 || time.count() < 1) give_up("usage: nats_bench [rounds] [seconds]");
    streamwall::testing::NatsServer server;
    const auto url = server.url();
    start_process([&] {
        natsSubscription* unused = nullptr;
        natsConnection_Subscribe(&unused, connect_bare(url), "bare", &answer_bare, nullptr);
    });
    std::unique_ptr<Ours> served;
    start_process([&] {
        served = std::make_unique<Ours>(url);
        served->serve();
    });
    auto* bare = connect_bare(url);
    Ours ours(url);
    if (!eventually([&] { return ask_bare(bare); }) || !eventually([&] { return ours.ask(); })) {
        give_up("nobody answers");
    }
    std::vector<double> bare_us, ours_us, bare_rate, ours_rate;
    for (int round = 0; round < rounds; ++round) {
        bare_us.push_back(latency_us([&] { return ask_bare(bare); }, time));
        ours_us.push_back(latency_us([&] { return ours.ask(); }, time));
        bare_rate.push_back(rate_bare(bare, time));
        ours_rate.push_back(rate_ours(ours, time));
    }
    std::printf(R"({"bare_p50_us":%.1f,"p50_us":%.1f,"bare_rate":%.0f,"rate":%.0f})"
                "\n",
                median(bare_us), median(ours_us), median(bare_rate), median(ours_rate));
    natsConnection_Destroy(bare);
}
