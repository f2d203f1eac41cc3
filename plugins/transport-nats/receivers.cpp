// From libnats's messages to the host's callbacks.
#include "receivers.hpp"

#include <charconv>

namespace streamwall::transport_nats {
namespace {

sw_str to_text(const char* text) {
    return to_str(text != nullptr ? std::string_view(text) : std::string_view());
}

Buffer body_of(const natsMsg* message) {
    return Buffer(std::string_view(natsMsg_GetData(message),
                                   static_cast<std::size_t>(natsMsg_GetDataLength(message))));
}

// Unique among all processes of all nodes, as libnats makes it.
std::string make_inbox_prefix() {
    natsInbox* raw = nullptr;
    if (natsInbox_Create(&raw) != NATS_OK) throw std::bad_alloc();
    const std::string out = std::string(raw) + ".";
    natsInbox_Destroy(raw);
    return out;
}

}  // namespace

void Transport::Subscription::receive(natsMsg* message) noexcept {
    // The server's word that a message with a reply subject found nobody.
    if (natsMsg_IsNoResponders(message)) return;
    gate_.pass([&] {
        const Buffer body = body_of(message);
        sw_message out{};
        out.size = sizeof out;
        out.subject = to_text(natsMsg_GetSubject(message));
        out.reply = to_text(natsMsg_GetReply(message));
        out.body = body.get();
        on_message_(ctx_, &out);
    });
}

Transport::Inbox::Inbox(std::shared_ptr<Requests> requests)
    : prefix_(make_inbox_prefix()), requests_(std::move(requests)) {}

void Transport::Inbox::receive(natsMsg* message) noexcept {
    const std::string_view subject = natsMsg_GetSubject(message);
    std::uint64_t number = 0;
    if (subject.size() <= prefix_.size()) return;
    const auto* end = subject.data() + subject.size();
    if (std::from_chars(subject.data() + prefix_.size(), end, number).ptr != end) return;
    gate_.pass([&] {
        if (natsMsg_IsNoResponders(message)) {
            requests_->fail(number, Error::unavailable("nobody answers on this subject"));
        } else {
            requests_->answer(number, body_of(message));
        }
    });
}

void Transport::Watcher::set(bool connected, std::string reason) {
    const std::lock_guard lock(mutex_);
    if (connected == state_.connected && reason == state_.reason) return;
    state_ = {connected, std::move(reason)};
    if (target_ == nullptr) return;
    untold_.push_back(state_);
    poller_.wake();
}

void Transport::Watcher::watch(sw_transport_state_fn on_state, void* ctx) {
    std::shared_ptr<Target> before;
    {
        const std::lock_guard lock(mutex_);
        before = std::move(target_);
        target_ = nullptr;
        untold_.clear();
        if (on_state != nullptr) {
            target_ = std::make_shared<Target>();
            target_->on_state = on_state;
            target_->ctx = ctx;
            untold_.push_back(state_);
            poller_.wake();
        }
    }
    if (before) before->gate.shut();
}

void Transport::Watcher::tell() {
    for (;;) {
        State state;
        std::shared_ptr<Target> target;
        {
            const std::lock_guard lock(mutex_);
            if (untold_.empty()) return;
            state = std::move(untold_.front());
            untold_.pop_front();
            target = target_;
        }
        target->gate.pass(
            [&] { target->on_state(target->ctx, state.connected ? 1 : 0, to_str(state.reason)); });
    }
}

}  // namespace streamwall::transport_nats
