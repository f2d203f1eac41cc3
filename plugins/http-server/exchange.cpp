#include "exchange.hpp"

#include "http_session.hpp"
#include "worker.hpp"

namespace streamwall::http_server {
namespace {

void finish_on_loop(sw_http_exchange* exchange, int status, std::string_view lines,
                    BufferRef body) {
    if (auto* session = exchange->session)
        session->complete(*exchange, status, lines, std::move(body));
    exchange->worker->free_exchange(exchange);
}

// The answer is over: the plugin learns it, and nobody has the exchange any more.
void end_of_stream(sw_http_exchange* exchange) {
    exchange->more(exchange->more_arg, nullptr);
    exchange->worker->free_exchange(exchange);
}

void begin_on_loop(sw_http_exchange* exchange, int status, std::string_view lines) {
    auto* session = exchange->session;
    if (session == nullptr || !session->begin_stream(*exchange, status, lines))
        end_of_stream(exchange);
}

void break_on_loop(sw_http_exchange* exchange) {
    exchange->is_asked = false;
    if (auto* session = exchange->session)
        session->break_stream();
    else
        end_of_stream(exchange);
}

void add_on_loop(sw_http_exchange* exchange, BufferRef bytes, bool is_last) {
    exchange->is_asked = false;
    auto* session = exchange->session;
    if (session != nullptr) session->add_part(std::move(bytes), is_last);
    if (session == nullptr || is_last) end_of_stream(exchange);
}

}  // namespace

void respond(sw_http_exchange* exchange, const sw_http_response* response) {
    Worker& worker = *exchange->worker;
    std::string lines;
    if (!append_header_lines(lines, response->headers, response->header_count)) {
        worker.services.host.write(SW_LOG_WARN, "http.bad_header",
                                   "a handler's header was left out: it would break the answer");
    }
    BufferRef body(worker.services.host, response->body);
    const int status = response->status < 200 || response->status > 599 ? 500 : response->status;
    if (worker.loop.is_current()) {
        return finish_on_loop(exchange, status, lines, std::move(body));
    }
    worker.loop.post(
        [exchange, status, lines = std::move(lines), body = std::move(body)]() mutable {
            finish_on_loop(exchange, status, lines, std::move(body));
        });
}

void stream(sw_http_exchange* exchange, const sw_http_response* head,
            void (*more)(void*, sw_http_exchange*), void* arg) {
    Worker& worker = *exchange->worker;
    std::string lines;
    if (!append_header_lines(lines, head->headers, head->header_count)) {
        worker.services.host.write(SW_LOG_WARN, "http.bad_header",
                                   "a handler's header was left out: it would break the answer");
    }
    exchange->more = more;
    exchange->more_arg = arg;
    const int status = head->status < 200 || head->status > 599 ? 500 : head->status;
    worker.loop.post(
        [exchange, status, lines = std::move(lines)] { begin_on_loop(exchange, status, lines); });
}

void read_body(sw_http_exchange* exchange, GotPiece got, void* arg) {
    exchange->worker->loop.post([exchange, got, arg] {
        exchange->got = got;
        exchange->got_arg = arg;
        if (auto* session = exchange->session)
            session->want_body();
        else
            exchange->tell(nullptr, 0, SW_HTTP_BODY_LOST);
    });
}

void part(sw_http_exchange* exchange, const sw_buffer* bytes, bool is_last) {
    Worker& worker = *exchange->worker;
    if (bytes == nullptr) return worker.loop.post([exchange] { break_on_loop(exchange); });
    worker.loop.post([exchange, is_last, body = BufferRef(worker.services.host, bytes)]() mutable {
        add_on_loop(exchange, std::move(body), is_last);
    });
}

}  // namespace streamwall::http_server
