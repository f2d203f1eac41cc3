// EventRecord: one event, immutable and shared by everybody who gets it.
#pragma once

#include "exec/buffer.hpp"

#include <streamwall/bus.h>

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

  private:
    void place(const sw_event& from);

    sw_event raw_{};
    std::unique_ptr<char[]> texts_;
    BufferRef data_;
    ContextCopy context_;
};

using EventPtr = std::shared_ptr<const EventRecord>;

}  // namespace streamwall::bus
