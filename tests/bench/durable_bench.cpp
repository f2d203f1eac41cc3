// Durable events from the commit in one process to a handler in another.
//
//   durable_bench [rounds] [seconds] <folder of plugins>
//
// A host keeps the journal with storage-sqlite; an isolated process of it, joined by the local
// transport, has a durable subscription with a strand of its own, as a plugin would. Three figures,
// taken in turn: the rate of the store by itself (a node that nobody listens to, 256 appends of one
// event under way), the rate at which the handler has had all events of the same load, and, where
// nothing else happens, the time from the commit to the handler beside that of a bare message of
// the transport. Data are of 300 bytes, of 1,000 subjects. Prints one JSON object.
#include "bus/subscription.hpp"
#include "config/overlay.hpp"
#include "runtime/node.hpp"
#include "transport/local/broker.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <semaphore>
#include <thread>

namespace {

using namespace streamwall;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

constexpr int kUnderWay = 256;
constexpr std::uint64_t kSubjects = 1000;
constexpr const char* kBare = "bench.bare";

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "durable_bench: %s\n", why.c_str());
    std::exit(1);
}

void check(const Failure& failure) {
    if (failure.code != SW_OK) give_up(failure.message);
}

std::int64_t now_ns() {
    return Clock::now().time_since_epoch().count();
}

// What the process with the handler tells the other one, in memory that both map.
struct Seen {
    std::atomic<std::uint64_t> handled{0};
    std::atomic<std::int64_t> handled_at_ns{0};  // the newest
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::int64_t> message_at_ns{0};

    static Seen& map(int descriptor) {
        void* at = ::mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (at == MAP_FAILED) give_up("no memory");
        return *static_cast<Seen*>(at);
    }
};

// ---- the process that handles ----

struct Handling {
    Handling(runtime::Node& node, Seen& shared) : seen(shared) {
        auto& parts = node.facilities();
        owner.instance = "handler";
        owner.address = "handler@bench";
        owner.strand = exec::Strand::make("handler", parts.pool);
        bus::SubscriptionOptions options;
        options.lease_owner = owner.address;
        options.reader.name = "handler@bench/all";
        options.reader.pattern = "bench.*";
        options.reader.start = SW_START_ALL;
        options.reader.limit = 512;
        subscription = std::make_shared<bus::DurableSubscription>(
            owner, std::move(options), bus::Handler{&Handling::on_event, this},
            bus::SubscriptionParts{parts.journals, parts.timers, parts.clock, parts.pool,
                                   parts.event_link},
            [](const std::string&, const std::string& message) { give_up(message); });
        subscription->start();
    }
    static sw_status on_event(void* ctx, const sw_event*, sw_error*) {
        auto& self = *static_cast<Handling*>(ctx);
        self.seen.handled_at_ns = now_ns();
        ++self.seen.handled;
        return SW_OK;
    }

    Seen& seen;
    Party owner;
    std::shared_ptr<bus::DurableSubscription> subscription;
};

[[noreturn]] void handle(Descriptor socket, Seen& seen) {
    telemetry::Logger log{{.level = telemetry::Level::kWarn}};
    modules::ModuleStore modules{{}};
    auto transport = std::make_shared<transport::LocalClient>(std::move(socket));
    runtime::NodeOptions options;
    options.isolation = "handler";
    options.transports = {{"local", transport, transport::Role::host}};
    runtime::Node node(std::move(options), modules, log);
    check(node.start());
    const auto id = transport->subscribe(kBare, "", [&seen](const transport::Message&) {
        seen.message_at_ns = now_ns();
        ++seen.messages;
    });
    if (!id) give_up(id.error().message);
    Handling handling(node, seen);
    for (;;)
        ::pause();
}

// ---- the process that commits ----

// A node with storage-sqlite, and 256 callers of journal.append on one thread.
class Keeper {
  public:
    Keeper(const std::string& plugins, const fs::path& folder,
           std::vector<runtime::HostTransport> transports)
        : modules_({plugins}) {
        modules_.scan();
        const auto* found = modules_.find("storage-sqlite");
        if (found == nullptr || !found->manifest) give_up("no storage-sqlite in " + plugins);
        fs::create_directories(folder);
        config::ResolvedInstance plain;
        plain.config.name = plain.config.plugin = "storage-sqlite";
        plain.known = true;
        plain.schema = found->manifest->settings_schema;
        config::Diagnostics problems;
        runtime::NodeOptions options;
        options.data_dir = folder;
        options.transports = std::move(transports);
        options.instances = {config::lay_over(
            plain, {std::nullopt, boost::json::object{{"path", (folder / "wall.db").string()}}}, "",
            problems)};
        node_ = std::make_unique<runtime::Node>(std::move(options), modules_, log_);
        check(node_->start());
        party_.instance = "caller";
        party_.address = "caller@bench";
        party_.strand = exec::Strand::make("caller", callers_);
        party_.patient = true;
        append_ = node_->facilities().services.resolve(party_, "journal", "append");
        watch_ = node_->facilities().feed.watch(
            "bench.*", [this](std::uint64_t) { committed_at_ns_ = now_ns(); });
    }
    ~Keeper() {
        node_->facilities().feed.unwatch(watch_);
        node_->facilities().services.forget_party(party_);
        node_->stop();
    }

