// Offers, resolution and calls.
#include "services/registry.hpp"

#include <fmt/format.h>

#include <limits>

namespace streamwall::services {

namespace {

// A request on its way through a handler; `pending` is made by defer() where the call began inline.
struct Frame {
    sw_request request;
    PendingCall* pending = nullptr;
    bool deferred = false;
    PendingCall* (*make)(void* arg) = nullptr;
    void* make_arg = nullptr;
};

Failure no_provider(const Slot& slot) {
    return Failure::unavailable(
        fmt::format("no running plugin offers {}.{}", slot.service, slot.method));
}

Failure not_deferred() {
    return Failure::of(SW_INTERNAL, "the handler is pending but did not defer");
}

// Calls the handler and turns what it returns into an answer of `call`, whose reference it
// consumes.
void serve(Slot& slot, const sw_buffer* request, const sw_context& context, PendingCall* call) {
    if (!slot.gate.enter()) return call->answer(SW_UNAVAILABLE, {}, no_provider(slot));
    Frame frame{{sizeof(sw_request), 0, str(slot.service), str(slot.method), request, &context}};
    frame.pending = call;
    sw_buffer* reply = nullptr;
    ErrorSlot error;
    const auto status = slot.handler(slot.ctx, &frame.request, &reply, error.get());
    slot.gate.leave();
    if (status == SW_PENDING && frame.deferred) return call->release();
    if (status == SW_PENDING) return call->answer(SW_INTERNAL, {}, not_deferred());
    call->answer(status, BufferRef::adopt(reply),
                 status == SW_OK ? Failure{} : Failure::from(status, error.get()));
}

}  // namespace

Registry::Registry(const exec::Clock& clock, exec::Timers& timers,
                   std::shared_ptr<exec::Executor> kernel, Options options)
    : clock_(clock), timers_(timers), kernel_(std::move(kernel)), options_(options) {}

Registry::~Registry() {
    timers_.cancel(sweep_timer_.load());
}

Slot& Registry::slot(std::string_view service, std::string_view method) {
    auto& made = slots_[{std::string(service), std::string(method)}];
    if (!made) made = std::make_unique<Slot>(std::string(service), std::string(method));
    return *made;
}

Failure Registry::offer(Party& provider, std::string_view service, std::string_view method,
                        sw_method_fn handler, void* ctx) {
    std::lock_guard lock(mutex_);
    auto& target = slot(service, method);
    if (target.provider) {
        return Failure::of(SW_ALREADY_EXISTS, fmt::format("{}.{} is offered by {}", service, method,
                                                          target.provider->instance));
    }
    target.handler = handler;
    target.ctx = ctx;
    target.provider = &provider;
    return {};
}

void Registry::open(Party& provider) {
    {
        std::lock_guard lock(mutex_);
        for (auto& [name, slot] : slots_) {
            if (slot->provider == &provider) slot->gate.open();
        }
    }
    if (remote_) remote_->offers_changed();
}

bool Registry::withdraw(Party& provider, std::chrono::milliseconds limit) {
    std::vector<Slot*> mine;
    {
        std::lock_guard lock(mutex_);
        for (auto& [name, slot] : slots_) {
            if (slot->provider == &provider) mine.push_back(slot.get());
        }
    }
    for (auto* slot : mine)
        slot->gate.close();
    if (remote_ && !mine.empty()) remote_->offers_changed();
    bool empty = true;
    for (auto* slot : mine)
        empty = slot->gate.wait_empty(limit) && empty;
    pending_.claim_where([&](const PendingCall& call) { return call.provider == &provider; },
                         SW_UNAVAILABLE, "the provider stopped");
    std::lock_guard lock(mutex_);
    for (auto* slot : mine) {
        if (slot->gate.inside() == 0) slot->provider = nullptr;
    }
    return empty;
}

const sw_method* Registry::resolve(Party& caller, std::string_view service,
                                   std::string_view method) {
    std::lock_guard lock(mutex_);
    auto& target = slot(service, method);
    auto& mine = methods_[&caller];
    for (const auto& known : mine) {
        if (known->slot == &target) return known.get();
    }
    auto& breaker = breakers_[{&caller, std::string(service)}];
    if (!breaker) {
        const auto failures =
            caller.patient ? std::numeric_limits<int>::max() : options_.breaker_failures;
        breaker = std::make_unique<Breaker>(clock_, failures, options_.breaker_pause);
    }
    mine.push_back(std::make_unique<sw_method>(sw_method{&target, &caller, breaker.get()}));
    return mine.back().get();
}

void Registry::forget_party(Party& caller) {
    std::lock_guard lock(mutex_);
    methods_.erase(&caller);
    std::erase_if(breakers_, [&](const auto& entry) { return entry.first.first == &caller; });
}

Slot* Registry::find(std::string_view service, std::string_view method) const {
    std::lock_guard lock(mutex_);
    const auto known = slots_.find(std::pair{std::string(service), std::string(method)});
    return known == slots_.end() ? nullptr : known->second.get();
}

void Registry::close_breakers(std::string_view service) {
    std::lock_guard lock(mutex_);
    for (const auto& [key, breaker] : breakers_) {
        if (key.second == service) breaker->settle(SW_OK);
    }
}

PendingCall* Registry::make_pending(const sw_method& method, const Party* provider,
                                    const sw_context& context, sw_reply_fn on_reply, void* ctx) {
    auto* call = new PendingCall;
    call->registry = this;
    call->id = next_id_.fetch_add(1, std::memory_order_relaxed);
    call->caller = method.caller;
    call->provider = provider;
    call->slot = method.slot;
    call->home = context.home;
    call->deadline_ns = context.deadline_ns;
    call->on_reply = on_reply;
    call->ctx = ctx;
    call->breaker = method.breaker;
    call->settled = [](void* breaker, sw_status status) {
        static_cast<Breaker*>(breaker)->settle(status);
    };
    return call;
}

PendingCall* Registry::begin_pending(const sw_method& method, const Party* provider,
                                     const sw_context& context, sw_reply_fn on_reply, void* ctx,
                                     std::uint64_t* id) {
    auto* call = make_pending(method, provider, context, on_reply, ctx);
    static_cast<void>(method.caller->replies.enter());  // never closed, only counted
    if (id) *id = call->id;
    call->state = PendingCall::kArmed;
    return call;
}

sw_status Registry::call(const sw_method& method, const sw_buffer* request, const sw_context* given,
                         sw_reply_fn on_reply, void* ctx, std::uint64_t* id, sw_buffer** reply,
                         sw_error* error) {
    auto context = normalised(given);
    context.caller = str(method.caller->address);
    auto& slot = *method.slot;
    const auto refuse = [&](Failure failure) {
        slot.count(failure.code);
        return fill(error, failure);
    };
    if (context.deadline_ns == 0) {
        return refuse(Failure::of(SW_INVALID_ARGUMENT, "a call needs a deadline"));
    }
    if (context.deadline_ns <= clock_.monotonic_ns()) {
        return refuse(Failure::of(SW_DEADLINE_EXCEEDED, "the deadline has passed"));
    }
    std::uint64_t retry_after = 0;
    if (!method.breaker->admit(retry_after)) {
        auto failure = Failure::unavailable("calls to " + slot.service + " fail; waiting");
        failure.details = fmt::format(R"({{"retry_after":{},"code":"circuit_open"}})", retry_after);
        return refuse(std::move(failure));
    }
    // The gate also keeps the provider's fields steady while they are read.
    exec::GateHold hold(slot.gate);
    if (!hold) {
        if (remote_ == nullptr || !remote_->reaches(slot)) return refuse(no_provider(slot));
        auto* call = begin_pending(method, nullptr, context, on_reply, ctx, id);
        call->carrier = remote_;
        track(*call);
        context.home = nullptr;
        remote_->carry(slot, request, context, call);
        return SW_PENDING;
    }
    const bool remote = link_ && link_->separates(*method.caller, *slot.provider);
    if (slot.provider->parallel && !remote) {
        return call_inline(method, request, context, on_reply, ctx, id, reply, error);
    }
    auto* call = begin_pending(method, slot.provider, context, on_reply, ctx, id);
    track(*call);
    ContextCopy copy(context);
    copy.raw().home = nullptr;  // the callee has an executor of its own
    if (remote)
        link_->carry(slot, request, copy.raw(), call);
    else
        dispatch(slot, BufferRef::share(request), std::move(copy), call);
    return SW_PENDING;
}

sw_status Registry::call_inline(const sw_method& method, const sw_buffer* request,
                                const sw_context& context, sw_reply_fn on_reply, void* ctx,
                                std::uint64_t* id, sw_buffer** reply, sw_error* error) {
    auto& slot = *method.slot;
    struct Maker {
        Registry* self;
        const sw_method& method;
        const sw_context& context;
        sw_reply_fn on_reply;
        void* ctx;
    } maker{this, method, context, on_reply, ctx};
    Frame frame{{sizeof(sw_request), 0, str(slot.service), str(slot.method), request, &context}};
    frame.make = [](void* arg) {
        auto& m = *static_cast<Maker*>(arg);
        return m.self->make_pending(m.method, m.method.slot->provider, m.context, m.on_reply,
                                    m.ctx);
    };
    frame.make_arg = &maker;
    ++PendingCall::depth();
    const auto status = slot.handler(slot.ctx, &frame.request, reply, error);
    --PendingCall::depth();
    auto* call = frame.pending;
    if (status != SW_PENDING) {
        method.breaker->settle(status);
        slot.count(status);
        if (call) call->release();  // deferred and answered at once: the responder keeps its own
        return status;
    }
    if (call == nullptr) return fill(error, not_deferred());
    static_cast<void>(method.caller->replies.enter());  // never closed, only counted
    track(*call);
    if (id) *id = call->id;
    int expected = PendingCall::kInline;
    if (call->state.compare_exchange_strong(expected, PendingCall::kArmed,
                                            std::memory_order_acq_rel)) {
        call->release();
        return SW_PENDING;
    }
    // Answered before this call returned: the caller gets it here.
    forget(*call);
    method.caller->replies.leave();
    const auto answered = call->status;
    method.breaker->settle(answered);
    slot.count(answered);
    if (answered == SW_OK)
        *reply = call->reply.release();
    else
        fill(error, call->failure);
    call->release();
    return answered;
}

void Registry::dispatch(Slot& slot, BufferRef request, ContextCopy context, PendingCall* call) {
    struct Work {
        Slot& slot;
        BufferRef request;
        ContextCopy context;
        PendingCall* call;
    };
    if (slot.provider->parallel) return serve(slot, request.get(), context.raw(), call);
    auto* work = new Work{slot, std::move(request), std::move(context), call};
    slot.provider->strand->post(
        {[](void* arg) {
             std::unique_ptr<Work> owned(static_cast<Work*>(arg));
             serve(owned->slot, owned->request.get(), owned->context.raw(), owned->call);
         },
         [](void* arg) {
             std::unique_ptr<Work> owned(static_cast<Work*>(arg));
             owned->call->answer(SW_UNAVAILABLE, {}, no_provider(owned->slot));
         },
         work});
}

void Registry::serve_remote(Slot& slot, BufferRef request, ContextCopy context, RemoteReply done,
                            RemoteKey key) {
    const exec::GateHold hold(slot.gate);
    if (!hold) return done(SW_UNAVAILABLE, nullptr, no_provider(slot));
    auto* call = new PendingCall;
    call->registry = this;
    call->id = next_id_.fetch_add(1, std::memory_order_relaxed);
    call->provider = slot.provider;
    call->slot = &slot;
    call->deadline_ns = context.raw().deadline_ns;
    call->remote = std::move(done);
    call->remote_key = key;
    call->state = PendingCall::kArmed;
    track(*call);
    dispatch(slot, std::move(request), std::move(context), call);
}

sw_responder* Registry::defer(const sw_request* request) {
    auto* frame = reinterpret_cast<Frame*>(const_cast<sw_request*>(request));
    if (frame->pending == nullptr) frame->pending = frame->make(frame->make_arg);
    if (!frame->deferred) frame->pending->retain();  // the responder's
    frame->deferred = true;
    return &frame->pending->responder;
}

void Registry::respond(sw_responder* responder, sw_status status, sw_buffer* reply,
                       const sw_error* error) {
    responder->call->answer(status, BufferRef::adopt(reply),
                            status == SW_OK ? Failure{} : Failure::from(status, error));
}

void Registry::track(PendingCall& call) {
    pending_.add(call);
    if (!sweeping_.exchange(true)) {
        sweep_timer_ = timers_.after(kernel_, std::chrono::milliseconds(20), [this] { sweep(); });
    }
}

// Deadlines are kept to 20 ms: a sweep over what is pending is cheaper than a timer for each call.
void Registry::sweep() {
    const auto now = clock_.monotonic_ns();
    pending_.claim_where([&](const PendingCall& call) { return call.deadline_ns <= now; },
                         SW_DEADLINE_EXCEEDED, "the deadline has passed");
    quiet_sweeps_ = pending() == 0 ? quiet_sweeps_ + 1 : 0;
    if (quiet_sweeps_ > 50) {
        quiet_sweeps_ = 0;
        sweeping_ = false;
        if (pending() == 0 || sweeping_.exchange(true)) return;
    }
    sweep_timer_ = timers_.after(kernel_, std::chrono::milliseconds(20), [this] { sweep(); });
}

void Registry::cancel_all(Party& caller) {
    pending_.claim_where([&](const PendingCall& call) { return call.caller == &caller; },
                         SW_CANCELLED, "the caller stopped");
}

void Registry::cancel(Party& caller, std::uint64_t id) {
    pending_.claim_where(
        [&](const PendingCall& call) { return call.id == id && call.caller == &caller; },
        SW_CANCELLED, "cancelled by the caller");
}

void Registry::cancel_remote(RemoteKey key) {
    pending_.claim_where(
        [&](const PendingCall& call) { return call.remote && call.remote_key == key; },
        SW_CANCELLED, "cancelled by the caller");
}

std::vector<Registry::Info> Registry::list() const {
    std::lock_guard lock(mutex_);
    std::vector<Info> out;
    for (const auto& [name, slot] : slots_) {
        Info info{slot->service, slot->method, "", {}};
        if (slot->provider && !slot->gate.is_closed()) info.provider = slot->provider->instance;
        for (std::size_t n = 0; n < info.calls.size(); ++n)
            info.calls[n] = slot->calls[n];
        out.push_back(std::move(info));
    }
    return out;
}

std::vector<Registry::BreakerInfo> Registry::breakers() const {
    std::lock_guard lock(mutex_);
    std::vector<BreakerInfo> out;
    for (const auto& [key, breaker] : breakers_) {
        out.push_back({key.first->instance, key.second, breaker->state()});
    }
    return out;
}

}  // namespace streamwall::services
