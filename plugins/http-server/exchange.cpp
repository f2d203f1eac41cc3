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

}  // namespace streamwall::http_server
