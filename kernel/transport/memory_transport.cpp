// Routing, delays and losses of the hub in memory.
#include "transport/memory_transport.hpp"

#include "bus/pattern.hpp"
#include "exec/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace streamwall::transport {

namespace {
constexpr std::string_view kInbox = "_inbox.";
// So that a callback may end its own subscription.
thread_local const void* inside_of = nullptr;
}  // namespace

struct MemoryHub::Subscription {
    std::uint64_t id;
    std::string pattern, group;
    MessageFn on_message;
    exec::Gate gate;
};

struct MemoryHub::Watcher {
    StateFn on_state;
    exec::Gate gate;
};

// A message for a subscription, or the answer of a request.
struct MemoryHub::Delivery {
    std::shared_ptr<Subscription> subscription;
    std::uint64_t request = 0;
    std::string subject, reply;
    BufferRef body;
    Failure failure;
};

struct MemoryHub::Request {
    AnswerFn on_answer;
    std::uint64_t timer = 0;
};

struct MemoryHub::Member {
    std::string name;
    std::shared_ptr<exec::Strand> strand;
    bool connected = true;
    std::string reason;
    std::shared_ptr<Watcher> watcher;
    std::map<std::uint64_t, std::shared_ptr<Subscription>> subscriptions;
    std::map<std::uint64_t, Request> requests;
    std::multimap<std::uint64_t, Delivery> mailbox;                     // by time of arrival
    std::map<std::pair<std::string, std::string>, std::uint64_t> last;  // sender, subject → arrival
};

// One member's end.
class MemoryTransport final : public Transport {
  public:
    MemoryTransport(std::shared_ptr<MemoryHub> hub, MemoryHub::MemberPtr member)
        : hub_(std::move(hub)), member_(std::move(member)) {}
    ~MemoryTransport() override { hub_->leave(member_); }

    Failure publish(std::string_view subject, std::string_view reply,
                    const BufferRef& body) override {
        return hub_->publish(member_, subject, reply, body);
    }
    Failure request(std::string_view subject, const BufferRef& body,
                    std::chrono::nanoseconds timeout, AnswerFn on_answer) override {
        return hub_->request(member_, subject, body, timeout, std::move(on_answer));
    }
    std::expected<std::uint64_t, Failure> subscribe(std::string_view pattern,
                                                    std::string_view group,
                                                    MessageFn on_message) override {
        return hub_->subscribe(member_, pattern, group, std::move(on_message));
    }
    void unsubscribe(std::uint64_t id) override { hub_->unsubscribe(member_, id); }
    void watch(StateFn on_state) override { hub_->watch(member_, std::move(on_state)); }

  private:
    const std::shared_ptr<MemoryHub> hub_;
    const MemoryHub::MemberPtr member_;
};

std::shared_ptr<MemoryHub> MemoryHub::make(exec::Timers& timers, const exec::Clock& clock,
                                           exec::Executor& pool, MemoryHubOptions options) {
    return std::shared_ptr<MemoryHub>(new MemoryHub(timers, clock, pool, options));
}

MemoryHub::MemoryHub(exec::Timers& timers, const exec::Clock& clock, exec::Executor& pool,
                     MemoryHubOptions options)
    : timers_(timers), clock_(clock), pool_(pool), options_(options), random_(options.seed) {}

std::shared_ptr<Transport> MemoryHub::join(const std::string& name) {
    auto member = std::make_shared<Member>();
    member->name = name;
    member->strand = exec::Strand::make("transport " + name, pool_);
    std::lock_guard lock(mutex_);
    members_[name] = member;
    return std::make_shared<MemoryTransport>(shared_from_this(), std::move(member));
}

void MemoryHub::leave(const MemberPtr& member) {
    watch(member, {});
    std::vector<std::uint64_t> ids;
    {
        std::lock_guard lock(mutex_);
        for (const auto& [id, subscription] : member->subscriptions)
            ids.push_back(id);
        member->mailbox.clear();
        if (const auto known = members_.find(member->name);
            known != members_.end() && known->second == member) {
            members_.erase(known);
        }
    }
    for (const auto id : ids)
        unsubscribe(member, id);
    std::map<std::uint64_t, Request> open;
    {
        std::lock_guard lock(mutex_);
        open.swap(member->requests);
    }
    for (auto& [id, request] : open) {
        timers_.cancel(request.timer);
        request.on_answer(nullptr, Failure::unavailable("the transport was closed"));
    }
}

void MemoryHub::block(const std::string& from, const std::string& to, bool blocked) {
    std::lock_guard lock(mutex_);
    if (blocked)
        blocked_.emplace(from, to);
    else
        blocked_.erase({from, to});
}

