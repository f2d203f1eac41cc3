#include "journal_tail.hpp"

#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::rest_api {

void JournalTail::start(const Host& host, const Services& services, Method events) {
    host_ = &host;
    services_ = &services;
    events_ = events;
    timer_ = host.every(kEvery, [this] { ask(); });
}

void JournalTail::close() {
    timer_.cancel();
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
    }
    tell(News::kClosed, [](const Waiting&) { return true; });
}

bool JournalTail::is_closed() const {
    const std::lock_guard lock(mutex_);
    return is_closed_;
}

void JournalTail::wait(JournalPlace known, Wake wake) {
    {
        const std::lock_guard lock(mutex_);
        if (!is_closed_) {
            waiting_.push_back({std::move(known), host_->monotonic_ns(), std::move(wake)});
            return;
        }
    }
    wake(News::kClosed);
}

void JournalTail::ask() {
    constexpr auto kLimit = static_cast<std::uint64_t>(std::chrono::nanoseconds(kSilence).count());
    const auto now = host_->monotonic_ns();
    tell(News::kSilence, [&](const Waiting& one) { return now - one.since_ns >= kLimit; });
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty() || std::exchange(is_asked_, true)) return;
    }
    // Behind any event: the answer says where the journal ends, and no more.
    const auto request = json::Writer().number("after", model::kMaxId).number("limit", 1).buffer();
    const auto context = host_->own_context(std::chrono::seconds(5));
    services_->call(events_, request, context.raw(),
                    [this](const Result<Buffer>& reply) { heard(reply); });
}

void JournalTail::heard(const Result<Buffer>& reply) {
    {
        const std::lock_guard lock(mutex_);
        is_asked_ = false;
    }
    if (!reply) return;  // away for now
    const JournalPlace end{
        std::string(json::to_plain_text(json::find_member(reply->view(), "epoch")).value_or("")),
        json::to_integer(json::find_member(reply->view(), "last")).value_or(0)};
    tell(News::kGrown, [&](const Waiting& one) { return one.known != end; });
}

template <class Concerns>
void JournalTail::tell(News news, Concerns concerns) {
    std::vector<Waiting> told;
    {
        const std::lock_guard lock(mutex_);
        const auto concerned =
            std::ranges::partition(waiting_, [&](const Waiting& one) { return !concerns(one); });
        std::ranges::move(concerned, std::back_inserter(told));
        waiting_.erase(concerned.begin(), concerned.end());
    }
    for (auto& one : told)
        one.wake(news);
}

}  // namespace streamwall::rest_api
