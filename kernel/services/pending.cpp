// The life of a pending call.
#include "services/pending.hpp"

#include "services/registry.hpp"

namespace streamwall::services {

int& PendingCall::depth() {
    static thread_local int depth = 0;
    return depth;
}

void PendingCall::answer(sw_status code, BufferRef body, Failure why) {
    if (state.load(std::memory_order_acquire) != kDelivered) {
        status = code;
        reply = std::move(body);
        failure = std::move(why);
        int expected = kInline;
        if (!state.compare_exchange_strong(expected, kAnswered, std::memory_order_acq_rel) &&
            expected == kArmed &&
            state.compare_exchange_strong(expected, kDelivered, std::memory_order_acq_rel)) {
            deliver();
        }
    }
    release();
}

bool PendingCall::claim(sw_status code, const char* why) {
    cancelled = true;
    int expected = kArmed;
    // Waits behind kInline: call() arms it soon and the sweep comes again.
    if (!state.compare_exchange_strong(expected, kDelivered, std::memory_order_acq_rel))
        return false;
    // The handler may be writing its own answer; this one travels in fields of its own.
    early_status = code;
    early_reason = why;
    // A deadline travels with the request; the callee keeps it by itself.
    if (carrier && code == SW_CANCELLED) carrier->cancel(id);
    deliver();
    return true;
}

void PendingCall::deliver() {
    if (remote) {
        const bool early = early_status != SW_OK;
        remote(early ? early_status : status, reply.get(),
               early ? Failure::of(early_status, early_reason) : failure);
        return registry->forget(*this);
    }
    registry->forget(*this);
    retain();
    const bool may_run = home && depth() == 0 && home->is_current(home->self) != 0;
    if (may_run) return run(this);
    if (home) return home->post(home->self, &PendingCall::run, this);
    caller->strand->post({&PendingCall::run, &PendingCall::drop, this});
}

void PendingCall::run(void* arg) {
    auto* self = static_cast<PendingCall*>(arg);
    self->finish(self->early_status != SW_OK ? self->early_status : self->status);
}

void PendingCall::drop(void* arg) {
    auto* self = static_cast<PendingCall*>(arg);
    self->early_status = SW_CANCELLED;
    self->early_reason = "the caller stopped";
    self->finish(SW_CANCELLED);
}

void PendingCall::finish(sw_status code) {
    if (settled) settled(breaker, code);
    slot->count(code);
    if (code == SW_OK) {
        on_reply(ctx, SW_OK, reply.get(), nullptr);
    } else {
        ErrorSlot error(early_status != SW_OK ? Failure::of(code, early_reason) : failure);
        on_reply(ctx, code, nullptr, error.get());
    }
    auto* party = caller;
    release();
    party->replies.leave();
}

}  // namespace streamwall::services
