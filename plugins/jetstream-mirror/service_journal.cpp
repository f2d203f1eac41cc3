// A call that is waited for.
#include "service_journal.hpp"

#include <string>

namespace streamwall::jetstream {

Result<Page> ServiceJournal::read(std::uint64_t after, std::size_t limit) {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(waiting_->mutex);
        number = ++waiting_->asked;
        waiting_->reply.reset();
    }
    const Buffer request("{\"after\":" + std::to_string(after) +
                         ",\"limit\":" + std::to_string(limit) + "}");
    services_.call(read_, request, host_.own_context().raw(),
                   [waiting = waiting_, number](Result<Buffer> reply) {
                       const std::lock_guard lock(waiting->mutex);
                       if (waiting->asked != number) return;
                       waiting->reply.emplace(std::move(reply));
                       waiting->changed.notify_all();
                   });
    std::optional<Result<Buffer>> reply;
    {
        std::unique_lock lock(waiting_->mutex);
        waiting_->changed.wait(lock, [&] { return waiting_->stopping || waiting_->reply; });
        if (!waiting_->reply) return Error{SW_CANCELLED, "the plugin stops", {}, {}};
        reply.swap(waiting_->reply);
    }
    if (*reply) return parse_page(reply->value().view());
    auto error = std::move(*reply).error();
    error.message = "the journal cannot be read: " + error.message;
    return error;
}

void ServiceJournal::stop() {
    const std::lock_guard lock(waiting_->mutex);
    waiting_->stopping = true;
    waiting_->changed.notify_all();
}

}  // namespace streamwall::jetstream
