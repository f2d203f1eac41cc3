// Delays and the round trip through bytes.
#include "transport/memory_link.hpp"

#include "transport/frame.hpp"

namespace streamwall::transport {

MemoryLink::MemoryLink(services::Registry& services, exec::Timers& timers, const exec::Clock& clock,
                       std::shared_ptr<exec::Executor> executor, MemoryLinkOptions options)
    : services_(services),
      timers_(timers),
      clock_(clock),
      executor_(std::move(executor)),
      options_(options),
      random_(options.seed) {}

std::uint64_t MemoryLink::delay() {
    std::lock_guard lock(mutex_);
    std::uniform_int_distribution<std::uint64_t> spread(
        0, static_cast<std::uint64_t>(options_.max_delay.count()) * 1000);
    return spread(random_);
}

void MemoryLink::count(std::uint64_t calls, std::uint64_t events, std::size_t bytes) {
    std::lock_guard lock(mutex_);
    counts_.calls += calls;
    counts_.events += events;
    counts_.bytes += bytes;
}

MemoryLink::Counts MemoryLink::counts() const {
    std::lock_guard lock(mutex_);
    return counts_;
}

bool MemoryLink::separates(const Party& caller, const Party& provider) const {
    return caller.instance != provider.instance;
}

bool MemoryLink::separates(std::string_view publisher, const Party& subscriber) const {
    return publisher != subscriber.instance;
}

void MemoryLink::carry(services::Slot& slot, const sw_buffer* request, const sw_context& context,
                       services::PendingCall* call) {
    auto frame = encode_call({.service = slot.service, .method = slot.method}, request, context,
                             clock_.monotonic_ns());
    count(1, 0, frame.text().size());
    // The far side serves a call of its own; what it answers comes back as bytes.
    timers_.after(
        executor_, std::chrono::nanoseconds(delay()),
        [this, &slot, call, frame = std::move(frame)] {
            auto decoded = decode_call(frame.text(), clock_.monotonic_ns());
            if (!decoded) {
                return call->answer(decoded.error().code, {}, decoded.error());
            }
            services_.serve_remote(
                slot, std::move(decoded->body), std::move(decoded->context),
                [this, call](sw_status status, const sw_buffer* body, const Failure& failure) {
                    auto reply = encode_reply(status, body, failure);
                    count(0, 0, reply.text().size());
                    timers_.after(executor_, std::chrono::nanoseconds(delay()),
                                  [call, reply = std::move(reply)] {
                                      auto back = decode_reply(reply.text());
                                      if (!back) {
                                          return call->answer(back.error().code, {}, back.error());
                                      }
                                      call->answer(back->status, std::move(back->body),
                                                   std::move(back->failure));
                                  });
                });
        });
}

void MemoryLink::carry(const bus::EventPtr& event, std::function<void(bus::EventPtr)> deliver) {
    auto frame = encode_event({}, event->raw());
    count(0, 1, frame.text().size());
    const auto now = clock_.monotonic_ns();
    auto at = now + delay();
    {
        std::lock_guard lock(mutex_);
        auto& last = arrivals_[std::string(event->subject())];
        if (at <= last) at = last + 1;
        last = at;
        if (arrivals_.size() > 10'000) {
            std::erase_if(arrivals_, [&](const auto& entry) { return entry.second < now; });
        }
    }
    timers_.after(executor_, std::chrono::nanoseconds(at - now),
                  [frame = std::move(frame), deliver = std::move(deliver)] {
                      if (auto copy = decode_event(frame.text())) deliver(std::move(*copy));
                  });
}

}  // namespace streamwall::transport
