// The C table behind the kernel's interface.
#include "transport/plugin_transport.hpp"

#include <vector>

namespace streamwall::transport {

namespace {

Failure stopped() {
    return Failure::unavailable("the transport has stopped");
}

Failure failure_of(sw_status status, const sw_error* error) {
    return status == SW_OK ? Failure{} : Failure::from(status, error);
}

void hand_over(void* ctx, const sw_message* message) {
    // Kept, so that the callback outlives its own subscription.
    const auto handler = *static_cast<std::shared_ptr<MessageFn>*>(ctx);
    (*handler)({view(message->subject), view(message->reply), message->body});
}

void tell_state(void* ctx, int32_t connected, sw_str reason) {
    const auto watcher = *static_cast<std::shared_ptr<StateFn>*>(ctx);
    (*watcher)(connected != 0, view(reason));
}

}  // namespace

PluginTransport::~PluginTransport() {
    close();
}

void PluginTransport::close() {
    watch({});
    std::vector<std::uint64_t> open;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, handler] : subscriptions_)
            open.push_back(id);
    }
    for (const auto id : open)
        unsubscribe(id);
    gate_.close();
    gate_.wait_empty(std::chrono::hours(24));
}

Failure PluginTransport::publish(std::string_view subject, std::string_view reply,
                                 const BufferRef& body) {
    const exec::GateHold hold(gate_);
    if (!hold) return stopped();
    ErrorSlot error;
    return failure_of(table_.publish(self_, str(subject), str(reply), body.get(), error.get()),
                      error.get());
}

Failure PluginTransport::request(std::string_view subject, const BufferRef& body,
                                 std::chrono::nanoseconds timeout, AnswerFn on_answer) {
    const exec::GateHold hold(gate_);
    if (!hold) return stopped();
    ErrorSlot error;
    auto waiting = std::make_unique<AnswerFn>(std::move(on_answer));
    const auto status = table_.request(
        self_, str(subject), body.get(), static_cast<std::uint64_t>(timeout.count()),
        [](void* ctx, sw_status code, const sw_buffer* answer, const sw_error* why) {
            const std::unique_ptr<AnswerFn> owned(static_cast<AnswerFn*>(ctx));
            (*owned)(code == SW_OK ? answer : nullptr, failure_of(code, why));
        },
        waiting.get(), error.get());
    if (status == SW_OK) static_cast<void>(waiting.release());
    return failure_of(status, error.get());
}

std::expected<std::uint64_t, Failure> PluginTransport::subscribe(std::string_view pattern,
                                                                 std::string_view group,
                                                                 MessageFn on_message) {
    const exec::GateHold hold(gate_);
    if (!hold) return std::unexpected(stopped());
    auto handler = std::make_unique<Subscribed>(std::make_shared<MessageFn>(std::move(on_message)));
    ErrorSlot error;
    std::uint64_t id = 0;
    const auto status = table_.subscribe(self_, str(pattern), str(group), &hand_over, handler.get(),
                                         &id, error.get());
    if (status != SW_OK) return std::unexpected(failure_of(status, error.get()));
    std::lock_guard lock(mutex_);
    subscriptions_.emplace(id, std::move(handler));
    return id;
}

void PluginTransport::unsubscribe(std::uint64_t id) {
    const exec::GateHold hold(gate_);
    if (!hold) return;
    table_.unsubscribe(self_, id);
    std::lock_guard lock(mutex_);
    subscriptions_.erase(id);
}

void PluginTransport::watch(StateFn on_state) {
    const exec::GateHold hold(gate_);
    if (!hold) return;
    table_.watch(self_, nullptr, nullptr);
    watcher_ = on_state ? std::make_unique<Watched>(std::make_shared<StateFn>(std::move(on_state)))
                        : nullptr;
    if (watcher_) table_.watch(self_, &tell_state, watcher_.get());
}

}  // namespace streamwall::transport
