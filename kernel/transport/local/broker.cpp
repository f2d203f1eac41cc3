#include "transport/local/broker.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace streamwall::transport {

namespace {

// Subjects of answers; nobody else can subscribe to them.
constexpr std::string_view kReplies = "_reply.";
constexpr std::size_t kMaxSubscriptions = 16'384;  // of one client

std::string reply_subject(std::uint64_t route) {
    return fmt::format("{}{}", kReplies, route);
}

// 0 where the number is none.
std::uint64_t route_of(std::string_view subject) {
    subject.remove_prefix(kReplies.size());
    std::uint64_t route = 0;
    const auto [end, failed] =
        std::from_chars(subject.data(), subject.data() + subject.size(), route);
    return failed == std::errc() && end == subject.data() + subject.size() ? route : 0;
}

Failure nobody(std::string_view subject) {
    return Failure::unavailable(fmt::format("nobody serves {}", subject));
}
Failure slow() {
    return Failure::of(SW_RESOURCE_EXHAUSTED, "who serves it does not read fast enough");
}

}  // namespace

LocalBroker::LocalBroker(LocalLimits limits)
    : limits_(limits),
      loop_("local-broker", [this](std::uint64_t now_ns) { expire(now_ns); }),
      callbacks_(loop_) {}

LocalBroker::~LocalBroker() {
    callbacks_.watch({});
    loop_.post([this] {
        for (const auto& on_answer : waiting_.take_all())
            on_answer(nullptr, Failure::unavailable("the transport was closed"));
    });
    loop_.stop();
}

std::expected<Descriptor, Failure> LocalBroker::add_client(GoneFn on_gone) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return std::unexpected(Failure::of(
            SW_UNAVAILABLE, fmt::format("no socket for a child: {}", std::strerror(errno))));
    }
    Descriptor ours(ends[0]), theirs(ends[1]);
    // The lock keeps the first frame waiting until the client is known.
    std::lock_guard lock(mutex_);
    const auto client = next_client_++;
    clients_[client].link = WireLink::open(
        loop_, std::move(ours), limits_.max_queued,
        {.on_frame = [this, client](
                         const WireFrame& frame,
                         std::string& problem) { return accept(client, frame, problem); },
         .on_closed =
             [this, client, on_gone = std::move(on_gone)](const std::string& reason) {
                 gone(client, reason);
                 if (on_gone) on_gone(reason);
             }});
    return theirs;
}

std::size_t LocalBroker::clients() const {
    std::lock_guard lock(mutex_);
    return clients_.size();
}

std::shared_ptr<WireLink> LocalBroker::link_of(std::uint64_t client) const {
    const auto found = clients_.find(client);
    return found == clients_.end() ? nullptr : found->second.link;
}

LocalBroker::Target LocalBroker::target_of(const Subscriber& subscriber) const {
    return {link_of(subscriber.client), subscriber.id};
}

// ---- this process ----

Failure LocalBroker::publish(std::string_view subject, std::string_view reply,
                             const BufferRef& body) {
    if (auto failure = check_message(subject, reply, body); failure.code != SW_OK) return failure;
    forward(kSelf, subject, reply, body);
    return {};
}

Failure LocalBroker::request(std::string_view subject, const BufferRef& body,
                             std::chrono::nanoseconds timeout, AnswerFn on_answer) {
    if (auto failure = check_message(subject, {}, body); failure.code != SW_OK) return failure;
    Target target;
    std::uint64_t id = 0;
    const auto deadline = deadline_after(timeout);
    {
        std::lock_guard lock(mutex_);
        const auto* to = subjects_.anybody(kSelf, subject);
        if (to == nullptr) {
            loop_.post([on_answer = std::move(on_answer), failure = nobody(subject)] {
                on_answer(nullptr, failure);
            });
            return {};
        }
        target = target_of(*to);
        id = next_route_++;
        if (!waiting_.add(id, deadline, std::move(on_answer))) {
            return Failure::of(SW_RESOURCE_EXHAUSTED, "too many requests wait for answers");
        }
        routes_.emplace(id, Route{kSelf, id, to->client});
    }
    const auto sent = deliver(target, subject, reply_subject(id), body);
    if (sent == WireLink::Sent::full) {
        forget(id);
        // Who went meanwhile has failed the request already.
        return waiting_.take(id) ? slow() : Failure{};
    }
    loop_.wake_by(deadline);
    return {};
}

