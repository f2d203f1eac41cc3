// How a connection is opened: what libpq is told, and what the server must be like.
#include "connection.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <unistd.h>

#include <cstring>
#include <utility>

namespace streamwall::postgres {
namespace {

using boost::system::error_code;

// The server's own limit comes first, so that it can say why.
constexpr std::chrono::milliseconds kGrace{500};
constexpr std::chrono::hours kNoLimit{24};

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ParsedUrl = std::unique_ptr<PQconninfoOption, FreeOptions>;

ParsedUrl parse_url(const std::string& url, std::string& complaint) {
    char* message = nullptr;
    ParsedUrl parsed(PQconninfoParse(url.c_str(), &message));
    if (message != nullptr) {
        // libpq quotes what it doesn't understand, which may be a password.
        complaint = "the url is not one of PostgreSQL (postgres://user:password@host:port/name)";
        PQfreemem(message);
    }
    return parsed;
}

std::string option_of(const PQconninfoOption* options, std::string_view keyword) {
    for (; options != nullptr && options->keyword != nullptr; ++options) {
        if (keyword == options->keyword) return options->val == nullptr ? "" : options->val;
    }
    return {};
}

// What libpq is given: the url, and what the store needs of every session.
class Parameters {
  public:
    Parameters(const ConnectionOptions& options, const std::string& host_address) {
        add("dbname", options.url);  // is expanded; what follows comes on top
        add("client_encoding", "UTF8");
        add("fallback_application_name", "streamwall");
        std::string complaint;
        const auto url = parse_url(options.url, complaint);
        const std::string limit = std::to_string(options.statement_timeout.count());
        add("options", option_of(url.get(), "options") + " -c search_path=" + options.schema +
                           " -c statement_timeout=" + limit + " -c lock_timeout=" + limit +
                           " -c idle_in_transaction_session_timeout=5000 -c timezone=UTC");
        // A peer that has gone without a word is noticed, unless the url says how.
        for (const auto& [keyword, value] :
             std::initializer_list<std::pair<const char*, const char*>>{
                 {"keepalives_idle", "5"},
                 {"keepalives_interval", "2"},
                 {"keepalives_count", "3"},
                 {"tcp_user_timeout", "10000"},
                 // Looking for a Kerberos ticket may block.
                 {"gssencmode", "disable"}}) {
            if (is_default(url.get(), keyword)) add(keyword, value);
        }
        if (!host_address.empty()) add("hostaddr", host_address);
    }

    PGconn* start() const {
        std::vector<const char*> keywords;
        std::vector<const char*> values;
        for (const auto& [keyword, value] : all_) {
            keywords.push_back(keyword);
            values.push_back(value.c_str());
        }
        keywords.push_back(nullptr);
        values.push_back(nullptr);
        return PQconnectStartParams(keywords.data(), values.data(), 1);
    }

  private:
    void add(const char* keyword, std::string value) { all_.emplace_back(keyword, value); }

    static bool is_default(const PQconninfoOption* options, std::string_view keyword) {
        const std::string value = option_of(options, keyword);
        return value.empty() || (keyword == "gssencmode" && value == "prefer");
    }

