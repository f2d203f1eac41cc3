// The client against a real IRC server: ngircd, which knows none of Twitch's capabilities.
#include "client_fixture.hpp"

#include <streamwall/testing/temporary_folder.hpp>

#include <gtest/gtest.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace streamwall::twitch {
namespace {

namespace fs = std::filesystem;
using boost::asio::ip::tcp;
using Health = ClientObserver::Health;

fs::path find_ngircd() {
    for (const char* candidate : {"/usr/sbin/ngircd", "/usr/local/sbin/ngircd"}) {
        if (fs::exists(candidate)) return candidate;
    }
    return {};
}

std::uint16_t free_port() {
    boost::asio::io_context loop;
    tcp::acceptor acceptor(loop, {boost::asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
}

class Ngircd {
  public:
    Ngircd() : port_(free_port()) {
        std::ofstream(folder_ / "ngircd.conf")
            << "[Global]\nName = irc.test.local\nInfo = test\nListen = 127.0.0.1\nPorts = " << port_
            << (geteuid() == 0 ? "\nServerUID = root\nServerGID = root" : "")
            << "\n[Limits]\nMaxConnectionsIP = 0\nMaxNickLength = 30\nMaxPenaltyTime = 0\n"
               "[Options]\nDNS = no\nIdent = no\nPAM = no\n";
        begin();
    }
    ~Ngircd() { kill(); }
    Ngircd(const Ngircd&) = delete;
    Ngircd& operator=(const Ngircd&) = delete;

    void begin() {
        const auto config = (folder_ / "ngircd.conf").string();
        const auto program = find_ngircd().string();
        child_ = fork();
        if (child_ == 0) {
            std::freopen("/dev/null", "w", stdout);
            execl(program.c_str(), program.c_str(), "-n", "-f", config.c_str(), nullptr);
            _exit(127);
        }
    }
    void kill() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        child_ = 0;
    }
    std::uint16_t port() const { return port_; }

  private:
    std::uint16_t port_;
    const streamwall::testing::TemporaryFolder folder_{"ngircd"};
    pid_t child_ = 0;
};

// Somebody else in the channel, with blocking calls and no code of the client's.
class Person {
  public:
    explicit Person(std::uint16_t port) : socket_(loop_) {
        socket_.connect({boost::asio::ip::address_v4::loopback(), port});
        send("NICK ann\r\nUSER ann 0 * :Ann\r\n");
        wait_for(" 001 ");
        send("JOIN #streamwall\r\n");
        wait_for(" 366 ");
    }
    void post(const std::string& text) { send("PRIVMSG #streamwall :" + text + "\r\n"); }

  private:
    void send(const std::string& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
    void wait_for(std::string_view part) {
        for (;;) {
            const auto length =
                boost::asio::read_until(socket_, boost::asio::dynamic_buffer(in_), '\n');
            const auto line = in_.substr(0, length);
            in_.erase(0, length);
            if (line.starts_with("PING")) send("PONG" + line.substr(4));
            if (line.find(part) != line.npos) return;
        }
    }
    boost::asio::io_context loop_;
    tcp::socket socket_;
    std::string in_;
};

TEST(ARealIrcServer, IsReadAndReadAgainAfterItWasKilled) {
    if (find_ngircd().empty()) GTEST_SKIP() << "ngircd is not installed";
    Ngircd server;
    auto options = quick_options({"localhost", server.port(), false}, {"#streamwall"});
    options.session.registration_timeout = std::chrono::seconds(10);
    options.session.ping_interval = std::chrono::seconds(1);
    options.session.ping_timeout = std::chrono::seconds(10);
    RunningClient client(std::move(options));
    ASSERT_TRUE(client.wait_for_health(Health::kOk, ""));
    Person(server.port()).post("live: https://twitch.tv/foo");
    EXPECT_TRUE(client.wait_for_posts({"live: https://twitch.tv/foo"}));

    server.kill();
    ASSERT_TRUE(client.wait_for_health(Health::kDegraded, "not connected"));
    server.begin();
    ASSERT_TRUE(client.wait_for_health(Health::kOk, ""));
    Person(server.port()).post("back");
    EXPECT_TRUE(client.wait_for_posts({"live: https://twitch.tv/foo", "back"}));
}

}  // namespace
}  // namespace streamwall::twitch