std::expected<std::uint64_t, Failure> LocalBroker::subscribe(std::string_view pattern,
                                                             std::string_view group,
                                                             MessageFn on_message) {
    if (!is_subject_pattern(pattern) || group.size() > kMaxSubject) {
        return std::unexpected(
            Failure::of(SW_INVALID_ARGUMENT, fmt::format("'{}' is no pattern", pattern)));
    }
    const auto id = callbacks_.add(std::move(on_message));
    std::lock_guard lock(mutex_);
    subjects_.add({kSelf, id, std::string(pattern), std::string(group)});
    return id;
}

void LocalBroker::unsubscribe(std::uint64_t id) {
    {
        std::lock_guard lock(mutex_);
        subjects_.remove(kSelf, id);
    }
    callbacks_.remove(id);
}

void LocalBroker::watch(StateFn on_state) {
    callbacks_.watch(std::move(on_state));
}

void LocalBroker::expire(std::uint64_t now_ns) {
    const auto due = waiting_.due(now_ns);
    for (const auto id : due.numbers) {
        forget(id);
        if (const auto on_answer = waiting_.take(id)) {
            on_answer(nullptr, Failure::of(SW_DEADLINE_EXCEEDED, "no answer came in time"));
        }
    }
    if (due.next_ns != 0) loop_.wake_by(due.next_ns);
}

// ---- messages ----

WireLink::Sent LocalBroker::deliver(const Target& target, std::string_view subject,
                                    std::string_view reply, const BufferRef& body) {
    if (!target.link) {
        callbacks_.deliver(target.subscription, {subject, reply, body.get()});
        return WireLink::Sent::yes;
    }
    const auto sent = target.link->send({.kind = FrameKind::message,
                                         .number = target.subscription,
                                         .subject = subject,
                                         .second = reply,
                                         .body = body.text()},
                                        body);
    if (sent == WireLink::Sent::full) ++dropped_;
    return sent;
}

void LocalBroker::forward(std::uint64_t from, std::string_view subject, std::string_view reply,
                          const BufferRef& body) {
    if (subject.starts_with(kReplies)) return take_answer(from, route_of(subject), body);
    std::vector<Target> targets;
    {
        std::lock_guard lock(mutex_);
        for (const auto* subscriber : subjects_.everybody(from, subject)) {
            targets.push_back(target_of(*subscriber));
        }
    }
    for (const auto& target : targets)
        deliver(target, subject, reply, body);
}

// Only who was asked can answer, and only once.
void LocalBroker::take_answer(std::uint64_t from, std::uint64_t id, const BufferRef& body) {
    Route route{};
    {
        std::lock_guard lock(mutex_);
        const auto found = routes_.find(id);
        if (found == routes_.end() || found->second.to != from) return;
        route = found->second;
    }
    forget(id);
    answer(route, id, body, {});
}

void LocalBroker::answer(const Route& route, std::uint64_t id, const BufferRef& body,
                         const Failure& failure) {
    if (route.from == kSelf) {
        const auto on_answer = waiting_.take(id);
        if (on_answer) on_answer(failure.code == SW_OK ? body.get() : nullptr, failure);
        return;
    }
    std::shared_ptr<WireLink> link;
    {
        std::lock_guard lock(mutex_);
        link = link_of(route.from);
    }
    if (!link) return;
    const WireFrame frame{.kind = FrameKind::answer,
                          .status = static_cast<std::uint8_t>(failure.code),
                          .number = route.number,
                          .second = std::string_view(failure.message).substr(0, kMaxSubject),
                          .body = body.text()};
    if (link->send(frame, body) != WireLink::Sent::full) return;
    ++dropped_;
    // Errors are always taken.
    answer(route, id, {}, Failure::of(SW_RESOURCE_EXHAUSTED, "the answer finds no room"));
}

