#include "connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <array>
#include <charconv>
#include <utility>

namespace streamwall::postgres {
namespace {

using boost::system::error_code;

constexpr std::size_t kPreparedStatements = 256;

}  // namespace

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

Connection::Connection(Executor executor) : socket_(std::make_shared<Socket>(executor)) {}

Connection::~Connection() {
    ++socket_->operation;
    error_code ignored;
    socket_->timer.cancel();
    socket_->descriptor.close(ignored);
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
