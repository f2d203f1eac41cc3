#include "transport/local/callbacks.hpp"

#include "transport/local/wire.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::transport {

// ---- callbacks ----

std::uint64_t Callbacks::add(MessageFn on_message) {
    std::lock_guard lock(mutex_);
    const auto id = next_id_++;
    messages_.emplace(id, std::make_shared<MessageFn>(std::move(on_message)));
    return id;
}

void Callbacks::remove(std::uint64_t id) {
    std::shared_ptr<MessageFn> gone;  // destroyed without the lock: it may own anything
    std::unique_lock lock(mutex_);
    const auto found = messages_.find(id);
    if (found == messages_.end()) return;
    gone = std::move(found->second);
    messages_.erase(found);
    wait_for_end_of(lock, id);
    lock.unlock();
}

void Callbacks::deliver(std::uint64_t id, const Message& message) {
    std::unique_lock lock(mutex_);
    const auto found = messages_.find(id);
    if (found == messages_.end()) return;
    run(lock, id, [held = found->second, &message] { (*held)(message); });
}

void Callbacks::watch(StateFn on_state) {
    std::shared_ptr<StateFn> gone;
    std::unique_lock lock(mutex_);
    gone = std::exchange(watcher_,
                         on_state ? std::make_shared<StateFn>(std::move(on_state)) : nullptr);
    wait_for_end_of(lock, kWatcher);
    const bool is_watched = watcher_ != nullptr;
    lock.unlock();
    if (is_watched) loop_.post([this] { tell(); });
}

void Callbacks::set_state(bool connected, std::string reason) {
    {
        std::lock_guard lock(mutex_);
        connected_ = connected;
        reason_ = std::move(reason);
    }
    loop_.post([this] { tell(); });
}

void Callbacks::tell() {
    std::unique_lock lock(mutex_);
    if (!watcher_) return;
    run(lock, kWatcher, [held = watcher_, connected = connected_, reason = reason_] {
        (*held)(connected, reason);
    });
}

void Callbacks::wait_for_end_of(std::unique_lock<std::mutex>& lock, std::uint64_t id) {
    if (loop_.is_current()) return;
    ended_.wait(lock, [&] { return running_ != id; });
}

void Callbacks::run(std::unique_lock<std::mutex>& lock, std::uint64_t id,
                    const std::function<void()>& call) {
    const auto outer = std::exchange(running_, id);
    lock.unlock();
    call();
    lock.lock();
    running_ = outer;
    ended_.notify_all();
}

// ---- waiting ----

bool Waiting::add(std::uint64_t number, std::uint64_t deadline_ns, AnswerFn on_answer) {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) return false;
    const auto deadline = deadlines_.emplace(deadline_ns, number);
    waiting_.emplace(number, One{std::move(on_answer), deadline});
    return true;
}

AnswerFn Waiting::take(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return {};
    deadlines_.erase(found->second.deadline);
    auto on_answer = std::move(found->second.on_answer);
    waiting_.erase(found);
    return on_answer;
}

Waiting::Due Waiting::due(std::uint64_t now_ns) const {
    std::lock_guard lock(mutex_);
    Due out;
    for (const auto& [deadline, number] : deadlines_) {
        if (deadline > now_ns) {
            out.next_ns = deadline;
            break;
        }
        out.numbers.push_back(number);
    }
    return out;
}

std::vector<AnswerFn> Waiting::take_all() {
    std::lock_guard lock(mutex_);
    std::vector<AnswerFn> out;
    for (auto& [number, one] : waiting_)
        out.push_back(std::move(one.on_answer));
    waiting_.clear();
    deadlines_.clear();
    return out;
}

// ---- messages ----

Failure check_message(std::string_view subject, std::string_view reply, const BufferRef& body) {
    if (!is_subject(subject) || (!reply.empty() && !is_subject(reply))) {
        return Failure::of(SW_INVALID_ARGUMENT, fmt::format("'{}' is no subject", subject));
    }
    if (body.text().size() <= kMaxMessage) return {};
    return Failure::of(SW_RESOURCE_EXHAUSTED, fmt::format("a message has at most {} bytes, not {}",
                                                          kMaxMessage, body.text().size()));
}

std::uint64_t deadline_after(std::chrono::nanoseconds timeout) {
    const auto now = exec::Loop::now_ns();
    const auto wait = static_cast<std::uint64_t>(std::max<std::int64_t>(timeout.count(), 0));
    return now + std::min(wait, ~std::uint64_t{0} / 2 - now);
}

}  // namespace streamwall::transport
