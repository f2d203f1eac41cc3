#include "client.hpp"

#include "mapping.hpp"

#include <streamwall/rooms/session_id.hpp>

#include <utility>
#include <vector>

namespace streamwall::socket_io {

namespace {

constexpr std::string_view kUnauthenticated = "Authentication error";
constexpr std::string_view kChangedCredentials = "its credentials have changed";
constexpr std::string_view kNotAvailable = "The namespace is not available now";
constexpr std::chrono::milliseconds kTryAgain{500};
// Tokens end, and news of that may be lost. Whoever checks them knows those that are in use: asking
// costs little, and nobody hears of it where the answer is the same.
constexpr std::chrono::seconds kVerifyAgain{5};

std::string error_payload(std::string_view code, std::string_view message) {
    return json::Writer().text("code", code).text("message", message).take();
}

}  // namespace

// What a room says, as packets of the namespace.
class Client::RoomOutlet final : public rooms::Outlet {
  public:
    RoomOutlet(std::weak_ptr<Client> client, std::shared_ptr<Session> session,
               SurroundingsPtr around, std::string space, std::uint64_t attempt)
        : client_(std::move(client)),
          session_(std::move(session)),
          around_(std::move(around)),
          space_(std::move(space)),
          attempt_(attempt) {}

    void confirm() override {
        is_confirmed_ = true;
        if (const auto client = client_.lock()) client->is_member_ = true;
        send(Buffer(render_connect(space_, rooms::make_session_id())));
    }
    void reject(const Error& error) override {
        const bool is_absence = error.code == SW_UNAVAILABLE || error.code == SW_DEADLINE_EXCEEDED;
        const std::string_view reason = is_absence ? kNotAvailable : error.message;
        send(Buffer(is_confirmed_ ? render_disconnect(space_)
                                  : render_connect_error(space_, reason)));
        around_->post([client = client_, space = space_, attempt = attempt_] {
            if (const auto found = client.lock()) found->rejected(space, attempt);
        });
    }
    Buffer render(std::string_view message) const override {
        return Buffer(to_event(space_, message));
    }
    void send(const Buffer& rendered) override { session_->send(rendered); }