void MemoryHub::partition(const std::string& one, const std::string& other, bool blocked) {
    block(one, other, blocked);
    block(other, one, blocked);
}

void MemoryHub::set_loss(double loss) {
    std::lock_guard lock(mutex_);
    options_.loss = loss;
}

void MemoryHub::disconnect(const std::string& name, const std::string& reason) {
    set_connected(name, false, reason);
}

void MemoryHub::connect(const std::string& name) {
    set_connected(name, true, "");
}

void MemoryHub::set_connected(const std::string& name, bool connected, const std::string& reason) {
    MemberPtr member;
    std::vector<std::uint64_t> open;
    std::shared_ptr<Watcher> watcher;
    {
        std::lock_guard lock(mutex_);
        const auto known = members_.find(name);
        if (known == members_.end() || known->second->connected == connected) return;
        member = known->second;
        member->connected = connected;
        member->reason = reason;
        member->mailbox.clear();
        watcher = member->watcher;
        for (const auto& [id, request] : member->requests)
            open.push_back(id);
    }
    if (watcher) tell(member, watcher, connected, reason);
    member->strand->post_function([self = shared_from_this(), member, open] {
        for (const auto id : open)
            self->answer(member, id, {}, Failure::unavailable("the connection was lost"));
    });
}

MemoryHub::Counts MemoryHub::counts() const {
    std::lock_guard lock(mutex_);
    return counts_;
}

Failure MemoryHub::check(const Member& from, std::string_view subject,
                         const BufferRef& body) const {
    if (subject.empty() || subject.size() > kMaxSubject) {
        return Failure::of(SW_INVALID_ARGUMENT, "a subject is empty or too long");
    }
    if (body.text().size() > kMaxMessage) {
        return Failure::of(SW_RESOURCE_EXHAUSTED, "a message is longer than 1 MiB");
    }
    if (!from.connected) return Failure::unavailable("not connected: " + from.reason);
    return {};
}

Failure MemoryHub::publish(const MemberPtr& from, std::string_view subject, std::string_view reply,
                           const BufferRef& body) {
    std::lock_guard lock(mutex_);
    if (auto failure = check(*from, subject, body); failure.code != SW_OK) return failure;
    if (!subject.starts_with(kInbox)) {
        route(from, subject, reply, body);
        return {};
    }
    // "_inbox.<request>.<member>"
    const auto rest = subject.substr(kInbox.size());
    const auto dot = rest.find('.');
    const auto known = members_.find(std::string(rest.substr(std::min(dot + 1, rest.size()))));
    if (dot == std::string_view::npos || known == members_.end()) return {};
    const auto id = std::strtoull(std::string(rest.substr(0, dot)).c_str(), nullptr, 10);
    send(from, known->second, {nullptr, id, std::string(subject), {}, body, {}});
    return {};
}

Failure MemoryHub::request(const MemberPtr& from, std::string_view subject, const BufferRef& body,
                           std::chrono::nanoseconds timeout, AnswerFn on_answer) {
    std::lock_guard lock(mutex_);
    if (auto failure = check(*from, subject, body); failure.code != SW_OK) return failure;
    const auto id = next_id_++;
    auto& request = from->requests[id];
    request.on_answer = std::move(on_answer);
    request.timer = timers_.after(from->strand, timeout, [self = shared_from_this(), from, id] {
        self->answer(from, id, {}, Failure::of(SW_DEADLINE_EXCEEDED, "no answer came in time"));
    });
    if (route(from, subject, fmt::format("{}{}.{}", kInbox, id, from->name), body) == 0) {
        // The hub itself says so: neither lost nor late.
        from->strand->post_function([self = shared_from_this(), from, id] {
            self->answer(from, id, {}, Failure::unavailable("nobody listens"));
        });
    }
    return {};
}

std::size_t MemoryHub::route(const MemberPtr& from, std::string_view subject,
                             std::string_view reply, const BufferRef& body) {
    using Target = std::pair<MemberPtr, std::shared_ptr<Subscription>>;
    std::vector<Target> targets;
    std::map<std::string, std::vector<Target>> groups;
    for (const auto& [name, member] : members_) {
        if (member == from || !member->connected) continue;
        for (const auto& [id, subscription] : member->subscriptions) {
            if (!bus::matches(subscription->pattern, subject)) continue;
            auto& list = subscription->group.empty() ? targets : groups[subscription->group];
            list.emplace_back(member, subscription);
        }
    }
    for (auto& [group, candidates] : groups) {
        targets.push_back(candidates[std::uniform_int_distribution<std::size_t>(
            0, candidates.size() - 1)(random_)]);
    }
    for (auto& [member, subscription] : targets) {
        send(from, member, {subscription, 0, std::string(subject), std::string(reply), body, {}});
    }
    return targets.size();
}

