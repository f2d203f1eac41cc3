// From an accepted request to its handler, and back with the answer.
#include "chain.hpp"
#include "http_session.hpp"
#include "text.hpp"
#include "ws_handshake.hpp"
#include "ws_session.hpp"

#include <array>

namespace streamwall::http_server {
namespace {

// The trace that the client goes on with, where it says a valid one.
std::string_view trace_of(const RequestHead& head) {
    const auto trace = head.single("traceparent").value_or("");
    return is_valid_traceparent(trace) ? trace : std::string_view();
}

sw_context make_context(const Inbound& request, const Answer& answer, const Worker& worker,
                        std::chrono::milliseconds timeout, std::string_view trace) {
    const auto& host = worker.services.host;
    auto context = request.principal.context();
    context.request_id = to_sw(answer.id());
    context.traceparent = to_sw(trace);
    context.correlation_id = context.request_id;
    context.deadline_ns = host.clock->monotonic_ns(host.self) +
                          static_cast<std::uint64_t>(std::chrono::nanoseconds(timeout).count());
    context.home = worker.loop.executor();
    return context;
}

// Takes the request's token, which nobody else needs from here on.
Opener opener_of(Inbound& request) {
    const auto& who = request.principal;
    return {std::move(request.token), who.rate_id, who.likeness, who.ends};
}

const Opener* take_opener(Inbound& request, Worker& worker) {
    const auto& who = request.principal;
    const auto& authenticator = *worker.services.authenticator;
    if (who.is_anonymous() || !authenticator.may_change(who.rate_id)) return nullptr;
    return worker.openers.take(opener_of(request));
}

constexpr std::chrono::milliseconds kUpgradeTimeout{5'000};

}  // namespace

void HttpSession::dispatch(Inbound& request, std::string_view body, char* rest,
                           std::size_t rest_length) {
    const auto& head = request.head;
    if (!request.match.route && !request.upgrade) return answer_options(request);
    std::string decoded;
    std::string_view path = head.raw_path;
    if (path.find('%') != std::string_view::npos) {
        if (!percent_decode(path, decoded)) {
            return refuse(request, {400, "bad_request", "The path has a broken escape."}, false);
        }
        path = decoded;
    }
    std::array<sw_str, kMaxParameters> parameters;
    for (std::size_t i = 0; i < request.match.parameters.size(); ++i) {
        parameters[i] = to_sw(request.match.parameters[i]);
    }
    sw_http_request view{};
    view.size = sizeof view;
    view.method = to_sw(head.method);
    view.target = to_sw(request.query_cleaned ? std::string_view(request.target) : head.target);
    view.path = to_sw(path);
    view.query = to_sw(request.query_cleaned ? std::string_view(request.query) : head.query);
    view.parameters = parameters.data();
    view.parameter_count = request.match.parameters.size();
    view.headers = head.headers.data();
    view.header_count = head.headers.size();
    view.body = to_sw(body);
    view.peer = to_sw(client_of(request).text);
    if (is_secure(request)) view.flags |= SW_HTTP_SECURE;
    if (request.upgrade) return upgrade(request, view, rest, rest_length);
    call_handler(request, view);
}

bool HttpSession::is_secure(const Inbound& request) const {
    if (is_proxied_) {
        if (const auto said = TrustedProxies::is_secure(request.head)) return *said;
    }
    return worker_.services.options.tls != nullptr;
}

void HttpSession::call_handler(Inbound& request, sw_http_request& view) {
    const RoutePtr route = request.match.route;
    const std::chrono::milliseconds timeout(route->timeout_ms);
    auto* exchange = worker_.make_exchange();
    exchange->session = this;
    exchange->answer = request.answer;
    exchange->opener = opener_of(request);
    exchange->has_ended = false;
    exchange_ = exchange;
    phase_ = Phase::kHandling;
    phase_deadline_ = request.answer.started + timeout;
    auto trace = trace_of(request.head);
    Worker::Traceparent begun;
    if (trace.empty()) trace = worker_.begin_trace(begun);
    const sw_context context = make_context(request, exchange->answer, worker_, timeout, trace);
    view.context = &context;
    try {
        route->handle(route->ctx, &view, exchange);
    } catch (...) {
        // Not allowed across the boundary, and no reason to lose the process.
        worker_.services.host.write(SW_LOG_ERROR, "http.handler_threw", "a handler threw",
                                    {{"method", route->method},
                                     {"path", route->path},
                                     {"request_id", request.answer.id()}});
        if (exchange_ != exchange) return;
        exchange_ = nullptr;
        worker_.free_exchange(exchange);
        refuse(request, {500, "internal", "The handler failed."}, false);
    }
}

void HttpSession::complete(sw_http_exchange& exchange, int status, std::string_view lines,
                           BufferRef body) {
    if (inbound_) {
        exchange.answer.keep_alive = false;
        lose_body(exchange_);
    }
    exchange_ = nullptr;
    phase_ = Phase::kHead;
    write_answer(exchange.answer, status, lines, body.view(), &body);
    if (!consuming_) pump();
}

void HttpSession::answer_options(Inbound& request) {
    const std::string allow = request.head.raw_path == "*"
                                  ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
                                  : request.match.allow;
    std::string lines = "Allow: " + allow + "\r\n";
    if (request.preflight) lines += worker_.services.options.cors.preflight_lines(allow);
    write_answer(request.answer, 204, lines, {});
}

void HttpSession::upgrade(Inbound& request, sw_http_request& view, char* rest,
                          std::size_t rest_length) {
    const auto& options = worker_.services.options;
    const EndpointPtr endpoint = request.match.endpoint;
    const auto accepted = accept_handshake(request.head, *endpoint, options.allowed_origins,
                                           options.websocket_deflate);
    if (!accepted) return refuse(request, accepted.error(), false);
    if (out_ && out_->write(socket_) != WriteResult::kDone) {
        return refuse(request, {503, "busy", "Earlier answers are still waiting to be read."},
                      true);
    }
    if (out_) worker_.give_output(std::move(out_));

    const SessionPtr keep(this);
    const boost::intrusive_ptr<WsSession> session(
        new WsSession(worker_, std::move(socket_), endpoint, request.principal.rate_id,
                      take_opener(request, worker_), accepted->deflate));
    worker_.add(*session);
    phase_ = Phase::kClosed;
    Loop::disarm(*this);
    worker_.remove(*this);

    // One that is begun here would hold all that the connection does in its life.
    const sw_context context =
        make_context(request, request.answer, worker_, kUpgradeTimeout, trace_of(request.head));
    view.context = &context;
    std::string answer;
    append_answer_head(answer, request.answer, 101, worker_.date(), accepted->lines, 0);
    try {
        session->open(answer, view, accepted->protocol, rest, rest_length);
    } catch (...) {
        session->on_stop();
        throw;
    }
}

}  // namespace streamwall::http_server