    std::int64_t committed_at_ns() const { return committed_at_ns_; }

    // Appends one event; returns once it is committed.
    void append_one() {
        std::binary_semaphore done(0);
        append([&done] { done.release(); });
        done.acquire();
    }
    // 256 under way until the time is over. Returns how many were committed.
    std::uint64_t append_for(milliseconds time) {
        const auto until = Clock::now() + time;
        std::counting_semaphore<> ended(0);
        std::uint64_t count = 0;  // on the callers' thread
        std::function<void()> again = [&] {
            ++count;
            if (Clock::now() < until)
                append(again);
            else
                ended.release();
        };
        party_.strand->post_function([&] {
            for (int n = 0; n < kUnderWay; ++n)
                append(again);
        });
        for (int n = 0; n < kUnderWay; ++n)
            ended.acquire();
        return count;
    }

  private:
    void append(std::function<void()> done) {
        const BufferRef body(fmt::format(
            R"({{"events":[{{"type":"bench.happened","version":"1.0","subject":"stream/{}",)"
            R"("data":{{"text":"{}"}}}}]}})",
            next_++ % kSubjects, text_));
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = str("key");
        context.principal_id = str("bootstrap");
        context.role = str("admin");
        context.request_id = str("0123456789abcdef0123456789abcdef");
        context.caller = str("catalog@main");
        context.deadline_ns = static_cast<std::uint64_t>(now_ns()) + 10'000'000'000;
        auto waiting = std::make_unique<std::function<void()>>(std::move(done));
        sw_buffer* reply = nullptr;
        ErrorSlot error;
        const auto status = node_->facilities().services.call(
            *append_, body.get(), &context,
            [](void* ctx, sw_status code, const sw_buffer*, const sw_error* why) {
                const std::unique_ptr<std::function<void()>> owned(
                    static_cast<std::function<void()>*>(ctx));
                if (code != SW_OK) give_up(Failure::from(code, why).message);
                (*owned)();
            },
            waiting.get(), nullptr, &reply, error.get());
        const auto held = BufferRef::adopt(status == SW_OK ? reply : nullptr);
        if (status == SW_PENDING)
            static_cast<void>(waiting.release());
        else if (status == SW_OK)  // the disk was faster than the way back
            party_.strand->post_function([then = std::move(*waiting)] { then(); });
        else
            give_up(Failure::from(status, error.get()).message);
    }

    telemetry::Logger log_{{.level = telemetry::Level::kWarn}};
    modules::ModuleStore modules_;
    exec::Pool callers_{{.name = "callers", .workers = 1}};
    std::unique_ptr<runtime::Node> node_;
    Party party_;
    const sw_method* append_ = nullptr;
    const std::string text_ = std::string(288, 'x');
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::int64_t> committed_at_ns_{0};
    std::uint64_t watch_ = 0;
};

