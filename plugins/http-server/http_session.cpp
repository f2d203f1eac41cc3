// Reading, writing and the life of a connection; handing requests on is in http_dispatch.cpp.
#include "http_session.hpp"

#include "chain.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace streamwall::http_server {
namespace {

constexpr std::size_t kCopyBody = 4 * 1024;  // a smaller body is cheaper copied than referenced

constexpr std::chrono::seconds kVerifyTimeout{5};

constexpr Refusal kTooSlow{408, "request_timeout", "The request took too long to arrive."};
constexpr Refusal kNotVerified{503, "unavailable", "Tokens cannot be checked now."};

}  // namespace

HttpSession::HttpSession(Worker& worker, Socket socket, PeerAddress peer)
    : worker_(worker),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      is_proxied_(worker.services.options.trusted_proxies.contains(peer_.bytes)) {}

HttpSession::~HttpSession() = default;

void HttpSession::start() {
    // A connection that never asks is not an idle one: it gets as long as a head.
    phase_deadline_ = Clock::now() + worker_.services.options.header_timeout;
    settle();
}

void HttpSession::on_readable() {
    waiting_read_ = false;
    if (!socket_.is_open()) return;
    auto& buffer = worker_.read_buffer;
    const auto count = socket_.receive(buffer);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR) return finish();
        return settle();
    }
    if (count == 0) {
        if (!out_) return finish();
        closing_ = true;  // it may still be reading our answers
        lose_body(exchange_);
        return settle();
    }
    if (phase_ == Phase::kLingering) return settle();
    receive(buffer.data(), static_cast<std::size_t>(count));
}

void HttpSession::receive(char* data, std::size_t length) {
    if (pending_.empty()) {
        const auto used = consume(data, length);
        if (phase_ == Phase::kClosed) return;
        pending_.assign(data + used, length - used);
    } else {
        pending_.append(data, length);
        has_more_ = true;
    }
    pump();
}

std::size_t HttpSession::consume(char* data, std::size_t length) {
    std::size_t used = 0;
    consuming_ = true;
    has_more_ = false;
    while (used < length && !closing_ && (phase_ == Phase::kHead || phase_ == Phase::kBody)) {
        if (phase_ == Phase::kBody) {
            used += take_body({data + used, length - used});
            continue;
        }
        has_more_ = out_ && out_->pending() > worker_.services.options.output_limit;
        const auto taken = has_more_ ? 0 : take_head(data + used, length - used);
        if (taken == 0) break;
        used += taken;
    }
    consuming_ = false;
    if (phase_ == Phase::kHandling) has_more_ = used < length;  // or its body, in pieces
    return closing_ || phase_ == Phase::kClosed ? length : used;
}

std::size_t HttpSession::take_head(char* data, std::size_t length) {
    if (!head_begun_) {
        // RFC 9112 2.2: an empty line before a request is skipped.
        if (length >= 2 && data[0] == '\r' && data[1] == '\n') return 2;
        if (length == 1 && data[0] == '\r') return 0;
        head_begun_ = true;
        phase_deadline_ = Clock::now() + worker_.services.options.header_timeout;
        scanner_.reset();
    }
    const auto head = scanner_.scan({data, length});
    if (!head) {
        refuse_unread(head.error());
        return length;
    }
    if (*head == 0) return 0;
    head_begun_ = false;
    scanner_.reset();
    return begin_request(data, *head, length);
}

std::size_t HttpSession::begin_request(char* data, std::size_t head_length, std::size_t length) {
    Inbound& request = worker_.scratch;
    request.answer = Answer();
    request.answer.started = Clock::now();
    const auto parsed = parse_request_head(data, head_length, request.head);
    if (!parsed) {
        refuse_unread(parsed.error());
        return length;
    }
    const RequestHead& head = request.head;
    request.answer.http10 = head.http10;
    request.answer.head_only = head.method == "HEAD";
    request.answer.keep_alive = head.keep_alive;
    request.answer.takes_gzip = head.takes_gzip;
    request.client.reset();
    if (is_proxied_) request.client = worker_.services.options.trusted_proxies.client_of(head);
    const auto available = length - head_length;
    const bool body_is_here = !head.chunked && head.content_length <= available;
    const auto body_length = body_is_here ? static_cast<std::size_t>(head.content_length) : 0;
    const auto refusal =
        run_chain({worker_, client_of(request), request, std::exchange(verdict_, std::nullopt)});
    if (!request.unverified.empty()) {
        await_verdict(std::move(request.unverified));
        return 0;  // the head is read once more, with the verdict
    }
    if (refusal) {
        refuse(request, *refusal, !body_is_here);
    } else if (request.match.route && (request.match.route->flags & SW_HTTP_STREAMED_BODY) != 0) {
        open_body({data, head_length}, available > 0);
        return head_length;
    } else if (body_is_here) {
        const auto end = head_length + body_length;
        dispatch(request, {data + head_length, body_length}, data + end, length - end);
    } else {
        await_body({data, head_length}, available > 0);
    }
    return head_length + body_length;
}

