// The services of cache-redis beside bare hiredis on the same redis-server.
//
//   redis_bench [rounds] [seconds] <folder of plugins>
//
// Starts a redis-server and a node that runs the plugin. Calls go through the registry; values are
// of 600 bytes. Bare is hiredis as it is meant to be used for each figure: one blocking command at
// a time for latencies, 32 in one pipeline for rates. Latencies are medians. In turn: a read from
// memory, a read from Redis (a key without a time to live, which memory never keeps), a check of a
// limit (a script beside the same script), and reads with 32 under way. Prints one JSON object.
#include "config/overlay.hpp"
#include "redis_server.hpp"
#include "runtime/node.hpp"
#include "scripts.hpp"

#include <hiredis/hiredis.h>
#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <semaphore>
#include <string>
#include <vector>

namespace {

using namespace streamwall;
using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr int kInFlight = 32;
const std::string kValue = '"' + std::string(600, 'x') + '"';
const std::string kKey = "streamwall:cache:bench:far";

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "redis_bench: %s\n", why.c_str());
    std::exit(1);
}

// Answers are taken where they arrive, as a caller with a loop of its own would.
constexpr sw_executor kHere = {sizeof(sw_executor), 0, nullptr,
                               [](void*, void (*run)(void*), void* arg) { run(arg); },
                               [](void*) -> std::int32_t { return 1; }};

class Caller {
  public:
    Caller(const std::string& plugins, const std::string& url) : modules_({plugins}) {
        modules_.scan();
        const auto* found = modules_.find("cache-redis");
        if (found == nullptr || !found->manifest) give_up("no cache-redis in " + plugins);
        config::ResolvedInstance plain;
        plain.config.name = plain.config.plugin = "cache-redis";
        plain.known = true;
        plain.schema = found->manifest->settings_schema;
        config::Diagnostics problems;
        runtime::NodeOptions options;
        options.instances = {config::lay_over(
            plain, {std::nullopt, boost::json::object{{"url", url}}}, "", problems)};
        node_ = std::make_unique<runtime::Node>(std::move(options), modules_, log_);
        if (const auto failed = node_->start(); failed.code != SW_OK) give_up(failed.message);
        party_.instance = "bench";
        party_.address = "bench@main";
        party_.strand = exec::Strand::make("bench", node_->facilities().pool);
    }
    ~Caller() {
        node_->facilities().services.forget_party(party_);
        node_->stop();
    }

    // `done` runs once, on any thread.
    void call(const sw_method& method, const BufferRef& request, std::function<void(bool)> done) {
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = str("service");
        context.home = &kHere;
        context.deadline_ns = node_->facilities().clock.monotonic_ns() + 5'000'000'000ull;
        auto waiting = std::make_unique<std::function<void(bool)>>(std::move(done));
        sw_buffer* reply = nullptr;
        ErrorSlot error;
        const auto status = node_->facilities().services.call(
            method, request.get(), &context,
            [](void* ctx, sw_status code, const sw_buffer*, const sw_error*) {
                const std::unique_ptr<std::function<void(bool)>> owned(
                    static_cast<std::function<void(bool)>*>(ctx));
                (*owned)(code == SW_OK);
            },
            waiting.get(), nullptr, &reply, error.get());
        if (status == SW_PENDING) return static_cast<void>(waiting.release());
        const auto held = BufferRef::adopt(reply);
        (*waiting)(status == SW_OK);
    }
    void call_and_wait(const sw_method& method, const BufferRef& request) {
        std::binary_semaphore answered{0};
        call(method, request, [&](bool ok) {
            if (!ok) give_up("a call failed");
            answered.release();
        });
        answered.acquire();
    }
    const sw_method& method(std::string_view service, std::string_view name) {
        return *node_->facilities().services.resolve(party_, service, name);
    }

  private:
    telemetry::Logger log_{{.level = telemetry::Level::kWarn}};
    modules::ModuleStore modules_;
    std::unique_ptr<runtime::Node> node_;
    Party party_;
};

class Bare {
  public:
    explicit Bare(const redis::testing::RedisServer& server)
        : context_(redisConnect("127.0.0.1", server.port())) {
        if (context_ == nullptr || context_->err != 0) give_up("hiredis cannot connect");
    }
    ~Bare() { redisFree(context_); }

    void get() {
        append_get();
        take();
    }
    void append_get() {
        const char* words[] = {"GET", kKey.c_str()};
        redisAppendCommandArgv(context_, 2, words, nullptr);
    }
    void check(const redis::Script& script) {
        auto* reply = redisCommand(context_, "EVALSHA %s 1 bench:limit 60000000 10000 1",
                                   script.sha1().c_str());
        if (reply == nullptr) give_up("hiredis lost its connection");
        freeReplyObject(reply);
    }
    void load(const redis::Script& script) {
        freeReplyObject(redisCommand(context_, "SCRIPT LOAD %b", script.source().data(),
                                     script.source().size()));
    }
    void take() {
        void* reply = nullptr;
        if (redisGetReply(context_, &reply) != REDIS_OK) give_up("hiredis lost its connection");
        freeReplyObject(reply);
    }

