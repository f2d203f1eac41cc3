// Requests as frames, and the way of their answers back.
//
// No lock is held on the way of a call but the reader's side of the routes and the registry's own.
// A provider that is parallel answers on the transport's thread, a serial one on its strand.
#include "transport/mesh/calls.hpp"

#include "transport/mesh/topology.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::transport {

namespace {

Failure nobody_serves(std::string_view service) {
    return Failure::unavailable(fmt::format("no node offers {} at the moment", service));
}

Failure too_long(const char* what) {
    return Failure::of(SW_RESOURCE_EXHAUSTED, fmt::format("the {} is longer than 1 MiB", what));
}

// A transport's word on a request, as a caller is to hear it.
Failure as_answer(Failure failure, std::string_view service) {
    if (failure.code != SW_UNAVAILABLE) return failure;
    auto out = nobody_serves(service);
    if (!failure.message.empty()) out.message += fmt::format(" ({})", failure.message);
    return out;
}

std::chrono::nanoseconds time_left(const sw_context& context, std::uint64_t now) {
    return std::chrono::nanoseconds(
        context.deadline_ns > now ? std::min<std::uint64_t>(context.deadline_ns - now, INT64_MAX)
                                  : 1);
}

std::expected<BufferRef, Failure> outcome(const sw_buffer* body, const Failure& failure,
                                          std::string_view service) {
    if (failure.code != SW_OK) return std::unexpected(as_answer(failure, service));
    auto reply = decode_reply(view(body));
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (reply->status != SW_OK) return std::unexpected(std::move(reply->failure));
    return std::move(reply->body);
}

void answer(const AttachmentPtr& via, std::string_view reply, sw_status status,
            const sw_buffer* body, const Failure& failure) {
    if (reply.empty()) return;
    auto frame = encode_reply(status, body, failure);
    if (frame.text().size() > kMaxMessage) {
        frame = encode_reply(SW_RESOURCE_EXHAUSTED, nullptr, too_long("reply"));
    }
    // Where even that cannot be sent, the caller's deadline ends the call.
    via->transport->publish(reply, "", frame);
}

void call_own(services::Registry& services, services::Slot* slot, std::string_view service,
              const BufferRef& body, const sw_context& context, Mesh::CallDone done) {
    if (slot == nullptr) return done(std::unexpected(nobody_serves(service)));
    ContextCopy copy(context);
    copy.raw().home = nullptr;
    services.serve_remote(
        *slot, body, std::move(copy),
        [done = std::move(done)](sw_status status, const sw_buffer* reply, const Failure& why) {
            if (status == SW_OK)
                done(BufferRef::share(reply));
            else
                done(std::unexpected(why));
        });
}

void refuse(const AttachmentPtr& via, std::string_view reply, const Failure& failure) {
    answer(via, reply, failure.code, nullptr, failure);
}

}  // namespace

bool Calls::reaches(const services::Slot& slot) const {
    return shared_.routing.get()->services.contains(slot.service);
}

void Calls::carry(const services::Slot& slot, const sw_buffer* request, const sw_context& context,
                  services::PendingCall* call) {
    shared_.counts.calls_out.fetch_add(1, std::memory_order_relaxed);
    const auto now = shared_.clock.monotonic_ns();
    const auto frame = encode_call({.trail = {.origin = shared_.options.peer},
                                    .boot = shared_.boot,
                                    .id = call->id,
                                    .service = slot.service,
                                    .method = slot.method},
                                   request, context, now);
    if (frame.text().size() > kMaxMessage) {
        return call->answer(SW_RESOURCE_EXHAUSTED, {}, too_long("request"));
    }
    const auto table = shared_.routing.get();
    const auto known = table->services.find(slot.service);
    auto why = Failure::of(SW_UNAVAILABLE, "");
    for (const auto& target :
         known == table->services.end() ? std::span<const RouteTable::Target>() : known->second) {
        why = target.via->transport->request(
            target.subject, frame, time_left(context, now),
            [call](const sw_buffer* body, const Failure& failure) {
                auto reply = outcome(body, failure, call->slot->service);
                if (reply) return call->answer(SW_OK, std::move(*reply), {});
                call->answer(reply.error().code, {}, std::move(reply.error()));
            });
        if (why.code == SW_OK) return;
    }
    why = as_answer(std::move(why), slot.service);
    call->answer(why.code, {}, std::move(why));
}

// Who of a group took the call is not known here, so everybody is told; only who has it acts.
void Calls::cancel(std::uint64_t call) {
    const auto frame = encode_cancel({{shared_.options.peer, 0}, shared_.boot, call});
    std::vector<Attachment*> told;
    const auto table = shared_.routing.get();
    for (const auto& [service, targets] : table->services) {
        for (const auto& target : targets) {
            if (std::ranges::find(told, target.via.get()) != told.end()) continue;
            told.push_back(target.via.get());
            target.via->transport->publish(shared_.subjects.cancel(), "", frame);
        }
    }
}

