#include "server.hpp"

#include "acceptor.hpp"
#include "chain.hpp"
#include "descriptors.hpp"
#include "ws_session.hpp"

#include <unistd.h>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

namespace streamwall::http_server {
namespace {

std::string_view access_name(int access) {
    switch (access) {
        case SW_HTTP_OPEN:
            return "open";
        case SW_HTTP_VIEWER:
            return "viewer";
        case SW_HTTP_EDITOR:
            return "editor";
        default:
            return "admin";
    }
}

// Ends a drain that takes too long.
class DrainLimit final : public Session {
  public:
    explicit DrainLimit(Worker& worker) : worker_(worker) {}
    void on_readable() override {}
    void on_writable() override {}
    void on_deadline() override {
        for (const auto& session : worker_.sessions())
            session->on_stop();
    }
    void on_drain() override {}
    void on_stop() override {}

  private:
    Worker& worker_;
};

}  // namespace

Server::Server(Host host, Options options, std::unique_ptr<Authenticator> authenticator) {
    services_.host = host;
    services_.options = std::move(options);
    services_.authenticator = std::move(authenticator);
    services_.active_connections =
        host.series(SW_GAUGE, "streamwall_http_server_active_connections", "Open connections", {});
    services_.traffic = TrafficSeries::make(host);
    auto loops = services_.options.loops;
    if (loops == 0) loops = std::max(1u, std::thread::hardware_concurrency());
    services_.options.loops = loops;
    for (std::size_t i = 0; i < loops; ++i) {
        workers_.push_back(std::make_unique<Worker>(services_, i));
    }
}

Server::~Server() {
    stop();
}

void Server::start() {
    fit_descriptors();
    acceptor_ = new Acceptor(services_, workers_.front()->loop, services_.options.listen,
                             [this](int descriptor, PeerAddress peer) {
                                 Worker& worker = least_busy();
                                 // Ahead of its loop, which may be busy while more come.
                                 worker.load.fetch_add(1, std::memory_order_relaxed);
                                 services_.connections.fetch_add(1, std::memory_order_relaxed);
                                 worker.loop.post([&worker, descriptor, peer = std::move(peer)] {
                                     worker.adopt(descriptor, peer);
                                 });
                             });
    address_ = acceptor_->address();
    started_ = true;
    for (auto& worker : workers_)
        worker->loop.start();
    workers_.front()->loop.post([acceptor = acceptor_] { acceptor->start(); });
    services_.host.write(
        SW_LOG_INFO, "http.listening",
        "listening on " + std::string(services_.options.tls ? "https://" : "http://") + address_,
        {{"address", address_}, {"loops", workers_.size()}});
    services_.host.write(SW_LOG_INFO, "http.chain", describe_chain());
}

// Whoever runs out of descriptors takes them from files and databases, too.
void Server::fit_descriptors() {
    const auto wanted = services_.options.max_connections;
    const auto descriptors = raise_descriptor_limit();
    const auto possible = connections_that_fit(wanted, descriptors);
    if (possible == wanted) return;
    services_.options.max_connections = possible;
    services_.host.write(
        SW_LOG_WARN, "http.descriptors",
        "fewer connections are taken than max_connections allows: raise the limit "
        "of open files, or lower the setting",
        {{"max_connections", wanted}, {"taken", possible}, {"limit", descriptors}});
}

Worker& Server::least_busy() {
    const auto load = [](const auto& worker) {
        return worker->load.load(std::memory_order_relaxed);
    };
    return **std::ranges::min_element(workers_, {}, load);
}

void Server::on_every_loop(std::function<void(Worker&)> task,
                           std::move_only_function<void()> done) {
    struct Barrier {
        std::atomic<std::size_t> left;
        std::move_only_function<void()> done;
    };
    auto barrier = std::make_shared<Barrier>(workers_.size(), std::move(done));
    for (auto& each : workers_) {
        each->loop.post([worker = each.get(), task, barrier] {
            task(*worker);
            if (barrier->left.fetch_sub(1) == 1) barrier->done();
        });
    }
}

void Server::drain(std::chrono::milliseconds limit, std::move_only_function<void()> done) {
    if (!started_) return done();
    auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
    auto finished = std::make_shared<std::move_only_function<void()>>(std::move(done));
    const auto deadline = Clock::now() + limit;
    const auto begin = [left, finished, deadline](Worker& worker) {
        worker.draining = true;
        for (const auto& session : worker.sessions())
            session->on_drain();
        SessionPtr watch(new DrainLimit(worker));
        worker.loop.arm(*watch, deadline);
        worker.when_empty([watch, left, finished] {
            Loop::disarm(*watch);
            if (left->fetch_sub(1) == 1) (*finished)();
        });
    };
    // The last connections reach their loops before these tasks do.
    workers_.front()->loop.post([this, begin] {
        acceptor_->finish();
        on_every_loop(begin, [] {});
    });
}

void Server::stop() {
    if (!started_.exchange(false)) return;
    std::atomic<bool> closed = false;
    // In this order, so that the last connection reaches its loop before it is told to stop.
    workers_.front()->loop.post([this, &closed] {
        acceptor_->on_stop();
        on_every_loop(
            [](Worker& worker) {
                worker.draining = true;
                worker.doubt.clear();
                for (const auto& session : worker.sessions())
                    session->on_stop();
            },
            [&closed] {
                closed = true;
                closed.notify_one();
            });
    });
    closed.wait(false);
    for (auto& worker : workers_)
        worker->loop.stop();
    acceptor_.reset();
}

std::expected<void, std::string> Server::mount(RoutePtr route) {
    return services_.board.update([&](auto& router) { return router->add(route); });
}

std::expected<void, std::string> Server::mount(EndpointPtr endpoint) {
    return services_.board.update([&](auto& router) { return router->add(endpoint); });
}

void Server::unmount(const sw_lease* lease, std::move_only_function<void()> done) {
    services_.board.update([&](auto& router) -> std::expected<void, std::string> {
        router = router->without(lease);
        return {};
    });
    {
        const std::lock_guard lock(topics_mutex_);
        std::erase_if(topics_, [&](const TopicPtr& topic) {
            if (topic->lease() != lease) return false;
            topic->close();
            return true;
        });
    }
    if (!started_) return done();
    // Each loop is between two callbacks when it runs this, and knows the new routes afterwards.
    on_every_loop(
        [lease](Worker& worker) {
            worker.router();
            for (const auto& session : worker.sessions())
                session->on_unmount(lease);
        },
        std::move(done));
}

void Server::end_sockets_of(const PrincipalId& who) {
    if (!started_) return;
    on_every_loop(
        [who](Worker& worker) {
            for (const auto& session : worker.sessions())
                session->on_credentials_changed(who);
        },
        [] {});
}

void Server::doubt_sockets() {
    if (!started_) return;
    on_every_loop([](Worker& worker) { worker.doubt.begin(kDoubtRounds); }, [] {});
}

void Server::verify_doubtful() {
    if (!started_) return;
    on_every_loop([](Worker& worker) { worker.doubt.verify_some(); }, [] {});
}

void Server::end_doubtful() {
    if (!started_) return;
    on_every_loop([](Worker& worker) { worker.doubt.end(); }, [] {});
}

Topic* Server::open_topic(const sw_lease* lease) {
    std::vector<FanOut*> loops;
    for (auto& worker : workers_)
        loops.push_back(&worker->fan_out);
    TopicPtr topic(new Topic(*this, std::move(loops), lease));
    const std::lock_guard lock(topics_mutex_);
    return topics_.emplace_back(std::move(topic)).get();
}

FramePtr Server::compress(Opcode opcode, std::string_view payload) {
    const std::lock_guard lock(deflater_mutex_);
    if (!deflater_) deflater_ = std::make_unique<MessageDeflater>();
    return deflater_->compress(opcode, payload);
}

void Server::close_topic(Topic& topic) {
    const TopicPtr keep(&topic);
    topic.close();
    const std::lock_guard lock(topics_mutex_);
    std::erase(topics_, keep);
}

std::string Server::routes_json() const {
    boost::json::array list;
    for (const auto& route : services_.board.get()->routes()) {
        list.push_back({{"method", route->method},
                        {"path", route->path},
                        {"access", access_name(route->access)},
                        {"scope", route->scope},
                        {"openapi", route->openapi}});
    }
    return boost::json::serialize(list);
}

}  // namespace streamwall::http_server
