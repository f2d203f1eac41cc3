// Starting and ending of nats-server.
#include "nats_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace streamwall::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kStartTimeout = 20s;
constexpr auto kLookInterval = 5ms;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.sin_port = htons(port);
    return out;
}

// Free at this moment; nobody else is given it soon, as the system counts on.
std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t length = sizeof address;
    const bool bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                       ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

// Debian keeps it where users other than root have no path to.
std::string find_program() {
    for (const char* path : {"/usr/sbin/nats-server", "/usr/bin/nats-server"})
        if (::access(path, X_OK) == 0) return path;
    return "nats-server";
}

}  // namespace

NatsServer::NatsServer(std::string config, Begin begin) : port_(free_port()) {
    std::ofstream(folder_ / "server.conf")
        << "host: 127.0.0.1\nport: " << port_ << "\nmax_payload: 1048576\n"
        << config << "\n";
    if (begin == Begin::now) start();
}

NatsServer::~NatsServer() {
    kill();
}

void NatsServer::start() {
    const auto program = find_program();
    const auto config = (folder_ / "server.conf").string();
    const auto log = (folder_ / "server.log").string();
    std::array<const char*, 4> arguments = {program.c_str(), "-c", config.c_str(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    const int failed = ::posix_spawnp(&pid_, program.c_str(), &actions, nullptr,
                                      const_cast<char**>(arguments.data()), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        pid_ = -1;
        throw std::runtime_error("cannot run nats-server; is the package installed?");
    }
    const auto limit = std::chrono::steady_clock::now() + kStartTimeout;
    while (!listens()) {
        const bool ended = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
        if (ended) pid_ = -1;
        if (ended || std::chrono::steady_clock::now() > limit) {
            throw std::runtime_error("nats-server does not listen:\n" + this->log());
        }
        std::this_thread::sleep_for(kLookInterval);
    }
}

bool NatsServer::listens() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(port_);
    const bool connected =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return connected;
}

void NatsServer::end(int signal) {
    if (pid_ < 0) return;
    ::kill(pid_, signal);
    ::kill(pid_, SIGCONT);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void NatsServer::stop() {
    end(SIGTERM);
}

void NatsServer::kill() {
    end(SIGKILL);
}

void NatsServer::freeze() {
    ::kill(pid_, SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);
}

void NatsServer::thaw() {
    ::kill(pid_, SIGCONT);
}

std::string NatsServer::log() const {
    std::ifstream file(folder_ / "server.log");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace streamwall::testing
