#include "connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace streamwall::postgres {
namespace {

using boost::system::error_code;

constexpr std::size_t kPreparedStatements = 256;
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

Connection::Deadline::Deadline(std::shared_ptr<Socket> socket, Clock::duration limit)
    : socket_(std::move(socket)) {
    socket_->timed_out = false;
    socket_->timer.expires_after(limit);
    socket_->timer.async_wait(
        [socket = socket_, operation = ++socket_->operation](error_code error) {
            if (error || operation != socket->operation) return;
            socket->timed_out = true;
            error_code ignored;
            socket->descriptor.cancel(ignored);
        });
}

Connection::Deadline::~Deadline() {
    ++socket_->operation;
    socket_->timer.cancel();
}

Connection::Patience::Patience(Connection& connection)
    : connection_(connection), limit_(std::exchange(connection.limit_, kNoLimit)) {}

Connection::Patience::~Patience() {
    connection_.limit_ = limit_;
}

Connection::Connection(Executor executor) : socket_(std::make_shared<Socket>(executor)) {}

Connection::~Connection() {
    ++socket_->operation;
    error_code ignored;
    socket_->timer.cancel();
    socket_->descriptor.close(ignored);
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

void Connection::lose(std::string_view doing) {
    lost_ = true;
    throw failure_of(connection_.get(), doing);
}

bool Connection::is_lost() const {
    return lost_ || PQstatus(connection_.get()) != CONNECTION_OK;
}

bool Connection::is_busy() const {
    return running_ || PQtransactionStatus(connection_.get()) != PQTRANS_IDLE;
}

Task<Rows> Connection::query(std::string_view sql, std::vector<storage::Value> values) {
    Pipeline pipeline;
    pipeline.add_values(sql, std::move(values));
    auto replies = co_await run(pipeline);
    co_return std::move(replies.check().rows.front());
}

Task<Replies> Connection::run(const Pipeline& pipeline) {
    if (lost_) throw Failure::away("the connection was lost");
    running_ = true;
    const Deadline deadline(socket_, limit_);
    auto replies = co_await receive(send(pipeline));
    running_ = false;
    co_return replies;
}

std::vector<Connection::Expected> Connection::send(const Pipeline& pipeline) {
    std::vector<Expected> expected;
    expected.reserve(pipeline.size() + 4);
    forget_oldest(expected);
    for (const auto& item : pipeline.items()) {
        if (item.prepared) {
            const std::string name = prepared(item.sql, expected);
            send_values(name, item);
        } else {
            send_once(item);
        }
        expected.push_back({false, item.sql});
    }
    if (PQpipelineSync(connection_.get()) != 1) lose("can't send");
    return expected;
}

const std::string& Connection::prepared(std::string_view sql, std::vector<Expected>& expected) {
    if (const auto found = by_text_.find(sql); found != by_text_.end()) {
        by_age_.splice(by_age_.begin(), by_age_, found->second);
        return found->second->name;
    }
    by_age_.push_front({std::string(sql), "s" + std::to_string(++names_given_)});
    const auto& statement = by_age_.front();
    by_text_.emplace(statement.sql, by_age_.begin());
    if (PQsendPrepare(connection_.get(), statement.name.c_str(), statement.sql.c_str(), 0,
                      nullptr) != 1) {
        lose("can't send");
    }
    expected.push_back({true, statement.sql});
    return statement.name;
}

void Connection::forget_oldest(std::vector<Expected>& expected) {
    while (by_age_.size() > kPreparedStatements) {
        const std::string sql = "DEALLOCATE " + by_age_.back().name;
        by_text_.erase(by_age_.back().sql);
        by_age_.pop_back();
        if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                              0) != 1) {
            lose("can't send");
        }
        expected.push_back({true, {}});
    }
}

