// A redis-server of a test's own: on a free port and a Unix socket, in a temporary folder, known by
// its process id.
#pragma once

#include <streamwall/testing/temporary_folder.hpp>

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace streamwall::redis::testing {

struct ServerOptions {
    std::string password = {};
    // PEM files; then the server's port speaks TLS.
    std::filesystem::path certificate = {};
    std::filesystem::path key = {};
};

class RedisServer {
  public:
    // Only finds a port and makes the folder.
    explicit RedisServer(ServerOptions options = {});
    ~RedisServer();  // ends the server
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    static bool is_installed();

    // Returns once the server answers; false where it does not within ten seconds.
    bool start();
    void kill();     // SIGKILL; its data is gone
    void suspend();  // SIGSTOP
    void resume();   // SIGCONT
    bool is_running() const { return pid_ > 0; }

    std::uint16_t port() const { return port_; }
    std::filesystem::path socket() const { return folder_ / "redis.sock"; }
    // redis:// or rediss://, with the password.
    std::string url() const;

    // One command over the socket, its reply as one line of text; "(none)" where there is none.
    std::string command(const std::vector<std::string>& words) const;

  private:
    void wait_for_end();

    ServerOptions options_;
    const streamwall::testing::TemporaryFolder folder_{"redis"};
    std::uint16_t port_ = 0;
    pid_t pid_ = 0;
};

}  // namespace streamwall::redis::testing
