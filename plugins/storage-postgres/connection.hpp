// One connection to the server, in libpq's pipeline mode, driven by Asio.
//
// Lives on the store's I/O thread; nothing here blocks it. Everything has a limit of time: a server
// that hangs costs the one who waits that long, and the connection. One operation at a time.
#pragma once

#include <libpq-fe.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline.hpp"
#include "task.hpp"

namespace streamwall::postgres {

struct ConnectionOptions {
    std::string url;  // postgres://… or "host=… dbname=…"; TLS as its sslmode says
    std::string schema = "streamwall";  // in which all tables are
    std::chrono::milliseconds connect_timeout{2000};
    // The server cancels a statement then, and a lock that is waited for; 0 never.
    std::chrono::milliseconds statement_timeout{5000};
};

// Why `url` can't be one; empty where it can.
std::string complaint_about(const std::string& url);

class Connection {
  public:
    // Throws Failure.
    static Task<std::unique_ptr<Connection>> open(Executor executor,
                                                  const ConnectionOptions& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Sends all statements at once; they run in order, up to the first that fails, and outside of a
    // transaction in one of their own. Throws Failure where the connection is lost: nobody knows
    // what has been run then.
    Task<Replies> run(const Pipeline& pipeline);
    // One statement that must succeed.
    Task<Rows> query(std::string_view sql, std::vector<storage::Value> values = {});

    // Waits until somebody has notified a channel that is listened to, until wake(), or until the
    // time is over; payloads of the notifications.
    Task<std::vector<std::string>> wait_notified(Clock::duration limit);
    void wake();

    // True once it is of no use; true while a transaction or an operation is open.
    bool is_lost() const;
    bool is_busy() const;
    int server_process() const { return PQbackendPID(connection_.get()); }
    int server_version() const { return PQserverVersion(connection_.get()); }

    // While one lives, an answer is waited for however long it takes. The limit of the server,
    // which cancels a statement, is another one.
    class Patience {
      public:
        explicit Patience(Connection& connection);
        ~Patience();
        Patience(const Patience&) = delete;
        Patience& operator=(const Patience&) = delete;

      private:
        Connection& connection_;
        const std::chrono::milliseconds limit_;
    };

  private:
    using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

    // Outlives the connection while a timer's handler is under way.
    struct Socket {
        explicit Socket(Executor executor) : descriptor(executor), timer(executor) {}
        Descriptor descriptor;
        Timer timer;
        std::uint64_t operation = 0;
        bool timed_out = false;
    };
    // Ends an operation that takes too long.
    class Deadline {
      public:
        Deadline(std::shared_ptr<Socket> socket, Clock::duration limit);
        ~Deadline();
        Deadline(const Deadline&) = delete;
        Deadline& operator=(const Deadline&) = delete;

      private:
        std::shared_ptr<Socket> socket_;
    };
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    // What is expected next from the server.
    struct Expected {
        bool prepares = false;
        std::string_view sql;
    };
    struct Prepared {
        std::string sql;
        std::string name;
    };

    explicit Connection(Executor executor);
    Task<> connect(const ConnectionOptions& options);
    Task<> set_up(const ConnectionOptions& options);
    void watch_socket();
    std::vector<Expected> send(const Pipeline& pipeline);
    void send_values(const std::string& name, const Pipeline::Item& item);
    void send_once(const Pipeline::Item& item);
    const std::string& prepared(std::string_view sql, std::vector<Expected>& expected);
    void forget_oldest(std::vector<Expected>& expected);
    Task<Replies> receive(std::vector<Expected> expected);
    bool take_results(const std::vector<Expected>& expected, std::size_t& at, Replies& replies);
    Task<> wait_readable();
    Task<> wait_either();
    [[noreturn]] void lose(std::string_view doing);

    std::shared_ptr<Socket> socket_;
    std::unique_ptr<PGconn, Finish> connection_;
    std::list<Prepared> by_age_;  // newest first
    std::unordered_map<std::string_view, std::list<Prepared>::iterator> by_text_;
    std::uint64_t names_given_ = 0;
    std::chrono::milliseconds limit_{0};  // for one run
    bool lost_ = false;
    bool running_ = false;
};

}  // namespace streamwall::postgres
