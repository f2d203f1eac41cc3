// Answers in parts: the next one is asked for once the one before has gone to the socket, so no
// more than one of them is here at any time.
#include "http_session.hpp"

#include <algorithm>
#include <charconv>

namespace streamwall::http_server {

bool HttpSession::begin_stream(sw_http_exchange& exchange, int status, std::string_view lines) {
    if (exchange.has_ended) {
        exchange_ = nullptr;
        finish();
        return false;
    }
    phase_ = Phase::kStreaming;
    phase_deadline_ = exchange.opener.ends;  // how fast the client reads has a limit of its own
    auto& answer = exchange.answer;
    // Behind a body that is still coming no other request can be taken.
    const bool may_stay = !answer.http10 && !worker_.draining && !inbound_;
    answer.keep_alive = answer.keep_alive && may_stay;
    std::string all(lines);
    // RFC 9112 6.3: without a length, HTTP/1.0 reads to the end of the connection.
    if (!answer.http10) all += "Transfer-Encoding: chunked\r\n";
    append_answer_head(output().text(), answer, status, worker_.date(), all, kNoLength);
    worker_.measure(answer, status);
    const bool has_parts = !answer.head_only;
    if (!has_parts) end_of_parts(answer);
    pump();
    return has_parts;
}

void HttpSession::ask_for_part() {
    if (exchange_ == nullptr || exchange_->is_asked) return;
    exchange_->is_asked = true;
    const std::chrono::milliseconds timeout(exchange_->answer.route->timeout_ms);
    phase_deadline_ = std::min(Clock::now() + timeout, exchange_->opener.ends);
    exchange_->more(exchange_->more_arg, exchange_);
}

void HttpSession::add_part(BufferRef bytes, bool is_last) {
    phase_deadline_ = exchange_->opener.ends;
    const auto& answer = exchange_->answer;
    auto& out = output();
    const auto size = bytes.view().size();
    if (size > 0) {
        char digits[20];
        const auto* end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
        if (!answer.http10)
            out.text().append(digits, static_cast<std::size_t>(end - digits)).append("\r\n");
        out.add_buffer(std::move(bytes));
        if (!answer.http10) out.text() += "\r\n";
    }
    if (is_last) {
        if (!answer.http10) out.text() += "0\r\n\r\n";
        end_of_parts(answer);
    }
    pump();
}

void HttpSession::end_of_parts(const Answer& answer) {
    if (!answer.keep_alive) closing_ = true;
    lose_body(exchange_);
    phase_ = Phase::kHead;
    phase_deadline_ = Clock::now() + worker_.services.options.idle_timeout;
    exchange_ = nullptr;
}

// The plugin learns of the end now, or when it brings the part that it was asked for.
void HttpSession::leave_stream() {
    auto* exchange = std::exchange(exchange_, nullptr);
    if (exchange == nullptr) return;
    exchange->session = nullptr;
    if (exchange->is_asked) return;
    exchange->more(exchange->more_arg, nullptr);
    worker_.free_exchange(exchange);
}

// One that has not begun yet breaks when it does.
void HttpSession::on_credentials_changed(const PrincipalId& who) {
    if (exchange_ == nullptr || who == PrincipalId{} || exchange_->opener.who != who) return;
    if (phase_ == Phase::kStreaming) return finish();
    exchange_->has_ended = true;
}

// Also of an answer that may come to have parts.
const Opener* HttpSession::opener() const {
    return exchange_ == nullptr || exchange_->opener.token.empty() ? nullptr : &exchange_->opener;
}

bool HttpSession::route_is_of(const sw_lease* lease) const {
    return exchange_ != nullptr && exchange_->answer.route->lease == lease;
}

}  // namespace streamwall::http_server
