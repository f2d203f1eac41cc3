#include "doubt.hpp"

#include "openers.hpp"
#include "worker.hpp"

#include <utility>

namespace streamwall::http_server {
namespace {

void end(Session& session) {
    if (const auto* opener = session.opener()) {
        session.on_credentials_changed(PrincipalId(opener->who));
    }
}

}  // namespace

void Doubt::begin(std::size_t rounds) {
    const auto& authenticator = *worker_.services.authenticator;
    sessions_.clear();
    for (const auto& session : worker_.sessions()) {
        const auto* opener = session->opener();
        if (opener && authenticator.may_change(opener->who)) sessions_.push_back(session);
    }
    round_ = sessions_.size() / rounds + 1;
    is_over_ = false;
}

void Doubt::verify_some() {
    for (auto left = round_; left > 0 && !sessions_.empty(); --left) {
        auto session = std::move(sessions_.back());
        sessions_.pop_back();
        verify(std::move(session));
    }
}

void Doubt::end() {
    is_over_ = true;
    for (const auto& session : std::exchange(sessions_, {}))
        http_server::end(*session);
}

void Doubt::verify(SessionPtr session) {
    const auto* opener = session->opener();
    if (opener == nullptr) return;
    const auto token = opener->token;
    auto& authenticator = *worker_.services.authenticator;
    // Another one of the same token may have been faster.
    const auto known = authenticator.authenticate(token);
    if (known.state != Verdict::State::kUnknown) return verified(session, token, known);
    authenticator.verify(token, [this, session = std::move(session), token](Verdict verdict) {
        worker_.loop.post([this, session, token, verdict = std::move(verdict)] {
            verified(session, token, verdict);
        });
    });
}

void Doubt::verified(const SessionPtr& session, const std::string& token, const Verdict& verdict) {
    // A connection for requests may be at another one by now.
    const auto* opener = session->opener();
    if (opener == nullptr || opener->token != token) return;
    if (verdict.is_valid() && verdict.principal.likeness == opener->likeness) return;
    if (verdict.state == Verdict::State::kUnavailable && !is_over_) {
        sessions_.push_front(session);
    } else {
        http_server::end(*session);
    }
}

}  // namespace streamwall::http_server
