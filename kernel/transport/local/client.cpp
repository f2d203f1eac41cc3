#include "transport/local/client.hpp"

#include <fmt/format.h>

namespace streamwall::transport {

LocalClient::LocalClient(Descriptor socket, LocalLimits limits)
    : loop_("local-link", [this](std::uint64_t now_ns) { expire(now_ns); }),
      callbacks_(loop_),
      link_(WireLink::open(
          loop_, std::move(socket), limits.max_queued,
          {.on_frame = [this](const WireFrame& frame,
                              std::string& problem) { return accept(frame, problem); },
           .on_closed = [this](const std::string& reason) { lost(reason); }})) {}

LocalClient::~LocalClient() {
    callbacks_.watch({});
    link_->close("this end was closed");
    loop_.stop();
}

Failure LocalClient::send(const WireFrame& frame, const BufferRef& body) {
    switch (link_->send(frame, body)) {
        case WireLink::Sent::yes:
            return {};
        case WireLink::Sent::full:
            return Failure::of(SW_RESOURCE_EXHAUSTED, "the host does not read fast enough");
        case WireLink::Sent::closed:
            break;
    }
    return Failure::unavailable("the connection to the host is lost");
}

Failure LocalClient::publish(std::string_view subject, std::string_view reply,
                             const BufferRef& body) {
    if (auto failure = check_message(subject, reply, body); failure.code != SW_OK) return failure;
    return send(
        {.kind = FrameKind::publish, .subject = subject, .second = reply, .body = body.text()},
        body);
}

Failure LocalClient::request(std::string_view subject, const BufferRef& body,
                             std::chrono::nanoseconds timeout, AnswerFn on_answer) {
    if (auto failure = check_message(subject, {}, body); failure.code != SW_OK) return failure;
    const auto number = next_request_++;
    const auto deadline = deadline_after(timeout);
    if (!waiting_.add(number, deadline, std::move(on_answer))) {
        return Failure::of(SW_RESOURCE_EXHAUSTED, "too many requests wait for answers");
    }
    auto failure = send(
        {.kind = FrameKind::request, .number = number, .subject = subject, .body = body.text()},
        body);
    // Where the connection was lost meanwhile, on_answer has run or is about to.
    if (failure.code != SW_OK && !waiting_.take(number)) return {};
    if (failure.code == SW_OK) loop_.wake_by(deadline);
    return failure;
}

std::expected<std::uint64_t, Failure> LocalClient::subscribe(std::string_view pattern,
                                                             std::string_view group,
                                                             MessageFn on_message) {
    if (!is_subject_pattern(pattern) || group.size() > kMaxSubject) {
        return std::unexpected(
            Failure::of(SW_INVALID_ARGUMENT, fmt::format("'{}' is no pattern", pattern)));
    }
    const auto id = callbacks_.add(std::move(on_message));
    // On a lost connection there is nothing that it could miss.
    static_cast<void>(send(
        {.kind = FrameKind::subscribe, .number = id, .subject = pattern, .second = group}, {}));
    return id;
}

void LocalClient::unsubscribe(std::uint64_t id) {
    static_cast<void>(send({.kind = FrameKind::unsubscribe, .number = id}, {}));
    callbacks_.remove(id);
}

void LocalClient::watch(StateFn on_state) {
    callbacks_.watch(std::move(on_state));
}

bool LocalClient::accept(const WireFrame& frame, std::string& problem) {
    if (frame.kind == FrameKind::message) {
        const BufferRef body(frame.body);
        callbacks_.deliver(frame.number, {frame.subject, frame.second, body.get()});
    } else if (frame.kind == FrameKind::answer) {
        answer(frame);
    } else {
        problem = "a frame is meant for the host";
    }
    return problem.empty();
}

void LocalClient::answer(const WireFrame& frame) {
    const auto on_answer = waiting_.take(frame.number);
    if (!on_answer) return;
    if (frame.status == SW_OK) {
        const BufferRef body(frame.body);
        return on_answer(body.get(), {});
    }
    const std::string reason(frame.second);
    on_answer(nullptr, frame.status == SW_UNAVAILABLE ? Failure::unavailable(reason)
                                                      : Failure::of(frame.status, reason));
}

void LocalClient::lost(const std::string& reason) {
    const auto text = "the connection to the host is lost: " + reason;
    callbacks_.set_state(false, text);
    for (const auto& on_answer : waiting_.take_all())
        on_answer(nullptr, Failure::unavailable(text));
}

void LocalClient::expire(std::uint64_t now_ns) {
    const auto due = waiting_.due(now_ns);
    for (const auto number : due.numbers) {
        const auto on_answer = waiting_.take(number);
        if (!on_answer) continue;
        static_cast<void>(send({.kind = FrameKind::cancel, .number = number}, {}));
        on_answer(nullptr, Failure::of(SW_DEADLINE_EXCEEDED, "no answer came in time"));
    }
    if (due.next_ns != 0) loop_.wake_by(due.next_ns);
}

}  // namespace streamwall::transport
