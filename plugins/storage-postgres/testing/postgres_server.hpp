// A PostgreSQL of its own for a test: initdb in a temporary folder, a free port, removed at the
// end.
//
//   PostgresServer server;
//   auto url = server.url();          // TCP on 127.0.0.1
//   server.kill_hard(); server.start();
//   server.pause(); … server.resume();
//
// PostgreSQL refuses to run as root, so there it is run as the user postgres. All signals go to
// process ids that this object has started, never to names.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace streamwall::testing {

struct PostgresOptions {
    bool fsync = true;  // false only where a test measures nothing and restarts nothing
    bool tls = false;   // also takes TLS, with a certificate of its own making
    std::vector<std::string> settings = {};  // "synchronous_commit=off"
};

class PostgresServer {
  public:
    // Why there can be none on this machine; empty where there can.
    static std::string missing();

    // Started. Throws std::runtime_error.
    explicit PostgresServer(PostgresOptions options = {});
    ~PostgresServer();  // stops it, removes the folder
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    void start();      // returns once it takes connections
    void stop();       // in order (a "fast" shutdown)
    void kill_hard();  // SIGKILL to the server and all its processes, as a crash of the machine
    void pause();      // SIGSTOP to all of them
    void resume();
    bool running() const { return pid_ > 0; }
    pid_t pid() const { return pid_; }

    int port() const { return port_; }
    std::string url(const std::string& database = "postgres") const;
    const std::string& folder() const { return folder_; }
    std::string certificate() const { return folder_ + "/server.crt"; }

  private:
    void make_certificate();
    std::vector<pid_t> processes() const;  // the server first
    void remove_folder();

    PostgresOptions options_;
    std::string folder_;
    int port_ = 0;
    pid_t pid_ = -1;
};

}  // namespace streamwall::testing