void Connection::send_values(const std::string& name, const Pipeline::Item& item) {
    constexpr int kText = 0;
    constexpr int kBinary = 1;
    const std::size_t count = item.values.size();
    std::vector<const char*> values(count);
    std::vector<int> lengths(count);
    std::vector<int> formats(count, kText);
    std::vector<std::array<char, 32>> numbers(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& value = item.values[i];
        auto& digits = numbers[i];
        const auto put = [&](auto number) {
            *std::to_chars(digits.data(), digits.data() + digits.size() - 1, number).ptr = 0;
            values[i] = digits.data();
        };
        if (const auto* text = std::get_if<std::string_view>(&value)) {
            // The binary form of a text is its bytes; so it needs no zero behind them.
            values[i] = text->empty() ? "" : text->data();
            lengths[i] = static_cast<int>(text->size());
            formats[i] = kBinary;
        } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            put(*integer);
        } else if (const auto* real = std::get_if<double>(&value)) {
            put(*real);
        } else if (std::holds_alternative<storage::Now>(value)) {
            put(item.now_ms);
        }
    }
    if (PQsendQueryPrepared(connection_.get(), name.c_str(), static_cast<int>(count), values.data(),
                            lengths.data(), formats.data(), 0) != 1) {
        lose("can't send");
    }
}

void Connection::send_once(const Pipeline::Item& item) {
    const std::string sql(item.sql);
    if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                          0) != 1) {
        lose("can't send");
    }
}

Task<Replies> Connection::receive(std::vector<Expected> expected) {
    Replies replies;
    replies.rows.reserve(expected.size());
    std::size_t at = 0;
    bool flushed = false;
    while (!take_results(expected, at, replies)) {
        if (!flushed) {
            const int left = PQflush(connection_.get());
            if (left < 0) lose("the connection was lost");
            flushed = left == 0;
        }
        if (flushed) {
            co_await wait_readable();
        } else {
            co_await wait_either();
        }
        if (PQconsumeInput(connection_.get()) != 1) lose("the connection was lost");
    }
    co_return replies;
}

// True once everything has been answered.
bool Connection::take_results(const std::vector<Expected>& expected, std::size_t& at,
                              Replies& replies) {
    while (PQisBusy(connection_.get()) == 0) {
        PGresult* result = PQgetResult(connection_.get());
        if (result == nullptr) {  // stands behind each statement
            if (PQstatus(connection_.get()) != CONNECTION_OK) lose("the connection was lost");
            continue;
        }
        Rows rows(result);
        const auto status = PQresultStatus(result);
        if (status == PGRES_PIPELINE_SYNC) return true;
        if (PQstatus(connection_.get()) != CONNECTION_OK) {
            lost_ = true;
            throw Failure::away(failure_of(result).what());
        }
        if (at >= expected.size()) lose("the server answered more than it was asked");
        const Expected& now = expected[at++];
        const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (!good && now.prepares && !now.sql.empty()) {
            if (const auto found = by_text_.find(now.sql); found != by_text_.end()) {
                const auto statement = found->second;
                by_text_.erase(found);
                by_age_.erase(statement);
            }
        }
        if (!good && !replies.failure && status != PGRES_PIPELINE_ABORTED) {
            replies.failure = failure_of(result);
        }
        if (good && !now.prepares) replies.rows.push_back(std::move(rows));
    }
    return false;
}

Task<> Connection::wait_readable() {
    error_code error;
    co_await socket_->descriptor.async_wait(Descriptor::wait_read,
                                            asio::redirect_error(kAwait, error));
    if (socket_->timed_out) {
        lost_ = true;
        throw Failure::away("the server doesn't answer");
    }
}

// The server may stop reading until its own output is read.
Task<> Connection::wait_either() {
    using namespace asio::experimental::awaitable_operators;
    co_await (socket_->descriptor.async_wait(Descriptor::wait_read, asio::as_tuple(kAwait)) ||
              socket_->descriptor.async_wait(Descriptor::wait_write, asio::as_tuple(kAwait)));
    if (socket_->timed_out) {
        lost_ = true;
        throw Failure::away("the server doesn't answer");
    }
}

Task<std::vector<std::string>> Connection::wait_notified(Clock::duration limit) {
    std::vector<std::string> payloads;
    const auto take = [&] {
        while (PGnotify* notify = PQnotifies(connection_.get())) {
            payloads.emplace_back(notify->extra);
            PQfreemem(notify);
        }
    };
    take();
    if (!payloads.empty()) co_return payloads;
    const Deadline deadline(socket_, limit);
    error_code error;
    co_await socket_->descriptor.async_wait(Descriptor::wait_read,
                                            asio::redirect_error(kAwait, error));
    if (!error && PQconsumeInput(connection_.get()) != 1) lose("the connection was lost");
    take();
    co_return payloads;
}

void Connection::wake() {
    if (running_) return;
    error_code ignored;
    socket_->descriptor.cancel(ignored);
}

}  // namespace streamwall::postgres