void LocalBroker::forget(std::uint64_t id) {
    std::lock_guard lock(mutex_);
    const auto found = routes_.find(id);
    if (found == routes_.end()) return;
    const auto client = clients_.find(found->second.from);
    if (client != clients_.end()) client->second.requests.erase(found->second.number);
    routes_.erase(found);
}

// ---- what children send ----

bool LocalBroker::accept(std::uint64_t client, const WireFrame& frame, std::string& problem) {
    switch (frame.kind) {
        case FrameKind::publish:
            forward(client, frame.subject, frame.second, BufferRef(frame.body));
            return true;
        case FrameKind::request:
            return accept_request(client, frame, problem);
        case FrameKind::cancel:
            cancel(client, frame.number);
            return true;
        case FrameKind::subscribe:
            return accept_subscription(client, frame, problem);
        case FrameKind::unsubscribe: {
            std::lock_guard lock(mutex_);
            subjects_.remove(client, frame.number);
            return true;
        }
        case FrameKind::message:
        case FrameKind::answer:
            break;
    }
    problem = "a frame is meant for children";
    return false;
}

bool LocalBroker::accept_subscription(std::uint64_t client, const WireFrame& frame,
                                      std::string& problem) {
    std::lock_guard lock(mutex_);
    if (subjects_.count(client) >= kMaxSubscriptions) {
        problem = "too many subscriptions";
        return false;
    }
    subjects_.add({client, frame.number, std::string(frame.subject), std::string(frame.second)});
    return true;
}

bool LocalBroker::accept_request(std::uint64_t client, const WireFrame& frame,
                                 std::string& problem) {
    Target target;
    Route route{client, frame.number, kSelf};
    std::uint64_t id = 0;
    Failure failure;
    {
        std::lock_guard lock(mutex_);
        auto& requests = clients_.at(client).requests;
        id = next_route_++;
        if (const auto* to = subjects_.anybody(client, frame.subject); to == nullptr) {
            failure = nobody(frame.subject);
        } else if (requests.size() >= kMaxWaiting) {
            failure = Failure::of(SW_RESOURCE_EXHAUSTED, "too many requests wait for answers");
        } else if (!requests.emplace(frame.number, id).second) {
            problem = "two requests have one number";
            return false;
        } else {
            route.to = to->client;
            target = target_of(*to);
            routes_.emplace(id, route);
        }
    }
    if (failure.code == SW_OK) {
        const auto sent = deliver(target, frame.subject, reply_subject(id), BufferRef(frame.body));
        if (sent != WireLink::Sent::full) return true;
        forget(id);
        failure = slow();
    }
    answer(route, id, {}, failure);
    return true;
}

void LocalBroker::cancel(std::uint64_t client, std::uint64_t number) {
    std::lock_guard lock(mutex_);
    auto& requests = clients_.at(client).requests;
    const auto found = requests.find(number);
    if (found == requests.end()) return;
    routes_.erase(found->second);
    requests.erase(found);
}

void LocalBroker::gone(std::uint64_t client, const std::string& reason) {
    std::vector<std::pair<std::uint64_t, Route>> unanswered;
    {
        std::lock_guard lock(mutex_);
        subjects_.remove_all(client);
        std::erase_if(routes_, [&](const auto& entry) {
            if (entry.second.to == client) unanswered.push_back(entry);
            return entry.second.to == client || entry.second.from == client;
        });
        for (const auto& [id, route] : unanswered) {
            if (const auto asker = clients_.find(route.from); asker != clients_.end()) {
                asker->second.requests.erase(route.number);
            }
        }
        clients_.erase(client);
    }
    const auto failure = Failure::unavailable("who was to answer is gone: " + reason);
    for (const auto& [id, route] : unanswered) {
        if (route.from != client) answer(route, id, {}, failure);
    }
}

}  // namespace streamwall::transport
