#include "deeds.hpp"

#include <streamwall/contracts/audit.hpp>
#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <utility>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::audit;
constexpr std::chrono::seconds kTimeout{5};

}  // namespace

bool is_accepted(const Buffer& reply) {
    return json::find_member(reply.view(), "accepted") == "true";
}

// False where nothing was done, such as to a plugin that is not there.
bool Deeds::came_out(Deed& deed, const Result<Buffer>& reply) {
    if (reply) {
        deed.outcome = is_accepted(*reply) ? names::kAccepted : names::kDone;
        return true;
    }
    if (!contracts::store::has_code(reply.error(), "order_failed")) return false;
    deed.outcome = names::kFailed;
    deed.error = reply.error().message;
    return true;
}

Result<> Deeds::open(const Services& services) {
    services_ = &services;
    auto method = services.resolve(names::kService, names::kNote);
    if (!method) return std::move(method).error();
    note_ = *method;
    return ok();
}

void Deeds::note(const Deed& deed, const Context& from, std::move_only_function<void()> then) {
    json::Writer ask;
    ask.text("action", deed.action)
        .text("resource_id", deed.resource_id)
        .text("outcome", deed.outcome);
    if (!deed.error.empty()) ask.text("error", deed.error);
    // The order may have taken all the time that its request had.
    const auto deadline = host_.monotonic_ns() + std::chrono::nanoseconds(kTimeout).count();
    Pending pending{ask.take(), from.with_deadline(deadline)};
    const Buffer request(pending.request);
    const auto context = pending.from;
    services_->call(note_, request, context.raw(),
                    [this, pending = std::move(pending),
                     then = std::move(then)](const Result<Buffer>& noted) mutable {
                        if (!noted) missed(std::move(pending), noted.error());
                        then();
                    });
}

void Deeds::missed(Pending pending, const Error& error) {
    const std::lock_guard lock(mutex_);
    if (pending.tries < kTries && pending_.size() < kMostPending) {
        pending_.push_back(std::move(pending));
        return;
    }
    host_.log().error("rest.not_audited", error.message,
                      {{"deed", pending.request},
                       {"actor", pending.from.principal_id()},
                       {"request_id", pending.from.request_id()}});
}

void Deeds::retry() {
    std::deque<Pending> due;
    {
        const std::lock_guard lock(mutex_);
        due.swap(pending_);
    }
    for (auto& each : due) {
        ++each.tries;
        const Buffer request(each.request);
        // The loop of the connection that it came by may have gone.
        const auto deadline = host_.monotonic_ns() + std::chrono::nanoseconds(kTimeout).count();
        const auto context = each.from.with_deadline(deadline).with_home(nullptr);
        services_->call(note_, request, context.raw(),
                        [this, each = std::move(each)](const Result<Buffer>& noted) mutable {
                            if (!noted) missed(std::move(each), noted.error());
                        });
    }
}

}  // namespace streamwall::rest_api
