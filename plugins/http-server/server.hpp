// The listener: loops, the accepting socket, what is mounted, and an orderly end.
//
// One socket accepts, on the first loop, and hands each connection to the loop that has the fewest.
// SO_REUSEPORT with a socket a loop would spread by hash, which leaves few connections unevenly
// spread for as long as they live; the price here is one task per connection.
#pragma once

#include "options.hpp"
#include "worker.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::http_server {

class Acceptor;

class Server {
  public:
    Server(Host host, Options options, std::unique_ptr<Authenticator> authenticator);
    ~Server();  // as stop()
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Binds, starts the loops, accepts. Throws std::system_error where the address can't be had and
    // std::invalid_argument where it is none.
    void start();
    // "127.0.0.1:3000", from start() on.
    const std::string& address() const { return address_; }

    // Takes no new connection and lets the others finish, for as long as `limit`; then calls `done`
    // on one of the loops, once.
    void drain(std::chrono::milliseconds limit, std::move_only_function<void()> done);
    // Closes everything and joins the loops. Idempotent.
    void stop();

    std::expected<void, std::string> mount(RoutePtr route);
    std::expected<void, std::string> mount(EndpointPtr endpoint);
    void unmount(const sw_lease* lease, std::move_only_function<void()> done);
    // Ends the WebSockets and answers in parts of a principal whose credentials have changed. [any]
    void end_sockets_of(const PrincipalId& who);
    // The tokens behind the WebSockets and answers in parts of now are in doubt: marks those for
    // verify_doubtful(). [any]
    void doubt_sockets();
    // Verifies some of them anew: after kDoubtRounds all, so that who is asked is not asked about
    // all at once. Who stands for something else has to connect again. Those that nobody can tell
    // of now wait for further rounds. [any]
    static constexpr std::size_t kDoubtRounds = 20;
    void verify_doubtful();
    // Ends those that nobody could tell of. [any]
    void end_doubtful();
    Topic* open_topic(const sw_lease* lease);
    void close_topic(Topic& topic);
    // Null where it would not be smaller. [any]
    FramePtr compress(Opcode opcode, std::string_view payload);
    std::string routes_json() const;

    std::size_t connections() const { return services_.connections.load(); }
    const Host& host() const { return services_.host; }
    const Options& options() const { return services_.options; }
    RateLimiter& limiter() { return services_.limiter; }
    Authenticator& authenticator() { return *services_.authenticator; }

  private:
    void fit_descriptors();
    Worker& least_busy();
    void on_every_loop(std::function<void(Worker&)> task, std::move_only_function<void()> done);

    Services services_;
    std::vector<std::unique_ptr<Worker>> workers_;
    boost::intrusive_ptr<Acceptor> acceptor_;
    std::string address_;
    std::mutex deflater_mutex_;
    std::unique_ptr<MessageDeflater> deflater_;  // of topics, made when it is first needed
    std::mutex topics_mutex_;
    std::vector<TopicPtr> topics_;  // open ones
    std::atomic<bool> started_ = false;
};

}  // namespace streamwall::http_server
