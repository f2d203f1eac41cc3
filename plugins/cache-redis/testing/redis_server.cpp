#include "redis_server.hpp"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

namespace streamwall::redis::testing {

namespace fs = std::filesystem;

namespace {

constexpr const char* kProgram = "/usr/bin/redis-server";

std::uint16_t find_free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(probe, raw, length) != 0 || ::getsockname(probe, raw, &length) != 0) {
        throw std::runtime_error("no port is free");
    }
    ::close(probe);
    return ntohs(address.sin_port);
}

std::string to_line(const redisReply* reply) {
    if (reply == nullptr || reply->type == REDIS_REPLY_NIL) return "(none)";
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    if (reply->type != REDIS_REPLY_ARRAY) return {reply->str, reply->len};
    std::string out;
    for (std::size_t n = 0; n < reply->elements; ++n)
        out += (n ? " " : "") + to_line(reply->element[n]);
    return out;
}

}  // namespace

RedisServer::RedisServer(ServerOptions options)
    : options_(std::move(options)), port_(find_free_port()) {}

RedisServer::~RedisServer() {
    kill();
}

bool RedisServer::is_installed() {
    return ::access(kProgram, X_OK) == 0;
}

bool RedisServer::start() {
    std::vector<std::string> words{kProgram,
                                   "--bind",
                                   "127.0.0.1",
                                   "--save",
                                   "",
                                   "--dir",
                                   folder_.path().string(),
                                   "--unixsocket",
                                   socket(),
                                   "--logfile",
                                   folder_ / "log",
                                   "--daemonize",
                                   "no"};
    const bool tls = !options_.certificate.empty();
    for (const auto* word : {tls ? "--tls-port" : "--port"})
        words.emplace_back(word);
    words.push_back(std::to_string(port_));
    if (tls) {
        words.insert(words.end(), {"--port", "0", "--tls-cert-file", options_.certificate,
                                   "--tls-key-file", options_.key, "--tls-auth-clients", "no"});
    }
    if (!options_.password.empty()) {
        words.insert(words.end(), {"--requirepass", options_.password});
    }
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    if (::posix_spawn(&pid_, kProgram, nullptr, nullptr, pointers.data(), environ) != 0) {
        pid_ = 0;
        return false;
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (command({"PING"}) != "PONG") {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

void RedisServer::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

void RedisServer::suspend() {
    ::kill(pid_, SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);
}

void RedisServer::resume() {
    ::kill(pid_, SIGCONT);
}

std::string RedisServer::url() const {
    const auto login = options_.password.empty() ? "" : ":" + options_.password + "@";
    const bool tls = !options_.certificate.empty();
    return (tls ? "rediss://" + login + "localhost:" : "redis://" + login + "127.0.0.1:") +
           std::to_string(port_);
}

std::string RedisServer::command(const std::vector<std::string>& words) const {
    const std::unique_ptr<redisContext, decltype(&redisFree)> context(
        redisConnectUnix(socket().c_str()), &redisFree);
    if (!context || context->err != 0) return "(none)";
    const auto send = [&](const std::vector<std::string>& texts) {
        std::vector<const char*> data;
        std::vector<std::size_t> lengths;
        for (const auto& text : texts) {
            data.push_back(text.data());
            lengths.push_back(text.size());
        }
        auto* reply = static_cast<redisReply*>(redisCommandArgv(
            context.get(), static_cast<int>(texts.size()), data.data(), lengths.data()));
        auto line = to_line(reply);
        freeReplyObject(reply);
        return line;
    };
    if (!options_.password.empty()) send({"AUTH", options_.password});
    return send(words);
}

}  // namespace streamwall::redis::testing
