// Remote calls beside bare requests over the same transport.
//
//   mesh_bench local [rounds] [seconds]
//   mesh_bench nats [rounds] [seconds] <folder of plugins>
//
// A host and a process of its own that answers, joined by the local transport or by a nats-server
// through the plugin transport-nats. Bare is a request of the transport itself, answered where it
// arrives; a call goes through registry and mesh on both sides, to a parallel provider. Bodies are
// of 600 bytes. Three figures for each, taken in turn: the latency of one at a time, the rate with
// 32 under way, and the CPU of both processes for each of the latter. Prints one JSON object.
#include "config/overlay.hpp"
#include "nats_server.hpp"
#include "runtime/node.hpp"
#include "transport/local/broker.hpp"
#include "transport/plugin_transport.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
using transport::Transport;
using Clock = std::chrono::steady_clock;

constexpr const char* kBare = "bench.bare";
constexpr int kInFlight = 32;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "mesh_bench: %s\n", why.c_str());
    std::exit(1);
}

void check(const Failure& failure) {
    if (failure.code != SW_OK) give_up(failure.message);
}

// A node with nothing but its transport, which the bench also uses without the mesh.
class Process {
  public:
    // Over a socket of the local transport, as host or child.
    Process(std::string isolation, std::shared_ptr<Transport> transport, transport::Role role)
        : transport_(std::move(transport)) {
        runtime::NodeOptions options;
        options.isolation = std::move(isolation);
        options.transports = {{"local", transport_, role}};
        start(std::move(options));
    }
    // Over NATS.
    Process(const std::string& node, const std::string& url, const std::string& plugins)
        : modules_({plugins}) {
        modules_.scan();
        const auto* found = modules_.find("transport-nats");
        if (found == nullptr || !found->manifest) give_up("no transport-nats in " + plugins);
        config::ResolvedInstance plain;
        plain.config.name = plain.config.plugin = "transport-nats";
        plain.known = true;
        plain.schema = found->manifest->settings_schema;
        config::Diagnostics problems;
        runtime::NodeOptions options;
        options.node = node;
        options.instances = {config::lay_over(
            plain, {std::nullopt, boost::json::object{{"url", url}}}, "", problems)};
        start(std::move(options));
        lease_transport();
    }
    ~Process() {
        if (offered_) offered_->close();
        if (node_) node_->stop();
    }

    Transport& transport() { return *transport_; }
    services::Registry& services() { return node_->facilities().services; }

    void serve() {
        const auto id = transport_->subscribe(kBare, "", [this](const transport::Message& message) {
            transport_->publish(message.reply, "", BufferRef::share(message.body));
        });
        if (!id) give_up(id.error().message);
        party_.instance = "echo";
        party_.address = "echo@bench";
        party_.parallel = true;
        party_.strand = exec::Strand::make("echo", node_->facilities().pool);
        check(services().offer(
            party_, "bench.echo", "m",
            [](void*, const sw_request* request, sw_buffer** reply, sw_error*) -> sw_status {
                *reply = BufferRef::share(request->body).release();
                return SW_OK;
            },
            nullptr));
        services().open(party_);
    }

  private:
    void start(runtime::NodeOptions options) {
        node_ = std::make_unique<runtime::Node>(std::move(options), modules_, log_);
        check(node_->start());
    }
    void lease_transport() {
        auto watch = std::make_shared<abi::Watch>();
        watch->id = SW_TRANSPORT;
        watch->user = "bench";
        watch->strand = exec::Strand::make("bench", node_->facilities().pool);
        watch->ctx = this;
        watch->available = [](void* ctx, const void* table, void* self, sw_lease*) {
            auto& process = *static_cast<Process*>(ctx);
            process.offered_ = std::make_shared<transport::PluginTransport>(
                *static_cast<const sw_transport_api*>(table), self);
            process.transport_ = process.offered_;
            process.leased_.release();
        };
        node_->facilities().interfaces.watch(std::move(watch));
        leased_.acquire();
    }