void Calls::cancellation_arrived(Attachment& via, const Message& message) {
    const auto cancel = decode_cancel(view(message.body));
    if (!cancel || cancel->trail.origin == shared_.options.peer) return;
    shared_.services.cancel_remote({cancel->boot, cancel->id});
    if (cancel->trail.hops + 1 >= kMaxHops) return;
    const auto frame = forwarded(view(message.body));
    std::vector<Attachment*> told{&via};
    const auto table = shared_.routing.get();
    for (const auto& [peer, target] : table->peers) {
        if (std::ranges::find(told, target.via.get()) != told.end()) continue;
        told.push_back(target.via.get());
        if (!forwards_between(via.role, target.via->role)) continue;
        target.via->transport->publish(message.subject, "", frame);
    }
}

void Calls::call_peer(std::string_view peer, std::string_view service, std::string_view method,
                      const BufferRef& body, const sw_context& context, Mesh::CallDone done) {
    if (peer == shared_.options.peer) {
        return call_own(shared_.services, find(service, method), service, body, context,
                        std::move(done));
    }
    const auto table = shared_.routing.get();
    const auto known = table->peers.find(peer);
    if (known == table->peers.end()) {
        return done(std::unexpected(
            Failure::unavailable(fmt::format("'{}' is not there at the moment", peer))));
    }
    shared_.counts.calls_out.fetch_add(1, std::memory_order_relaxed);
    const auto now = shared_.clock.monotonic_ns();
    const auto frame = encode_call({.trail = {.origin = shared_.options.peer},
                                    .boot = 0,  // nobody cancels these
                                    .id = 0,
                                    .target = peer,
                                    .service = service,
                                    .method = method},
                                   body.get(), context, now);
    if (frame.text().size() > kMaxMessage) return done(std::unexpected(too_long("request")));
    const auto waiting = std::make_shared<Mesh::CallDone>(std::move(done));
    auto failure = known->second.via->transport->request(
        known->second.subject, frame, time_left(context, now),
        [waiting, name = std::string(service)](const sw_buffer* reply, const Failure& why) {
            (*waiting)(outcome(reply, why, name));
        });
    if (failure.code != SW_OK) (*waiting)(std::unexpected(as_answer(std::move(failure), service)));
}

services::Slot* Calls::find(std::string_view service, std::string_view method) {
    {
        std::shared_lock lock(found_mutex_);
        const auto known = found_.find({service, method});
        if (known != found_.end()) return known->second;
    }
    auto* slot = shared_.services.find(service, method);
    if (slot == nullptr) return nullptr;
    std::unique_lock lock(found_mutex_);
    found_.emplace(Name{slot->service, slot->method}, slot);
    return slot;
}

void Calls::arrived(Attachment& via, const Message& message) {
    const auto from = via.shared_from_this();
    const auto seen = outline(view(message.body));
    if (!seen || seen->kind != FrameKind::call) {
        shared_.counts.unreadable.fetch_add(1, std::memory_order_relaxed);
        return refuse(from, message.reply, Failure::of(SW_DATA_LOSS, "a call is unreadable"));
    }
    auto* slot = find(seen->service, seen->method);
    const bool is_meant = seen->target.empty() ? slot != nullptr && !slot->gate.is_closed()
                                               : seen->target == shared_.options.peer;
    if (is_meant) return serve(from, message, slot);
    forward(from, message, *seen);
}

void Calls::serve(const AttachmentPtr& from, const Message& message, services::Slot* slot) {
    auto call = decode_call(view(message.body), shared_.clock.monotonic_ns());
    if (!call) return refuse(from, message.reply, call.error());
    if (slot == nullptr) return refuse(from, message.reply, nobody_serves(call->head.service));
    shared_.counts.calls_in.fetch_add(1, std::memory_order_relaxed);
    shared_.services.serve_remote(
        *slot, std::move(call->body), std::move(call->context),
        [from, reply = std::string(message.reply)](sw_status status, const sw_buffer* body,
                                                   const Failure& failure) {
            answer(from, reply, status, body, failure);
        },
        {call->head.boot, call->head.id});
}

void Calls::forward(const AttachmentPtr& from, const Message& message, const Outline& seen) {
    if (seen.trail.hops + 1 >= kMaxHops || seen.trail.origin == shared_.options.peer) {
        return refuse(
            from, message.reply,
            Failure::unavailable(fmt::format("a call of {} went in circles", seen.service)));
    }
    const auto table = shared_.routing.get();
    std::span<const RouteTable::Target> targets;
    if (const auto peer = table->peers.find(seen.target); peer != table->peers.end()) {
        targets = {&peer->second, 1};
    } else if (const auto known = table->services.find(seen.service);
               seen.target.empty() && known != table->services.end()) {
        targets = known->second;
    }
    auto why = nobody_serves(seen.service);
    for (const auto& target : targets) {
        if (target.via == from || !forwards_between(from->role, target.via->role)) continue;
        why = target.via->transport->request(
            target.subject, forwarded(view(message.body)),
            std::chrono::nanoseconds(std::min<std::uint64_t>(seen.remaining_ns, INT64_MAX)),
            [from, reply = std::string(message.reply), service = std::string(seen.service)](
                const sw_buffer* body, const Failure& failure) {
                if (failure.code != SW_OK) return refuse(from, reply, as_answer(failure, service));
                from->transport->publish(reply, "", BufferRef::share(body));
            });
        if (why.code != SW_OK) continue;
        shared_.counts.forwarded.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    refuse(from, message.reply, as_answer(std::move(why), seen.service));
}

}  // namespace streamwall::transport
