// Sockets, look-ups and deadlines around a Session.
#include "connection.hpp"

#include <algorithm>
#include <utility>

namespace streamwall::twitch {

using boost::asio::ip::tcp;

namespace {
TimePoint now() {
    return std::chrono::steady_clock::now();
}
}  // namespace

Connection::Connection(boost::asio::io_context& loop, StreamFactory& factory, Address address,
                       std::chrono::milliseconds connect_timeout, Session session,
                       Callbacks callbacks)
    : factory_(factory),
      address_(std::move(address)),
      connect_timeout_(connect_timeout),
      session_(std::move(session)),
      callbacks_(std::move(callbacks)),
      resolver_(loop),
      timer_(loop) {}

void Connection::start() {
    arm(now() + connect_timeout_);
    resolver_.async_resolve(
        address_.host, std::to_string(address_.port), tcp::resolver::numeric_service,
        guarded([this](const boost::system::error_code& code, tcp::resolver::results_type found) {
            if (code) return lose("cannot look up " + address_.host + ": " + code.message());
            endpoints_.assign(found.begin(), found.end());
            std::ranges::reverse(endpoints_);
            connect_next("the name has no address");
        }));
}

// Each address has its own time, so that a dead IPv6 route does not use up the others'.
void Connection::connect_next(std::string last_problem) {
    if (stream_) {
        stream_->close();
        abandoned_.push_back(std::move(stream_));
    }
    if (endpoints_.empty()) return lose(std::move(last_problem));
    phase_ = Phase::kConnecting;
    const auto to = endpoints_.back();
    endpoints_.pop_back();
    stream_ = factory_.open();
    arm(now() + connect_timeout_);
    stream_->connect(to, guarded([this, tried = stream_.get()](Result<> done) {
                         if (stream_.get() != tried) return;  // its time was over before
                         if (!done) return connect_next(done.error().message);
                         begin_session();
                     }));
}

void Connection::begin_session() {
    phase_ = Phase::kOpen;
    session_.open(now());
    read();
    settle();
}

void Connection::read() {
    stream_->read_some(in_.data(), in_.size(), guarded([this](Result<std::size_t> length) {
                           if (!length) return lose(length.error().message);
                           const auto time = now();
                           lines_.feed({in_.data(), *length}, [&](std::string_view line) {
                               if (!closed_) session_.receive(line, time);
                           });
                           if (closed_) return;  // a post's receiver stopped us
                           settle();
                           if (!closed_) read();
                       }));
}

// After anything that touched the session: sends, tells, arms the timer, or ends.
void Connection::settle() {
    if (session_.end()) {
        end(*session_.end());
        return;
    }
    flush();
    arm(session_.next_deadline());
    callbacks_.on_progress();
}

void Connection::flush() {
    if (!writing_.empty()) return;
    writing_ = session_.take_output();
    if (writing_.empty()) return;
    stream_->write(writing_, guarded([this](Result<> done) {
                       if (!done) return lose(done.error().message);
                       writing_.clear();
                       flush();
                   }));
}

void Connection::arm(TimePoint deadline) {
    if (deadline == armed_for_) return;
    armed_for_ = deadline;
    if (deadline == TimePoint::max()) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(deadline);
    timer_.async_wait(guarded([this](const boost::system::error_code& code) {
        if (!code) on_timer();
    }));
}

void Connection::on_timer() {
    if (now() < armed_for_) return;  // armed anew while this was queued
    armed_for_ = TimePoint::max();
    switch (phase_) {
        case Phase::kResolving:
            lose("looking up " + address_.host + " took too long");
            break;
        case Phase::kConnecting:
            connect_next("connecting took too long");
            break;
        case Phase::kOpen:
            session_.advance(now());
            settle();
            break;
    }
}

void Connection::end(SessionEnd end) {
    if (closed_) return;
    auto on_end = std::move(callbacks_.on_end);
    close();
    on_end(end);
}

void Connection::close() {
    if (std::exchange(closed_, true)) return;
    resolver_.cancel();
    timer_.cancel();
    if (stream_) stream_->close();
}

}  // namespace streamwall::twitch