double cpu_seconds(pid_t pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        give_up("a process is gone");
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// Looks each millisecond, so that nothing keeps the processors awake.
void wait_for(const std::atomic<std::uint64_t>& count, std::uint64_t least) {
    const auto until = Clock::now() + std::chrono::seconds(20);
    while (count < least) {
        if (Clock::now() > until) give_up("nothing arrives");
        std::this_thread::sleep_for(milliseconds(1));
    }
}

struct Figures {
    std::vector<double> store_rate, rate, commit_rate, p50_us, p99_us, bare_p50_us;
    std::vector<double> store_cpu_us, keeper_cpu_us, handler_cpu_us;
};

void measure_store(Keeper& alone, milliseconds time, Figures& into) {
    const auto cpu = cpu_seconds(::getpid());
    const auto begin = Clock::now();
    const auto count = static_cast<double>(alone.append_for(time));
    into.store_rate.push_back(count / std::chrono::duration<double>(Clock::now() - begin).count());
    into.store_cpu_us.push_back((cpu_seconds(::getpid()) - cpu) / count * 1e6);
}

void measure_rate(Keeper& joined, pid_t handler, Seen& seen, milliseconds time, Figures& into) {
    const auto before = seen.handled.load();
    const auto cpu = cpu_seconds(::getpid()), handler_cpu = cpu_seconds(handler);
    const auto begin = now_ns();
    const auto count = joined.append_for(time);
    const auto committed = now_ns();
    wait_for(seen.handled, before + count);
    const auto per_second = [&](std::int64_t until_ns) {
        return static_cast<double>(count) * 1e9 / static_cast<double>(until_ns - begin);
    };
    into.commit_rate.push_back(per_second(committed));
    into.rate.push_back(per_second(seen.handled_at_ns));
    const auto events = static_cast<double>(count);
    into.keeper_cpu_us.push_back((cpu_seconds(::getpid()) - cpu) / events * 1e6);
    into.handler_cpu_us.push_back((cpu_seconds(handler) - handler_cpu) / events * 1e6);
}

void measure_latency(Keeper& joined, transport::Transport& transport, Seen& seen, milliseconds time,
                     Figures& into) {
    std::vector<double> events, messages;
    const BufferRef body(std::string(600, 'x'));
    for (const auto until = Clock::now() + time; Clock::now() < until;) {
        const auto handled = seen.handled.load(), arrived = seen.messages.load();
        joined.append_one();
        wait_for(seen.handled, handled + 1);
        events.push_back(static_cast<double>(seen.handled_at_ns - joined.committed_at_ns()) / 1e3);
        std::this_thread::sleep_for(milliseconds(2));
        const auto sent = now_ns();
        transport.publish(kBare, "", body);
        wait_for(seen.messages, arrived + 1);
        messages.push_back(static_cast<double>(seen.message_at_ns - sent) / 1e3);
        std::this_thread::sleep_for(milliseconds(2));
    }
    std::ranges::sort(events);
    into.p50_us.push_back(events[events.size() / 2]);
    into.p99_us.push_back(events[events.size() * 99 / 100]);
    into.bare_p50_us.push_back(median(std::move(messages)));
}

// This program again, as the one that handles. Ends with its parent.
pid_t start_handler(int socket, int memory) {
    const auto pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto first = std::to_string(socket), second = std::to_string(memory);
    ::execl("/proc/self/exe", "durable_bench", "handle", first.c_str(), second.c_str(), nullptr);
    ::_exit(127);
}

void print(const Figures& figures) {
    boost::json::object out;
    const auto add = [&out](const char* name, const std::vector<double>& values) {
        out[name] = median(values);
    };
    add("store_rate", figures.store_rate);
    add("rate", figures.rate);
    add("commit_rate", figures.commit_rate);
    add("p50_us", figures.p50_us);
    add("p99_us", figures.p99_us);
    add("bare_p50_us", figures.bare_p50_us);
    add("store_cpu_us", figures.store_cpu_us);
    add("keeper_cpu_us", figures.keeper_cpu_us);
    add("handler_cpu_us", figures.handler_cpu_us);
    out["rates"] = boost::json::value_from(figures.rate);
    fmt::print("{}\n", boost::json::serialize(out));
}

void run(int rounds, milliseconds time, const std::string& plugins, const fs::path& folder) {
    const int memory = ::memfd_create("seen", 0);
    if (memory < 0 || ::ftruncate(memory, sizeof(Seen)) != 0) give_up("no memory");
    auto& seen = Seen::map(memory);
    auto broker = std::make_shared<transport::LocalBroker>();
    const auto socket = broker->add_client([](const std::string&) {});
    if (!socket) give_up(socket.error().message);
    const int inherited = ::dup(socket->get());  // without close-on-exec
    const auto handler = start_handler(inherited, memory);
    ::close(inherited);
    {
        Keeper alone(plugins, folder / "alone", {});
        Keeper joined(plugins, folder / "joined", {{"local", broker, transport::Role::children}});
        joined.append_one();
        wait_for(seen.handled, 1);
        Figures figures;
        for (int round = 0; round < rounds; ++round) {
            measure_store(alone, time, figures);
            measure_rate(joined, handler, seen, time, figures);
            measure_latency(joined, *broker, seen, time, figures);
        }
        print(figures);
    }
    ::kill(handler, SIGKILL);
    ::waitpid(handler, nullptr, 0);
}

}  // namespace

int main(int count, char** raw) {
    const std::vector<std::string> arguments(raw + 1, raw + count);
    if (arguments.size() != 3) give_up("usage: durable_bench rounds seconds <folder of plugins>");
    if (arguments[0] == "handle") {
        handle(Descriptor(std::atoi(raw[2])), Seen::map(std::atoi(raw[3])));
    }
    const int rounds = std::max(1, std::atoi(raw[1]));
    const milliseconds time(1000 * std::max(1, std::atoi(raw[2])));
    auto folder = (fs::temp_directory_path() / "durable_bench.XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) give_up("no temporary folder");
    run(rounds, time, arguments[2], folder);
    fs::remove_all(folder);
}
