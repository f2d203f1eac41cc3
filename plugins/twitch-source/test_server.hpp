// A chat server for tests: says what the script tells it and refuses what no Twitch client may
// send.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace streamwall::twitch {

// Accepts any number of connections, on a thread of its own. Strict: a line over 512 bytes, a bare
// LF, a command before NICK or an unknown one is a fault, which the test checks at its end.
class TestServer {
  public:
    // Called on the server's thread for each line, with what sends an answer (raw bytes; the script
    // brings its own line ends).
    using Say = std::function<void(std::string bytes)>;
    using Script = std::function<void(int connection, const std::string& line, const Say& say)>;

    explicit TestServer(Script script);
    ~TestServer();
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    std::uint16_t port() const { return port_; }
    // Drops every connection; new ones are accepted.
    void drop_all();
    // Sends to every connection.
    void say_all(std::string bytes);
    int accepted();
    std::vector<std::string> faults();
    // The lines received so far, over all connections.
    std::vector<std::string> lines();
    bool wait_for_line(std::string_view begin, int times = 1);

  private:
    struct Peer;
    void accept();
    void on_line(const std::shared_ptr<Peer>& peer, const std::string& line);

    Script script_;
    boost::asio::io_context loop_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::vector<std::shared_ptr<Peer>> peers_;  // of the server's thread
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
    std::vector<std::string> faults_;
    int accepted_ = 0;
    std::thread thread_;
};

// A script that behaves as Twitch does for an anonymous reader; wrap it to misbehave.
void behave_like_twitch(int connection, const std::string& line, const TestServer::Say& say);

}  // namespace streamwall::twitch