void HttpSession::await_verdict(std::string token) {
    phase_ = Phase::kVerifying;
    phase_deadline_ = Clock::now() + kVerifyTimeout;
    const auto question = ++questions_;
    worker_.services.authenticator->verify(
        token, [self = boost::intrusive_ptr<HttpSession>(this), question](Verdict verdict) {
            auto& loop = self->worker_.loop;
            loop.post([self, question, verdict = std::move(verdict)]() mutable {
                self->verified(question, std::move(verdict));
            });
        });
}

void HttpSession::verified(std::uint32_t question, Verdict verdict) {
    if (phase_ != Phase::kVerifying || question != questions_) return;
    verdict_ = std::move(verdict);
    phase_ = Phase::kHead;
    has_more_ = true;
    pump();
}

// Keeps the request while its body comes.
void HttpSession::hold_request(std::string_view head) {
    Inbound& from = worker_.scratch;
    inbound_ = std::make_shared<PendingBody>();
    auto& to = inbound_->request;
    to.text = head;
    // It was accepted once, and its names are already in lower case.
    (void)parse_request_head(to.text.data(), to.text.size(), to.head);
    to.match = std::move(from.match);
    to.principal = std::move(from.principal);
    to.token = std::move(from.token);
    to.answer = std::move(from.answer);
    to.client = std::move(from.client);
    to.query = std::move(from.query);
    to.target = std::move(from.target);
    to.query_cleaned = from.query_cleaned;
    const auto limit = to.match.route ? to.match.route->body_limit : 0;
    if (to.head.chunked) inbound_->chunks.emplace(limit);
    inbound_->left = to.head.content_length;
    inbound_->started = Clock::now();
}

void HttpSession::await_body(std::string_view head, bool body_began) {
    hold_request(head);
    phase_ = Phase::kBody;
    phase_deadline_ = inbound_->started + worker_.services.options.body_grace;
    if (inbound_->request.head.expects_continue && !body_began)
        output().text() += "HTTP/1.1 100 Continue\r\n\r\n";
}

std::size_t HttpSession::take_body(std::string_view input) {
    PendingBody& in = *inbound_;
    const auto taken = decode(in, input);
    if (!taken) {
        refuse(in.request, taken.error(), true);
        return input.size();
    }
    const auto& options = worker_.services.options;
    phase_deadline_ = in.started + options.body_grace +
                      std::chrono::milliseconds(in.received * 1000 / options.body_rate);
    if (taken->done) {
        const auto request = std::move(inbound_);
        phase_ = Phase::kHead;
        dispatch(request->request, request->body, nullptr, 0);
    }
    return taken->used;
}

void HttpSession::refuse(Inbound& request, const Refusal& refusal, bool close) {
    auto& answer = request.answer;
    if (answer.request_id_length == 0) worker_.make_request_id(answer);
    if (close) answer.keep_alive = false;
    const auto body = problem_json(refusal, request.head.raw_path, answer.id());
    write_answer(answer, refusal.status,
                 "Content-Type: application/problem+json\r\n" + refusal_lines(refusal, request),
                 body);
    phase_ = Phase::kHead;
}

// For bytes that never became a request.
void HttpSession::refuse_unread(const Refusal& refusal) {
    Inbound request;
    request.answer.started = Clock::now();
    refuse(request, refusal, true);
}

void HttpSession::write_answer(const Answer& given, int status, std::string_view lines,
                               std::string_view body, BufferRef* shared) {
    Answer answer = given;
    answer.keep_alive = given.keep_alive && !worker_.draining;
    std::string changed_lines;
    std::optional<std::string> compressed;
    const auto& options = worker_.services.options;
    const bool compresses = options.compress_min != std::string::npos;
    if (compresses && (body.size() >= options.compress_min || status == 304)) [[unlikely]] {
        changed_lines = lines;
        compressed = compress(answer, status, body, changed_lines);
        lines = changed_lines;
        if (compressed) {
            body = *compressed;
            shared = nullptr;
        }
    }
    auto& out = output();
    append_answer_head(out.text(), answer, status, worker_.date(), lines, body.size());
    const bool has_body = !answer.head_only && status != 204 && status != 304;
    if (has_body && shared != nullptr && body.size() > kCopyBody) {
        out.add_buffer(std::move(*shared));
    } else if (has_body) {
        out.text() += body;
    }
    worker_.measure(answer, status);
    phase_deadline_ = Clock::now() + options.idle_timeout;
    if (!answer.keep_alive) closing_ = true;
}

// The body as the client takes it, with `lines` that say so. Nothing where it goes as it is.
std::optional<std::string> HttpSession::compress(const Answer& answer, int status,
                                                 std::string_view body, std::string& lines) {
    if (status == 204 || status == 206) return std::nullopt;
    // RFC 9110 15.4.5: the head of what was not sent.
    if (status != 304 && !kind_of_body(lines).may_compress()) return std::nullopt;
    auto compressed = answer.takes_gzip ? worker_.compress(body) : std::nullopt;
    if (compressed) lines = compressed_lines(lines);
    lines += "Vary: Accept-Encoding\r\n";
    return compressed;
}