void MemoryHub::send(const MemberPtr& from, const MemberPtr& to, Delivery delivery) {
    ++counts_.messages;
    counts_.bytes += delivery.body.text().size();
    const bool lost = blocked_.contains({from->name, to->name}) || !to->connected ||
                      std::uniform_real_distribution<>(0, 1)(random_) < options_.loss;
    if (lost) {
        ++counts_.lost;
        return;
    }
    using Spread = std::uniform_int_distribution<std::uint64_t>;
    const auto low = static_cast<std::uint64_t>(options_.min_delay.count()) * 1000;
    const auto high = static_cast<std::uint64_t>(options_.max_delay.count()) * 1000;
    const auto now = clock_.monotonic_ns();
    auto at = now + Spread(low, std::max(low, high))(random_);
    if (high > 0) {
        auto& last = to->last[{from->name, delivery.subject}];
        last = at = std::max(at, last);
        if (to->last.size() > 10'000) {
            std::erase_if(to->last, [&](const auto& entry) { return entry.second < now; });
        }
    }
    to->mailbox.emplace(at, std::move(delivery));
    const auto work = [self = shared_from_this(), to] { self->drain(to); };
    if (at <= now)
        to->strand->post_function(work);
    else
        timers_.after(to->strand, std::chrono::nanoseconds(at - now), work);
}

// On the member's strand.
void MemoryHub::drain(const MemberPtr& member) {
    for (;;) {
        Delivery next;
        {
            std::lock_guard lock(mutex_);
            const auto first = member->mailbox.begin();
            if (first == member->mailbox.end() || first->first > clock_.monotonic_ns()) return;
            next = std::move(first->second);
            member->mailbox.erase(first);
        }
        if (!next.subscription) {
            answer(member, next.request, std::move(next.body), {});
            continue;
        }
        const exec::GateHold hold(next.subscription->gate);
        if (!hold) continue;
        const auto* outer = std::exchange(inside_of, next.subscription.get());
        next.subscription->on_message({next.subject, next.reply, next.body.get()});
        inside_of = outer;
    }
}

void MemoryHub::answer(const MemberPtr& member, std::uint64_t request, BufferRef body,
                       Failure failure) {
    Request found;
    {
        std::lock_guard lock(mutex_);
        const auto known = member->requests.find(request);
        if (known == member->requests.end()) return;
        found = std::move(known->second);
        member->requests.erase(known);
    }
    timers_.cancel(found.timer);
    found.on_answer(failure.code == SW_OK ? body.get() : nullptr, failure);
}

std::uint64_t MemoryHub::subscribe(const MemberPtr& member, std::string_view pattern,
                                   std::string_view group, MessageFn on_message) {
    auto made = std::make_shared<Subscription>();
    made->pattern = pattern;
    made->group = group;
    made->on_message = std::move(on_message);
    std::lock_guard lock(mutex_);
    made->id = next_id_++;
    member->subscriptions[made->id] = made;
    return made->id;
}

void MemoryHub::unsubscribe(const MemberPtr& member, std::uint64_t id) {
    std::shared_ptr<Subscription> ended;
    {
        std::lock_guard lock(mutex_);
        const auto known = member->subscriptions.find(id);
        if (known == member->subscriptions.end()) return;
        ended = std::move(known->second);
        member->subscriptions.erase(known);
    }
    ended->gate.close();
    ended->gate.wait_empty(std::chrono::hours(24), inside_of == ended.get() ? 1 : 0);
}

void MemoryHub::tell(const MemberPtr& member, const std::shared_ptr<Watcher>& watcher,
                     bool connected, const std::string& reason) {
    member->strand->post_function([watcher, connected, reason] {
        const exec::GateHold hold(watcher->gate);
        if (!hold) return;
        const auto* outer = std::exchange(inside_of, watcher.get());
        watcher->on_state(connected, reason);
        inside_of = outer;
    });
}

void MemoryHub::watch(const MemberPtr& member, StateFn on_state) {
    std::shared_ptr<Watcher> before, made;
    bool connected = false;
    std::string reason;
    if (on_state) {
        made = std::make_shared<Watcher>();
        made->on_state = std::move(on_state);
    }
    {
        std::lock_guard lock(mutex_);
        before = std::exchange(member->watcher, made);
        connected = member->connected;
        reason = member->reason;
    }
    if (before) {
        before->gate.close();
        before->gate.wait_empty(std::chrono::hours(24), inside_of == before.get() ? 1 : 0);
    }
    if (made) tell(member, made, connected, reason);
}

}  // namespace streamwall::transport
