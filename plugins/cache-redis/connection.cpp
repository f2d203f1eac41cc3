// Sockets, deadlines and the pipeline.
#include "connection.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::redis {

using boost::asio::ip::tcp;

namespace {

using Clock = std::chrono::steady_clock;

// How often deadlines of an open connection are looked at.
constexpr std::chrono::milliseconds kTick{100};

Error away(const std::string& reason) {
    return Error::unavailable("Redis is away: " + reason);
}

// Errors begin with a word in capitals that names their kind.
Error to_error(std::string_view text) {
    constexpr std::string_view kPassing[] = {"LOADING",    "READONLY", "OOM",   "BUSY",
                                             "MASTERDOWN", "MISCONF",  "NOAUTH"};
    const auto kind = text.substr(0, text.find(' '));
    const std::string message = "Redis: " + std::string(text);
    if (std::ranges::find(kPassing, kind) != std::end(kPassing)) return Error::unavailable(message);
    return Error::internal(message);
}

// Messages of subscriptions come between the answers, and answer nothing.
bool is_message(ReplyView reply) {
    return reply.size() == 3 && reply.at(0).text() == "message";
}

}  // namespace

Connection::Connection(boost::asio::io_context& loop, net::StreamFactory& factory,
                       const ConnectionOptions& options, Callbacks callbacks)
    : loop_(loop),
      factory_(factory),
      options_(options),
      callbacks_(std::move(callbacks)),
      resolver_(loop),
      timer_(loop) {}

void Connection::start() {
    arm(options_.timeout);
    if (options_.url.socket.empty()) return look_up();
    endpoints_.emplace_back(boost::asio::local::stream_protocol::endpoint(options_.url.socket));
    connect_next("");
}

void Connection::look_up() {
    resolver_.async_resolve(
        options_.url.host, std::to_string(options_.url.port), tcp::resolver::numeric_service,
        guarded([this](const boost::system::error_code& code, tcp::resolver::results_type found) {
            if (code) return lose("cannot look up " + options_.url.host + ": " + code.message());
            for (const auto& entry : found)
                endpoints_.emplace_back(entry.endpoint());
            std::ranges::reverse(endpoints_);
            connect_next("the name has no address");
        }));
}

void Connection::connect_next(std::string last_problem) {
    if (stream_) {
        stream_->close();
        abandoned_.push_back(std::move(stream_));
    }
    if (endpoints_.empty()) return lose(last_problem);
    phase_ = Phase::kConnecting;
    const auto to = endpoints_.back();
    endpoints_.pop_back();
    stream_ = factory_.open();
    arm(options_.timeout);
    stream_->connect(to, guarded([this, tried = stream_.get()](Result<> done) {
                         if (stream_.get() != tried) return;  // its time was over before
                         if (!done) return connect_next(done.error().message);
                         greet();
                     }));
}

void Connection::greet() {
    phase_ = Phase::kGreeting;
    arm(options_.timeout);
    read();
    const auto must_succeed = [this](Result<ReplyView> reply) {
        if (!reply && !closed_) lose(reply.error().message);
    };
    const auto& url = options_.url;
    if (!url.password.empty()) {
        Command login("AUTH");
        if (!url.user.empty()) login.arg(url.user);
        send(login.arg(url.password), must_succeed);
    }
    if (url.database != 0) {
        send(Command("SELECT").arg(static_cast<std::int64_t>(url.database)), must_succeed);
    }
    send(Command("PING"), [this, must_succeed](Result<ReplyView> reply) {
        if (!reply) return must_succeed(reply);
        opened();
    });
}

void Connection::opened() {
    phase_ = Phase::kOpen;
    arm(kTick);
    callbacks_.on_open();
}

void Connection::send(const Command& command, OnReply done) {
    if (closed_) return done(away("the connection was closed"));
    command.append_to(next_);
    owed_.push_back({std::move(done), Clock::now()});
    if (!writing_.empty() || std::exchange(flush_posted_, true)) return;
    // What is sent before the loop comes round again leaves in one piece.
    boost::asio::post(loop_, guarded([this] {
                          flush_posted_ = false;
                          flush();
                      }));
}

void Connection::flush() {
    if (!writing_.empty() || next_.empty()) return;
    std::swap(writing_, next_);
    stream_->write(writing_, guarded([this](Result<> done) {
                       if (!done) return lose(done.error().message);
                       writing_.clear();
                       flush();
                   }));
}

void Connection::read() {
    stream_->read_some(in_.data(), in_.size(), guarded([this](Result<std::size_t> length) {
                           if (!length) return lose(length.error().message);
                           last_traffic_ = Clock::now();
                           reader_.feed({in_.data(), *length});
                           for (;;) {
                               auto reply = reader_.next();
                               if (!reply) return lose(reply.error().message);
                               if (!*reply) break;
                               take((*reply)->view());
                               if (closed_) return;
                           }
                           read();
                       }));
}

void Connection::take(ReplyView reply) {
    if (is_message(reply)) return callbacks_.on_message(reply);
    if (owed_.empty()) return lose("it answered what nobody asked");
    auto done = std::move(owed_.front().done);
    owed_.pop_front();
    if (reply.is_error()) return done(to_error(reply.text()));
    done(reply);
}

void Connection::arm(std::chrono::milliseconds in) {
    timer_.expires_after(in);
    timer_.async_wait(guarded([this](const boost::system::error_code& code) {
        if (!code) on_timer();
    }));
}

void Connection::on_timer() {
    switch (phase_) {
        case Phase::kLookingUp:
            return lose("looking up " + options_.url.host + " took too long");
        case Phase::kConnecting:
            return connect_next("connecting took too long");
        case Phase::kGreeting:
            return lose("it does not answer");
        case Phase::kOpen:
            return watch();
    }
}

void Connection::watch() {
    const auto now = Clock::now();
    if (!owed_.empty() && now - owed_.front().since > options_.timeout) {
        return lose("no answer within " + std::to_string(options_.timeout.count()) + " ms");
    }
    if (owed_.empty() && now - last_traffic_ >= options_.ping_interval) {
        send(Command("PING"), [](Result<ReplyView>) {});  // its lateness is what counts
    }
    arm(kTick);
}

void Connection::lose(const std::string& reason) {
    if (closed_) return;
    auto on_lost = std::move(callbacks_.on_lost);
    closed_ = true;
    resolver_.cancel();
    timer_.cancel();
    if (stream_) stream_->close();
    fail_owed(reason);
    on_lost(reason);
}

void Connection::fail_owed(const std::string& reason) {
    for (auto& each : std::exchange(owed_, {}))
        each.done(away(reason));
}

void Connection::close() {
    if (std::exchange(closed_, true)) return;
    resolver_.cancel();
    timer_.cancel();
    if (stream_) stream_->close();
    fail_owed("the plugin stops");
}

}  // namespace streamwall::redis