void HttpSession::pump() {
    feed_body();
    while (phase_ != Phase::kClosed) {
        if (out_ && !blocked_) {
            switch (out_->write(socket_)) {
                case WriteResult::kDone:
                    worker_.give_output(std::move(out_));
                    break;
                case WriteResult::kBlocked:
                    blocked_ = true;
                    write_deadline_ = Clock::now() + worker_.services.options.write_stall;
                    socket_.wait_writable(this);
                    break;
                case WriteResult::kFailed:
                    return finish();
            }
        }
        if (phase_ == Phase::kStreaming && !blocked_) ask_for_part();
        const bool reading = phase_ == Phase::kHead || phase_ == Phase::kBody;
        if (blocked_ || !has_more_ || !reading || closing_) break;
        std::string input = std::exchange(pending_, {});
        const auto used = consume(input.data(), input.size());
        if (phase_ == Phase::kClosed) return;
        if (used < input.size()) {
            input.erase(0, used);
            pending_ = std::move(input);
        }
    }
    settle();
}

// What the connection waits for next.
void HttpSession::settle() {
    if (phase_ == Phase::kClosed) return;
    if (closing_ && !out_ && phase_ == Phase::kHead) return linger();
    const bool waits =
        phase_ == Phase::kHandling || phase_ == Phase::kVerifying || phase_ == Phase::kStreaming;
    const bool wants_body = inbound_ && inbound_->is_wanted;
    const bool reading = wants_body || (!waits && (!closing_ || phase_ == Phase::kLingering));
    if (reading && !blocked_ && !waiting_read_) {
        waiting_read_ = true;
        socket_.wait_readable(this);
    }
    arm();
}

// Closing with unread bytes resets the connection, which can destroy an answer on its way: first
// say that nothing more comes, then take off what the client still sends.
void HttpSession::linger() {
    socket_.end_sending();
    phase_ = Phase::kLingering;
    phase_deadline_ = Clock::now() + worker_.services.options.linger_timeout;
    std::string().swap(pending_);
    settle();
}

void HttpSession::on_writable() {
    if (!socket_.is_open()) return;
    blocked_ = false;
    write_deadline_ = Time::max();
    pump();
}

void HttpSession::on_deadline() {
    const auto now = Clock::now();
    if (now >= write_deadline_ || now >= body_deadline_) return finish();
    if (now < phase_deadline_) return arm();
    switch (phase_) {
        case Phase::kHead:
            if (!head_begun_ || closing_) return finish();
            refuse_unread(kTooSlow);
            break;
        case Phase::kVerifying:
            refuse_unread(kNotVerified);
            break;
        case Phase::kBody:
            refuse(inbound_->request, kTooSlow, true);
            break;
        case Phase::kHandling: {
            lose_body(exchange_);
            if (exchange_ == nullptr) break;  // answered just now
            // The handler's answer, when it comes, finds nobody.
            auto& late = *std::exchange(exchange_, nullptr);
            late.session = nullptr;
            Inbound request;
            request.answer = late.answer;
            request.head.raw_path = late.answer.route->path;
            refuse(request, {503, "handler_timeout", "The answer took too long to make."}, false);
            break;
        }
        case Phase::kStreaming:
        case Phase::kLingering:
        case Phase::kClosed:
            return finish();
    }
    pump();
}

void HttpSession::on_drain() {
    if (phase_ != Phase::kHead || head_begun_ || out_ || !pending_.empty()) return;
    // A request that is already here is still served.
    char byte;
    if (::recv(socket_.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) return;
    finish();
}

void HttpSession::on_stop() {
    finish();
}

// A request whose body is still under way would call into a plugin that has gone.
void HttpSession::on_unmount(const sw_lease* lease) {
    if (phase_ == Phase::kStreaming && route_is_of(lease)) return finish();
    if (phase_ == Phase::kHandling && route_is_of(lease)) lose_body(exchange_);
    if (phase_ != Phase::kBody || inbound_->request.match.route->lease != lease) return;
    refuse(inbound_->request, {503, "stopping", "What serves this path is stopping."}, true);
    pump();
}

void HttpSession::finish() {
    if (phase_ == Phase::kClosed) return;
    const SessionPtr keep(this);
    // Whatever the plugin answers from here on finds nobody.
    if (std::exchange(phase_, Phase::kClosed) == Phase::kStreaming) {
        lose_body(exchange_);
        leave_stream();
    } else {
        auto* exchange = std::exchange(exchange_, nullptr);
        if (exchange != nullptr) exchange->session = nullptr;
        lose_body(exchange);
    }
    Loop::disarm(*this);
    socket_.close();
    if (out_) worker_.give_output(std::move(out_));
    worker_.remove(*this);
}

void HttpSession::arm() {
    worker_.loop.arm(*this, std::min({phase_deadline_, write_deadline_, body_deadline_}));
}

Output& HttpSession::output() {
    if (!out_) out_ = worker_.take_output();
    return *out_;
}

}  // namespace streamwall::http_server