    telemetry::Logger log_{{.level = telemetry::Level::kWarn}};
    modules::ModuleStore modules_{{}};
    std::shared_ptr<Transport> transport_;
    std::shared_ptr<transport::PluginTransport> offered_;  // the same, where a plugin offers it
    std::unique_ptr<runtime::Node> node_;
    std::binary_semaphore leased_{0};
    Party party_;
};

// ---- asking ----

// Asks once; `done` runs where the transport or the registry delivers the answer.
using Done = std::function<void(bool ok)>;
using Ask = std::function<void(Done done)>;

Ask ask_bare(Process& process, const BufferRef& body) {
    return [&transport = process.transport(), body](Done done) {
        const auto failure = transport.request(
            kBare, body, std::chrono::seconds(2),
            [done](const sw_buffer*, const Failure& why) { done(why.code == SW_OK); });
        if (failure.code != SW_OK) done(false);
    };
}

// A caller whose replies run where they arrive, as those of a loop of its own would.
struct Caller {
    Caller(services::Registry& registry, exec::Executor& pool) : services(registry) {
        party.instance = "caller";
        party.address = "caller@bench";
        party.strand = exec::Strand::make("caller", pool);
        home.size = sizeof home;
        home.self = this;
        home.post = [](void*, void (*run)(void*), void* arg) { run(arg); };
        home.is_current = [](void*) -> std::int32_t { return 1; };
        method = services.resolve(party, "bench.echo", "m");
    }
    services::Registry& services;
    Party party;
    sw_executor home{};
    const sw_method* method = nullptr;
};

Ask ask_mesh(Caller& caller, const BufferRef& body) {
    return [&caller, body](Done done) {
        sw_context context{};
        context.size = sizeof context;
        context.principal_type = str("key");
        context.principal_id = str("bootstrap");
        context.role = str("admin");
        context.request_id = str("0123456789abcdef0123456789abcdef");
        context.deadline_ns =
            static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) + 2'000'000'000;
        context.home = &caller.home;
        auto waiting = std::make_unique<Done>(std::move(done));
        sw_buffer* reply = nullptr;
        ErrorSlot error;
        const auto status = caller.services.call(
            *caller.method, body.get(), &context,
            [](void* ctx, sw_status code, const sw_buffer*, const sw_error*) {
                const std::unique_ptr<Done> owned(static_cast<Done*>(ctx));
                (*owned)(code == SW_OK);
            },
            waiting.get(), nullptr, &reply, error.get());
        if (status == SW_PENDING)
            static_cast<void>(waiting.release());
        else
            (*waiting)(false);
    };
}

bool ask_and_wait(const Ask& ask) {
    std::binary_semaphore answered(0);
    bool ok = false;
    ask([&](bool good) {
        ok = good;
        answered.release();
    });
    answered.acquire();
    return ok;
}

// ---- measuring ----

double cpu_seconds(pid_t other) {
    double out = 0;
    for (const auto pid : {::getpid(), other}) {
        clockid_t clock{};
        timespec time{};
        if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
            give_up("a process is gone");
        out += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
    }
    return out;
}

struct Figures {
    std::vector<double> p50_us, rate, cpu_us;
};

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void measure_latency(const Ask& ask, std::chrono::milliseconds time, Figures& into) {
    std::vector<double> all;
    for (const auto until = Clock::now() + time; Clock::now() < until;) {
        const auto before = Clock::now();
        if (!ask_and_wait(ask)) give_up("a request failed");
        all.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
    }
    into.p50_us.push_back(median(std::move(all)));
}