  private:
    redisContext* context_;
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

double latency_us(const std::function<void()>& ask, Clock::duration time) {
    std::vector<double> each;
    for (const auto end = Clock::now() + time; Clock::now() < end;) {
        const auto begin = Clock::now();
        ask();
        each.push_back(Microseconds(Clock::now() - begin).count());
    }
    return median(std::move(each));
}

// Nanoseconds of one of many, where the clock would be a part of what is measured.
double mean_ns(const std::function<void()>& ask, Clock::duration time) {
    constexpr int kBatch = 1000;
    int batches = 0;
    const auto begin = Clock::now();
    for (; Clock::now() - begin < time; ++batches) {
        for (int n = 0; n < kBatch; ++n)
            ask();
    }
    return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() /
           (batches * double{kBatch});
}

double bare_rate(Bare& bare, Clock::duration time) {
    std::uint64_t answered = 0;
    for (int n = 0; n < kInFlight; ++n)
        bare.append_get();
    const auto begin = Clock::now();
    for (; Clock::now() - begin < time; answered += kInFlight) {
        for (int n = 0; n < kInFlight; ++n)
            bare.take();
        for (int n = 0; n < kInFlight; ++n)
            bare.append_get();
    }
    const double rate =
        static_cast<double>(answered) / std::chrono::duration<double>(Clock::now() - begin).count();
    for (int n = 0; n < kInFlight; ++n)
        bare.take();
    return rate;
}

// Each answer is followed by the next read, until the time is over.
struct Reader {
    Caller& caller;
    const sw_method& method;
    const BufferRef& request;
    const Clock::time_point end;
    std::atomic<std::uint64_t>& answered;
    std::counting_semaphore<>& ended;

    void ask() {
        caller.call(method, request, [this](bool ok) {
            if (!ok) give_up("a call failed");
            ++answered;
            if (Clock::now() >= end) return ended.release();
            ask();
        });
    }
};

double our_rate(Caller& caller, const sw_method& method, const std::vector<BufferRef>& requests,
                Clock::duration time) {
    std::atomic<std::uint64_t> answered{0};
    std::counting_semaphore<> ended{0};
    std::vector<std::unique_ptr<Reader>> readers;
    const auto begin = Clock::now();
    for (const auto& request : requests) {
        readers.push_back(
            std::make_unique<Reader>(caller, method, request, begin + time, answered, ended));
        readers.back()->ask();
    }
    for (std::size_t n = 0; n < requests.size(); ++n)
        ended.acquire();
    return static_cast<double>(answered) / std::chrono::duration<double>(time).count();
}

BufferRef get_request(const std::string& key) {
    return BufferRef(R"({"namespace":"bench","key":")" + key + "\"}");
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) give_up("usage: redis_bench rounds seconds <folder of plugins>");
    const int rounds = std::max(1, std::atoi(arguments[1]));
    const std::chrono::milliseconds time(1000 * std::max(1, std::atoi(arguments[2])) / 2);

    redis::testing::RedisServer server;
    if (!server.start()) give_up("redis-server does not start");
    Caller caller(arguments[3], server.url());
    Bare bare(server);
    const auto scripts = redis::make_scripts();
    bare.load(scripts.check);
    server.command({"SET", kKey, kValue});
    // Reads of one key share an answer, so the 32 under way read a key each.
    std::vector<BufferRef> far;
    for (int n = 0; n < kInFlight; ++n) {
        server.command({"SET", kKey + std::to_string(n), kValue});
        far.push_back(get_request("far" + std::to_string(n)));
    }
    const auto& get = caller.method("cache", "get");
    const auto& check = caller.method("limits", "check");
    caller.call_and_wait(caller.method("cache", "set"),
                         BufferRef(R"({"namespace":"bench","key":"near","value":)" + kValue + "}"));
    const auto near = get_request("near");
    const auto limit = BufferRef(R"({"key":"bench","limit":10000,"window_ms":60000})");

    std::vector<double> near_ns, far_us, bare_us, check_us, bare_check_us, rate, bare_rates;
    for (int round = 0; round < rounds; ++round) {
        near_ns.push_back(mean_ns([&] { caller.call(get, near, [](bool) {}); }, time));
        far_us.push_back(latency_us([&] { caller.call_and_wait(get, far[0]); }, time));
        bare_us.push_back(latency_us([&] { bare.get(); }, time));
        check_us.push_back(latency_us([&] { caller.call_and_wait(check, limit); }, time));
        bare_check_us.push_back(latency_us([&] { bare.check(scripts.check); }, time));
        rate.push_back(our_rate(caller, get, far, time));
        bare_rates.push_back(bare_rate(bare, time));
    }
    std::printf("%s\n", boost::json::serialize(boost::json::object{
                                                   {"near_ns", median(near_ns)},
                                                   {"far_p50_us", median(far_us)},
                                                   {"bare_p50_us", median(bare_us)},
                                                   {"check_p50_us", median(check_us)},
                                                   {"bare_check_p50_us", median(bare_check_us)},
                                                   {"rate", median(rate)},
                                                   {"bare_rate", median(bare_rates)},
                                               })
                            .c_str());
}
