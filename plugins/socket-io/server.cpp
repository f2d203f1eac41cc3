#include "server.hpp"

#include <streamwall/rooms/session_id.hpp>

#include <algorithm>

namespace streamwall::socket_io {

namespace {

bool is_somebody(const sw_context& context) {
    const auto type = to_view(context.principal_type);
    return !type.empty() && type != "anonymous";
}

}  // namespace

Server::Server(const sw_http_table* table, SurroundingsPtr around, ServerOptions options,
               ServerMetrics metrics)
    : table_(table), around_(std::move(around)), options_(options), metrics_(metrics) {}

Result<> Server::mount(void* self, sw_lease* lease, std::string_view path) {
    return http::mount_websocket(
        table_, self, lease,
        {.path = path, .flags = SW_WS_UNAUTHENTICATED, .message_limit = options_.max_payload},
        *this);
}

std::shared_ptr<Client> Server::begin(const http::Request& request, std::string_view& why) {
    auto who =
        is_somebody(request.context()) ? around_->principals.share(request.context()) : nullptr;
    auto id = rooms::make_session_id();
    auto session = std::make_shared<Session>(
        id, options_.session, around_->now(),
        [weak = weak_from_this(), around = around_, id](std::string_view reason) {
            around->post([weak, id, reason = std::string(reason)] {
                if (const auto server = weak.lock()) server->finish(id, reason);
            });
        });
    auto client = std::make_shared<Client>(around_, std::move(session), std::move(who));
    const std::lock_guard lock(mutex_);
    const auto peer = strangers_.try_emplace(std::string(request.peer()), 0).first;
    if (is_stopping_) {
        why = "the server is stopping";
    } else if (places_.size() >= options_.max_sessions) {
        why = "too many sessions";
    } else if (peer->second >= options_.max_strangers) {
        why = "too many sessions of this address that are in no namespace";
    }
    if (!why.empty()) {
        if (peer->second == 0) strangers_.erase(peer);
        return nullptr;
    }
    ++peer->second;
    metrics_.sessions.add();
    metrics_.begun.add();
    places_.emplace(std::move(id), Place{client, peer->first});
    return client;
}

std::shared_ptr<Client> Server::find(std::string_view session) const {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(std::string(session));
    return found == places_.end() ? nullptr : found->second.client;
}

std::string Server::find_end(std::string_view session) const {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::ranges::find(ended_, session, &std::pair<std::string, std::string>::first);
    return found == ended_.end() ? std::string() : found->second;
}

void Server::get(const http::Request& request, http::Exchange exchange) {
    const auto wish = parse_wish(request.query());
    if (!wish) return refuse(exchange, wish.error());
    if (wish->transport != Transport::kPolling) return refuse(exchange, Refusal::kBadRequest);
    if (request.method() != "GET") return refuse(exchange, Refusal::kBadMethod);
    if (!wish->session.empty()) {
        const auto client = find(wish->session);
        if (!client) return refuse(exchange, Refusal::kUnknownSession, find_end(wish->session));
        return client->session().poll(std::move(exchange));
    }
    std::string_view why;
    const auto client = begin(request, why);
    if (!client) return refuse(exchange, Refusal::kForbidden, why, 503);
    answer(exchange, Buffer(render_open(client->session().id(), wish->transport,
                                        options_.session.timing, options_.max_payload)));
}

void Server::post(const http::Request& request, http::Exchange exchange) {
    const auto wish = parse_wish(request.query());
    if (!wish) return refuse(exchange, wish.error());
    if (wish->session.empty()) return refuse(exchange, Refusal::kBadMethod);
    const auto client = find(wish->session);
    if (!client) return refuse(exchange, Refusal::kUnknownSession, find_end(wish->session));
    if (wish->transport != Transport::kPolling || !client->session().is_polling()) {
        return refuse(exchange, Refusal::kBadRequest);
    }
    auto payload = request.body();
    for (std::string_view packet; take_packet(payload, packet);) {
        if (!client->take(packet)) return refuse(exchange, Refusal::kBadRequest);
    }
    answer(exchange, Buffer("ok"));
}

Server::User* Server::on_open(http::WsConnection connection, const http::Request& request,
                              std::string_view /*protocol*/) {
    const auto turn_away = [&](Refusal refusal, int code, std::string_view reason = {}) {
        connection.close(code, render_refusal(refusal, reason));
        return nullptr;
    };
    const auto wish = parse_wish(request.query());
    if (!wish) return turn_away(wish.error(), kProtocolError);
    if (wish->transport != Transport::kWebSocket) {
        return turn_away(Refusal::kBadRequest, kProtocolError);
    }
    if (!wish->session.empty()) {
        auto client = find(wish->session);
        if (!client) return turn_away(Refusal::kUnknownSession, kProtocolError);
        if (!client->session().offer(connection, around_->now())) {
            return turn_away(Refusal::kBadRequest, kProtocolError);
        }
        return new User{std::move(client), true};
    }
    std::string_view why;
    auto client = begin(request, why);
    if (!client) return turn_away(Refusal::kForbidden, kTryAgainLater, why);
    auto user = std::make_unique<User>(std::move(client), false);
    auto& session = user->client->session();
    session.attach(connection);
    session.send(Buffer(
        render_open(session.id(), wish->transport, options_.session.timing, options_.max_payload)));
    return user.release();
}

void Server::on_message(http::WsConnection connection, User* user, std::string_view payload,
                        bool is_text) {
    if (user == nullptr) return;  // turned away, what it still says is of no interest
    auto& client = *user->client;
    if (!user->is_offered) {
        if (is_text) {
            client.take(payload);
        } else {
            client.take_binary();
        }
        return;
    }
    const auto packet = is_text ? parse_packet(payload) : std::nullopt;
    if (packet && packet->type == PacketType::kPing && packet->data == "probe") {
        if (client.session().probe(connection)) return;
    } else if (packet && packet->type == PacketType::kUpgrade) {
        user->is_offered = !client.session().upgrade(connection);
        if (!user->is_offered) return;
    }
    connection.close(kProtocolError, "this is no way to change to WebSocket");
}

void Server::on_close(http::WsConnection connection, User* user, int /*code*/) noexcept {
    const std::unique_ptr<User> owned(user);
    if (owned) owned->client->session().lose(connection);
}

void Server::finish(const std::string& session, const std::string& reason) {
    std::shared_ptr<Client> client;
    {
        const std::lock_guard lock(mutex_);
        const auto found = places_.find(session);
        if (found == places_.end()) return;
        forget_stranger(found->second);
        client = std::move(found->second.client);
        places_.erase(found);
        ended_.emplace_back(session, reason);
        if (ended_.size() > kRemembered) ended_.pop_front();
    }
    metrics_.sessions.add(-1);
    client->leave();
}

void Server::forget_stranger(Place& place) {
    if (!std::exchange(place.is_stranger, false)) return;
    const auto found = strangers_.find(place.peer);
    if (found != strangers_.end() && --found->second == 0) strangers_.erase(found);
}

std::vector<std::shared_ptr<Client>> Server::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Client>> out;
    out.reserve(places_.size());
    for (const auto& [session, place] : places_)
        out.push_back(place.client);
    return out;
}

void Server::tick() {
    const auto now = around_->now();
    for (const auto& client : all())
        client->tick(now);
    const std::lock_guard lock(mutex_);
    for (auto& [session, place] : places_) {
        if (place.is_stranger && place.client->is_member()) forget_stranger(place);
    }
}

void Server::forget(std::string_view type, std::string_view id) {
    for (const auto& client : all())
        client->forget(type, id);
}

void Server::shut_down() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    for (const auto& client : all()) {
        client->session().end("the server is stopping", kGoingAway);
        finish(client->session().id(), "the server is stopping");
    }
    around_->gate.close();
    around_->rooms->close();
}

std::size_t Server::sessions() const {
    const std::lock_guard lock(mutex_);
    return places_.size();
}

}  // namespace streamwall::socket_io
