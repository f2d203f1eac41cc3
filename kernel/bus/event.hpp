// EventRecord: one event, immutable and shared by everybody who gets it.
#pragma once

#include "exec/buffer.hpp"
#include "exec/party.hpp"

#include <streamwall/bus.h>

#include <chrono>
#include <memory>
#include <string>

namespace streamwall::bus {

// Owns every text that its view points to.
class EventRecord {
  public:
    struct Parts {
        std::string id, type, version, timestamp, producer, subject, epoch, changes;
        std::uint64_t sequence = 0;
        BufferRef data;
        ContextCopy context;
    };
    explicit EventRecord(Parts parts);
    // Copies what `raw` points to and shares its data.
    explicit EventRecord(const sw_event& raw);
    EventRecord(const EventRecord&) = delete;
    EventRecord& operator=(const EventRecord&) = delete;

    const sw_event& raw() const { return raw_; }
    std::string_view id() const { return view(raw_.id); }
    std::string_view type() const { return view(raw_.type); }
    std::string_view subject() const { return view(raw_.subject); }
    std::uint64_t sequence() const { return raw_.sequence; }

    // A handler of `owner` is about to get the event. Where this event is one of those that are
    // timed, the owner is told how long that took since it was published, or arrived, here.
    void reached(const Party& owner) const {
        if (born_ == Time() || !owner.event_took) return;
        owner.event_took(std::chrono::steady_clock::now() - born_);
    }

  private:
    using Time = std::chrono::steady_clock::time_point;
    static Time birth();
    void place(const sw_event& from);

    sw_event raw_{};
    std::unique_ptr<char[]> texts_;
    BufferRef data_;
    ContextCopy context_;
    const Time born_ = birth();  // zero: not timed
};

using EventPtr = std::shared_ptr<const EventRecord>;

}  // namespace streamwall::bus