void measure_rate(const Ask& ask, std::chrono::milliseconds time, pid_t server, Figures& into) {
    std::atomic<std::uint64_t> answered{0};
    std::counting_semaphore<> ended(0);
    const auto cpu = cpu_seconds(server);
    const auto until = Clock::now() + time;
    std::function<void(bool)> again = [&](bool ok) {
        answered += ok;
        if (ok && Clock::now() < until)
            ask(again);
        else
            ended.release();
    };
    for (int n = 0; n < kInFlight; ++n)
        ask(again);
    for (int n = 0; n < kInFlight; ++n)
        ended.acquire();
    const auto count = static_cast<double>(answered);
    into.rate.push_back(count / std::chrono::duration<double>(time).count());
    into.cpu_us.push_back((cpu_seconds(server) - cpu) / count * 1e6);
}

// ---- processes ----

// This program again, as the one that answers. Ends with its parent.
pid_t start_server(const std::vector<std::string>& arguments) {
    const auto pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> raw{const_cast<char*>("mesh_bench"), const_cast<char*>("serve")};
    for (const auto& argument : arguments)
        raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    ::execv("/proc/self/exe", raw.data());
    ::_exit(127);
}

[[noreturn]] void serve(Process& process) {
    process.serve();
    for (;;)
        ::pause();
}

void run(Process& process, pid_t server, int rounds, std::chrono::milliseconds time) {
    exec::Pool pool{{.name = "caller", .workers = 1}};
    Caller caller(process.services(), pool);
    const BufferRef body(std::string(600, 'x'));
    const auto bare = ask_bare(process, body), mesh = ask_mesh(caller, body);
    const auto until = Clock::now() + std::chrono::seconds(10);
    while (!ask_and_wait(bare) || !ask_and_wait(mesh)) {
        if (Clock::now() > until) give_up("nobody answers");
        std::this_thread::yield();
    }
    Figures of_bare, of_mesh;
    for (int round = 0; round < rounds; ++round) {
        measure_latency(bare, time, of_bare);
        measure_latency(mesh, time, of_mesh);
        measure_rate(bare, time, server, of_bare);
        measure_rate(mesh, time, server, of_mesh);
    }
    fmt::print(R"({{"bare_p50_us":{:.1f},"p50_us":{:.1f},"bare_rate":{:.0f},"rate":{:.0f},)"
               R"("bare_cpu_us":{:.2f},"cpu_us":{:.2f}}})"
               "\n",
               median(of_bare.p50_us), median(of_mesh.p50_us), median(of_bare.rate),
               median(of_mesh.rate), median(of_bare.cpu_us), median(of_mesh.cpu_us));
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    process.services().forget_party(caller.party);
}

}  // namespace

int main(int count, char** raw) {
    const std::vector<std::string> arguments(raw + 1, raw + count);
    const auto argument = [&](std::size_t at, const char* otherwise) {
        return at < arguments.size() ? arguments[at] : std::string(otherwise);
    };
    if (argument(0, "") == "serve") {
        if (argument(1, "") == "local") {
            Descriptor socket(std::atoi(argument(2, "-1").c_str()));
            Process process("echo", std::make_shared<transport::LocalClient>(std::move(socket)),
                            transport::Role::host);
            serve(process);
        }
        Process process("server", argument(2, ""), argument(3, ""));
        serve(process);
    }
    const int rounds = std::atoi(argument(1, "5").c_str());
    const std::chrono::milliseconds time(1000 * std::atoi(argument(2, "1").c_str()));
    if (rounds < 1 || time.count() < 1) give_up("see the top of its source");
    if (argument(0, "") == "local") {
        auto broker = std::make_shared<transport::LocalBroker>();
        const auto socket = broker->add_client([](const std::string&) {});
        if (!socket) give_up(socket.error().message);
        const int inherited = ::dup(socket->get());  // without close-on-exec
        const auto server = start_server({"local", std::to_string(inherited)});
        ::close(inherited);
        Process process("", broker, transport::Role::children);
        run(process, server, rounds, time);
    } else {
        streamwall::testing::NatsServer nats;
        const auto plugins = argument(3, "");
        const auto server = start_server({"nats", nats.url(), plugins});
        Process process("main", nats.url(), plugins);
        run(process, server, rounds, time);
    }
}
