// A table by number and an order by deadline.
#include "requests.hpp"

#include <vector>

namespace streamwall::transport_nats {
namespace {

void end(sw_answer_fn on_answer, void* ctx, const Error& error) {
    const ErrorSlot slot(error);
    on_answer(ctx, error.code, nullptr, const_cast<ErrorSlot&>(slot).get());
}

}  // namespace

Requests::Added Requests::add(sw_answer_fn on_answer, void* ctx, Clock::time_point deadline) {
    const std::lock_guard lock(mutex_);
    const auto number = ++last_number_;
    waiting_.emplace(number, Waiting{on_answer, ctx, deadline});
    by_deadline_.emplace(deadline, number);
    const bool is_next = !awaited_ || deadline < *awaited_;
    if (is_next) awaited_ = deadline;
    return {number, is_next};
}

std::optional<Requests::Waiting> Requests::take(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return std::nullopt;
    const auto out = found->second;
    by_deadline_.erase({out.deadline, number});
    waiting_.erase(found);
    return out;
}

bool Requests::answer(std::uint64_t number, const Buffer& body) {
    const auto request = take(number);
    if (!request) return false;
    request->on_answer(request->ctx, SW_OK, body.get(), nullptr);
    return true;
}

bool Requests::fail(std::uint64_t number, const Error& error) {
    const auto request = take(number);
    if (!request) return false;
    end(request->on_answer, request->ctx, error);
    return true;
}

bool Requests::take_back(std::uint64_t number) {
    return take(number).has_value();
}

void Requests::fail_all(const Error& error) {
    std::unordered_map<std::uint64_t, Waiting> all;
    {
        const std::lock_guard lock(mutex_);
        all.swap(waiting_);
        by_deadline_.clear();
    }
    for (const auto& [number, request] : all)
        end(request.on_answer, request.ctx, error);
}

void Requests::expire(Clock::time_point now) {
    std::vector<Waiting> due;
    {
        const std::lock_guard lock(mutex_);
        while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
            const auto found = waiting_.find(by_deadline_.begin()->second);
            due.push_back(found->second);
            waiting_.erase(found);
            by_deadline_.erase(by_deadline_.begin());
        }
    }
    static const Error kLate{SW_DEADLINE_EXCEEDED, "no answer came in time", {}, {}};
    for (const auto& request : due)
        end(request.on_answer, request.ctx, kLate);
}

std::optional<Requests::Clock::time_point> Requests::next_deadline() {
    const std::lock_guard lock(mutex_);
    awaited_.reset();
    if (!by_deadline_.empty()) awaited_ = by_deadline_.begin()->first;
    return awaited_;
}

}  // namespace streamwall::transport_nats
