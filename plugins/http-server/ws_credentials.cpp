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

void WsSession::verify_anew() {
    if (!relies_on_token()) return;
    auto& authenticator = *worker_.services.authenticator;
    // Another one of the same token may have been faster.
    const auto known = authenticator.authenticate(opener_->token);
    if (known.state != Verdict::State::kUnknown) return verified(known);
    authenticator.verify(opener_->token, [self = boost::intrusive_ptr<WsSession>(this)](
                                             Verdict verdict) {
        self->worker_.loop.post([self, verdict = std::move(verdict)] { self->verified(verdict); });
    });
}

void WsSession::verified(const Verdict& verdict) {
    if (!relies_on_token()) return;
    if (verdict.is_valid() && verdict.principal.likeness == opener_->likeness) return;
    if (verdict.state == Verdict::State::kUnavailable && !worker_.is_doubt_over) {
        worker_.doubtful.emplace_front(this);
        return;
    }
    on_credentials_changed(who_);
}

void WsSession::on_unverified() {
    on_credentials_changed(who_);
}

}  // namespace streamwall::http_server