  private:
    const std::weak_ptr<Client> client_;
    const std::shared_ptr<Session> session_;
    const SurroundingsPtr around_;
    const std::string space_;
    const std::uint64_t attempt_;
    bool is_confirmed_ = false;
};

Client::Client(SurroundingsPtr around, std::shared_ptr<Session> session,
               std::shared_ptr<const Context> who)
    : around_(std::move(around)),
      session_(std::move(session)),
      who_(std::move(who)),
      joins_by_(around_->now() + around_->connect_timeout) {}

bool Client::end(std::string_view reason) {
    session_->end(reason, kPolicyViolation);
    return false;
}

bool Client::take(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (has_left_ || session_->is_over()) return false;
    const auto since = around_->now() - around_->began;
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    if (!around_->pace.allows(paid_at_ms_, static_cast<std::uint32_t>(now))) {
        return end("too many packets");
    }
    const auto packet = parse_packet(text);
    return packet ? take_packet(*packet) : end("a packet is malformed");
}

bool Client::take_packet(const Packet& packet) {
    switch (packet.type) {
        case PacketType::kMessage:
            return take_message(packet.data);
        case PacketType::kPong:
            session_->pong(around_->now());
            return true;
        case PacketType::kClose:
            return end("closed by the client");
        case PacketType::kBinary:
            return binaries_due_ > 0 ? binaries_due_-- > 0
                                     : end("a binary message is not expected");
        default:
            return end("a packet that no client sends");
    }
}

bool Client::take_binary() {
    const std::lock_guard lock(mutex_);
    if (has_left_ || session_->is_over()) return false;
    return take_packet({PacketType::kBinary, {}});
}

bool Client::take_message(std::string_view text) {
    auto message = parse_message(text);
    if (!message) return end("a message is malformed");
    binaries_due_ += message->attachments;
    switch (message->type) {
        case MessageType::kConnect:
            return connect(std::move(*message));
        case MessageType::kDisconnect:
            return disconnect(message->space);
        case MessageType::kEvent:
        case MessageType::kBinaryEvent:
            return take_event(std::move(*message));
        default:
            return true;  // acknowledges what nobody asked it to
    }
}

bool Client::connect(Message message) {
    const auto known = spaces_.find(message.space);
    if (known != spaces_.end() && !known->second.is_over) return end("connected twice");
    if (known != spaces_.end()) spaces_.erase(known);
    const auto channel = around_->find_channel(message.space);
    if (channel.empty()) {
        refuse(message.space, "Invalid namespace");
        return true;
    }
    if (spaces_.size() >= kMaxSpaces) {
        refuse(message.space, "Too many namespaces");
        return true;
    }
    Space space{.attempt = ++last_attempt_,
                .channel = channel,
                .gives_up = around_->now() + around_->connect_timeout};
    if (message.data.is_object()) space.params = std::move(message.data.get_object());
    const auto* token = space.params.if_contains("token");
    const bool is_wrong = !message.problem.empty() || (token && !token->is_string());
    if (is_wrong || (!token && !who_)) {
        refuse(message.space, kUnauthenticated);
        return true;
    }
    if (token) space.token = token->get_string();
    space.params.erase("token");
    space.params["channel"] = channel;
    if (!token) space.who = who_;
    auto& kept = spaces_.emplace(message.space, std::move(space)).first->second;
    token ? identify(message.space, kept) : subscribe(message.space, kept);
    return true;
}

void Client::refuse(std::string_view space, std::string_view message) {
    send(render_connect_error(space, message));
}

void Client::identify(const std::string& name, Space& space) {
    around_->authenticate(space.token, [around = around_, client = weak_from_this(), name,
                                        attempt = space.attempt](Result<Context> who) {
        around->post([client, name, attempt, who = std::move(who)] {
            if (const auto found = client.lock()) found->identified(name, attempt, who);
        });
    });
}

void Client::identified(const std::string& name, std::uint64_t attempt,
                        const Result<Context>& who) {
    const std::lock_guard lock(mutex_);
    auto* space = find(name, attempt);
    if (!space) return;
    if (who) {
        space->verify_again = around_->now() + kVerifyAgain;
        space->who = around_->principals.share(who->raw());
        return subscribe(name, *space);
    }
    if (who.code() != SW_UNAUTHENTICATED) {
        space->try_again = around_->now() + kTryAgain;
        return;
    }
    spaces_.erase(name);
    refuse(name, kUnauthenticated);
}

// Ends the session where the token is refused or stands for something else by now. While nobody can
// tell, the client stays who it is.
void Client::verify_anew(const std::string& name, const Space& space) {
    around_->authenticate(space.token, [around = around_, client = weak_from_this(), name,
                                        attempt = space.attempt,
                                        known = space.who](const Result<Context>& who) {
        if (who ? around->principals.share(who->raw()) == known : who.code() != SW_UNAUTHENTICATED)
            return;
        around->post([client, name, attempt] {
            if (const auto found = client.lock()) found->lose_credentials(name, attempt);
        });
    });
}

void Client::lose_credentials(const std::string& name, std::uint64_t attempt) {
    const std::lock_guard lock(mutex_);
    if (find(name, attempt)) end(kChangedCredentials);
}

void Client::subscribe(const std::string& name, Space& space) {
    auto outlet =
        std::make_unique<RoomOutlet>(weak_from_this(), session_, around_, name, space.attempt);
    space.member = around_->rooms->subscribe({std::move(outlet), space.who, nullptr}, name,
                                             space.channel, space.params);
    if (space.member) return;
    spaces_.erase(name);
    refuse(name, "Invalid namespace");
}

void Client::rejected(const std::string& name, std::uint64_t attempt) {
    const std::lock_guard lock(mutex_);
    auto* space = find(name, attempt);
    if (!space) return;
    space->member.reset();
    space->is_over = true;
}

Client::Space* Client::find(std::string_view name, std::uint64_t attempt) {
    const auto found = spaces_.find(name);
    const bool is_same = found != spaces_.end() && found->second.attempt == attempt && !has_left_;
    return is_same ? &found->second : nullptr;
}

bool Client::disconnect(const std::string& name) {
    const auto found = spaces_.find(name);
    if (found == spaces_.end()) return true;
    if (found->second.member) around_->rooms->unsubscribe(found->second.member);
    spaces_.erase(found);
    return true;
}

bool Client::take_event(Message message) {
    const auto found = spaces_.find(message.space);
    if (found == spaces_.end()) return end("it is not connected to the namespace");
    const auto& space = found->second;
    if (!space.member) return true;
    if (message.type == MessageType::kBinaryEvent) {
        tell_error(message.space, message, "binary_not_supported", "binary data is not supported");
        return true;
    }
    const auto id = message.id;
    auto data = to_message(message);
    if (!data) {
        tell_error(message.space, message, "invalid_event", data.error().message);
        return true;
    }
    rooms::OnReply on_reply;
    if (id) {
        on_reply = [session = session_, name = message.space, id = *id](std::string_view reply) {
            session->send(Buffer(render_ack(name, id, to_ack(reply))));
        };
    }
    around_->rooms->receive(space.member, *data, std::move(on_reply));
    return true;
}

void Client::tell_error(std::string_view space, const Message& event, std::string_view code,
                        std::string_view text) {
    const auto payload = error_payload(code, text);
    send(render_event(space, "error", payload));
    if (event.id) send(render_ack(space, *event.id, to_ack(payload)));
}

void Client::tick(Time now) {
    session_->tick(now);
    const std::lock_guard lock(mutex_);
    if (has_left_) return;
    std::vector<std::string> due;
    for (auto& [name, space] : spaces_) {
        if (space.try_again && now >= *space.try_again) due.push_back(name);
        if (!space.who || space.token.empty() || now < space.verify_again) continue;
        space.verify_again = now + kVerifyAgain;
        verify_anew(name, space);
    }
    for (const auto& name : due)
        try_again(name, now);
    if (spaces_.empty() && now >= joins_by_) end("it has connected to no namespace");
}

void Client::try_again(const std::string& name, Time now) {
    auto& space = spaces_.find(name)->second;
    space.try_again.reset();
    if (now >= space.gives_up) {
        refuse(name, kNotAvailable);
        spaces_.erase(name);
    } else {
        identify(name, space);
    }
}

void Client::forget(std::string_view type, std::string_view id) {
    const std::lock_guard lock(mutex_);
    const auto is_meant = [&](const std::shared_ptr<const Context>& who) {
        return who && who->principal_type() == type && who->principal_id() == id;
    };
    bool is_gone = is_meant(who_);
    for (const auto& [name, space] : spaces_)
        is_gone |= is_meant(space.who);
    if (is_gone) end(kChangedCredentials);
}

void Client::leave() {
    const std::lock_guard lock(mutex_);
    has_left_ = true;
    for (const auto& [name, space] : spaces_) {
        if (space.member) around_->rooms->unsubscribe(space.member);
    }
    spaces_.clear();
}

}  // namespace streamwall::socket_io
