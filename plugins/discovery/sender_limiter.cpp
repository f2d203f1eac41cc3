// The sliding windows.
#include "sender_limiter.hpp"

namespace streamwall::discovery {

bool SenderLimiter::allow(std::string_view sender, Time now) {
    std::deque<Time>& accepted = find_or_add(sender).accepted;
    while (!accepted.empty() && accepted.front() + limit_.window <= now)
        accepted.pop_front();
    if (accepted.size() >= limit_.messages) return false;
    accepted.push_back(now);
    return true;
}

SenderLimiter::Sender& SenderLimiter::find_or_add(std::string_view name) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
        senders_.splice(senders_.begin(), senders_, found->second);
        return senders_.front();
    }
    if (!senders_.empty() && senders_.size() >= limit_.senders) {
        by_name_.erase(senders_.back().name);
        senders_.pop_back();
    }
    senders_.push_front({std::string(name), {}});
    by_name_.emplace(senders_.front().name, senders_.begin());
    return senders_.front();
}

}  // namespace streamwall::discovery