    std::vector<std::pair<const char*, std::string>> all_;
};

// libpq looks names up while the thread waits, so they are looked up here. Empty where there is
// nothing to do: sockets, addresses, several hosts (which libpq tries in turn).
Task<std::string> look_up_host(Executor executor, const std::string& url) {
    std::string complaint;
    const auto parsed = parse_url(url, complaint);
    if (!complaint.empty()) throw Failure::refused(complaint);
    const std::string host = option_of(parsed.get(), "host");
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (host.empty() || host.starts_with('/') || host.find(',') != host.npos || !not_an_address ||
        !option_of(parsed.get(), "hostaddr").empty()) {
        co_return std::string();
    }
    asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(executor);
    error_code error;
    const auto found =
        co_await resolver.async_resolve(host, "", asio::redirect_error(kAwait, error));
    // Several addresses are left to libpq, which tries them all.
    if (error || found.size() != 1) co_return std::string();
    co_return found.begin()->endpoint().address().to_string();
}

}  // namespace

std::string complaint_about(const std::string& url) {
    std::string complaint;
    if (url.empty()) return "the url of the database is missing";
    parse_url(url, complaint);
    return complaint;
}

Connection::Patience::Patience(Connection& connection)
    : connection_(connection), limit_(std::exchange(connection.limit_, kNoLimit)) {}

Connection::Patience::~Patience() {
    connection_.limit_ = limit_;
}

Task<std::unique_ptr<Connection>> Connection::open(Executor executor,
                                                   const ConnectionOptions& options) {
    std::unique_ptr<Connection> connection(new Connection(executor));
    {
        const Deadline deadline(connection->socket_, options.connect_timeout);
        co_await connection->connect(options);
    }
    co_await connection->set_up(options);
    co_return connection;
}

Task<> Connection::connect(const ConnectionOptions& options) {
    const std::string address =
        co_await look_up_host(socket_->descriptor.get_executor(), options.url);
    connection_.reset(Parameters(options, address).start());
    if (connection_ == nullptr) throw Failure::away("no memory for a connection");
    // The server's notices are for people at a terminal.
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    if (PQstatus(connection_.get()) == CONNECTION_BAD) lose("can't connect");
    // So that a refusal names its SQLSTATE, whatever language the server speaks.
    PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
    auto next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        // libpq may take another socket for each address it tries.
        watch_socket();
        const auto event =
            next == PGRES_POLLING_READING ? Descriptor::wait_read : Descriptor::wait_write;
        error_code error;
        co_await socket_->descriptor.async_wait(event, asio::redirect_error(kAwait, error));
        if (socket_->timed_out) throw Failure::away("can't connect: the server doesn't answer");
        next = PQconnectPoll(connection_.get());
        if (next == PGRES_POLLING_FAILED) lose("can't connect");
    }
    watch_socket();
    PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
    PQsetnonblocking(connection_.get(), 1);
    if (PQenterPipelineMode(connection_.get()) != 1) lose("no pipeline mode");
}

// Asio waits on a copy, so that both sides may close their own.
void Connection::watch_socket() {
    error_code ignored;
    socket_->descriptor.close(ignored);
    const int copy = ::dup(PQsocket(connection_.get()));
    if (copy < 0) throw Failure::away(std::string("no descriptor: ") + std::strerror(errno));
    socket_->descriptor.assign(copy, ignored);
}

Task<> Connection::set_up(const ConnectionOptions& options) {
    limit_ = options.connect_timeout;
    auto rows = co_await query(
        "SELECT current_setting('synchronous_commit'), current_setting('server_encoding'),"
        " pg_is_in_recovery()");
    rows.step();
    const std::string durable(rows.text(0));
    if (durable == "off") {
        throw Failure::refused(
            "synchronous_commit is off on the server, so that a power cut would lose acknowledged"
            " changes; set it to on (ALTER DATABASE … SET synchronous_commit = on)");
    }
    if (rows.text(1) != "UTF8") {
        throw Failure::refused("the database is encoded in " + std::string(rows.text(1)) +
                               "; make one with ENCODING 'UTF8'");
    }
    if (rows.integer(2) != 0) throw Failure::away("the server is a standby that can't be written");
    // Whoever changes the server's configuration later changes it for new connections, which check.
    Pipeline pin;
    pin.add_once("SET synchronous_commit = " + durable);
    // Compiling a statement takes longer than any of ours runs.
    pin.add_once("SET jit = off");
    (co_await run(pin)).check();
    limit_ = options.statement_timeout.count() == 0 ? std::chrono::milliseconds(kNoLimit)
                                                    : options.statement_timeout + kGrace;
}

}  // namespace streamwall::postgres
