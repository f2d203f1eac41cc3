// NatsServer: a real nats-server for a test, on a free port of 127.0.0.1 and in a temporary folder.
//
//   NatsServer server;                       // runs when the constructor returns
//   connect(server.url());
//   server.kill();                           // as kill -9
//   server.start();                          // again, on the same port
//
// It ends with its object, by its process id.
#pragma once

#include <streamwall/testing/temporary_folder.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace streamwall::testing {

class NatsServer {
  public:
    enum class Begin { now, later };

    // `config` is added to the server's configuration file (authorization {…}, tls {…}). Throws
    // where there is no nats-server or it does not begin to listen.
    explicit NatsServer(std::string config = {}, Begin begin = Begin::now);
    ~NatsServer();
    NatsServer(const NatsServer&) = delete;
    NatsServer& operator=(const NatsServer&) = delete;

    // On the same port as before; returns once it listens.
    void start();
    void stop();    // SIGTERM; returns once it is gone
    void kill();    // SIGKILL
    void freeze();  // SIGSTOP: its connections stay and are silent from here on
    void thaw();    // SIGCONT

    std::uint16_t port() const { return port_; }
    std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
    pid_t pid() const { return pid_; }
    const std::filesystem::path& folder() const { return folder_.path(); }
    std::string log() const;

  private:
    void end(int signal);
    bool listens() const;

    const TemporaryFolder folder_{"nats"};
    std::uint16_t port_;
    pid_t pid_ = -1;
};

}  // namespace streamwall::testing
