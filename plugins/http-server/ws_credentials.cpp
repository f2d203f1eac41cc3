// What becomes of a WebSocket whose credentials have changed, or may have.
#include "worker.hpp"
#include "ws_session.hpp"

#include <utility>

namespace streamwall::http_server {

void WsSession::on_credentials_changed(const PrincipalId& who) {
    if (who != who_ || phase_ != Phase::kOpen) return;
    begin_close(Frame::close(1008, "credentials have changed"), 1008);
    if (!dirty) flush();
}

// The token that opened it has run out; with a new one the client may connect again.
void WsSession::end_with_token() {
    begin_close(Frame::close(1008, "the token has ended"), 1008);
    if (!dirty) flush();
}

}  // namespace streamwall::http_server
