// The scripted chat server.
#include "test_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <istream>

namespace streamwall::twitch {

using boost::asio::ip::tcp;
using boost::system::error_code;

struct TestServer::Peer {
    explicit Peer(tcp::socket accepted) : socket(std::move(accepted)) {}
    void say(const std::string& bytes) {
        error_code gone;  // the client may leave in the middle of what it is told
        boost::asio::write(socket, boost::asio::buffer(bytes), gone);
    }
    tcp::socket socket;
    boost::asio::streambuf in;
    int number = 0;
    bool has_nick = false;
};

TestServer::TestServer(Script script)
    : script_(std::move(script)),
      acceptor_(loop_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
      port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = std::thread([this] { loop_.run(); });
}

TestServer::~TestServer() {
    loop_.stop();
    thread_.join();
}

void TestServer::accept() {
    acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
        if (failed) return;
        auto peer = std::make_shared<Peer>(std::move(socket));
        {
            const std::lock_guard lock(mutex_);
            peer->number = ++accepted_;
        }
        changed_.notify_all();
        peers_.push_back(peer);
        const auto read = [this, peer](const auto& self) -> void {
            boost::asio::async_read_until(peer->socket, peer->in, '\n',
                                          [this, peer, self](error_code ended, std::size_t) {
                                              if (ended) {
                                                  std::erase(peers_, peer);
                                                  return;
                                              }
                                              std::string line;
                                              std::istream stream(&peer->in);
                                              std::getline(stream, line);
                                              on_line(peer, line);
                                              self(self);
                                          });
        };
        read(read);
        accept();
    });
}

void TestServer::on_line(const std::shared_ptr<Peer>& peer, const std::string& raw) {
    auto line = raw;
    std::string fault;
    if (!line.ends_with('\r'))
        fault = "a bare LF ends: ";
    else
        line.pop_back();
    const auto command = line.substr(0, line.find(' '));
    constexpr std::string_view kBefore[] = {"CAP", "PASS", "NICK", "USER", "PING", "PONG"};
    constexpr std::string_view kAfter[] = {"JOIN", "PART"};
    if (line.size() > 510) fault = "a line is too long: ";
    if (command == "NICK") peer->has_nick = true;
    if (std::ranges::find(kBefore, command) == std::end(kBefore)) {
        if (std::ranges::find(kAfter, command) == std::end(kAfter))
            fault = "unknown command: ";
        else if (!peer->has_nick)
            fault = "a command before NICK: ";
    }
    {
        const std::lock_guard lock(mutex_);
        lines_.push_back(line);
        if (!fault.empty()) faults_.push_back(fault + line);
    }
    changed_.notify_all();
    script_(peer->number, line, [peer](std::string bytes) {
        if (bytes.empty())
            peer->socket.close();
        else
            peer->say(bytes);
    });
}

void TestServer::drop_all() {
    boost::asio::post(loop_, [this] {
        for (const auto& peer : peers_)
            peer->socket.close();
        peers_.clear();
    });
}

void TestServer::say_all(std::string bytes) {
    boost::asio::post(loop_, [this, bytes = std::move(bytes)] {
        for (const auto& peer : peers_)
            peer->say(bytes);
    });
}

int TestServer::accepted() {
    const std::lock_guard lock(mutex_);
    return accepted_;
}

std::vector<std::string> TestServer::faults() {
    const std::lock_guard lock(mutex_);
    return faults_;
}

std::vector<std::string> TestServer::lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
}

bool TestServer::wait_for_line(std::string_view begin, int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] {
        return std::ranges::count_if(lines_, [&](const std::string& line) {
                   return line.starts_with(begin);
               }) >= times;
    });
}

void behave_like_twitch(int /*connection*/, const std::string& line, const TestServer::Say& say) {
    const auto argument = line.substr(std::min(line.find(' ') + 1, line.size()));
    if (line.starts_with("CAP REQ")) {
        say(":tmi.twitch.tv CAP * ACK " + argument.substr(4) + "\r\n");
    } else if (line.starts_with("USER ")) {
        // The name that a server welcomes is the one it uses from then on.
        say(":tmi.twitch.tv 001 me :Welcome, GLHF!\r\n");
    } else if (line.starts_with("JOIN ")) {
        say(":me!me@me.tmi.twitch.tv JOIN " + argument + "\r\n");
    } else if (line.starts_with("PING ")) {
        say(":tmi.twitch.tv PONG tmi.twitch.tv " + argument + "\r\n");
    }
}

}  // namespace streamwall::twitch
