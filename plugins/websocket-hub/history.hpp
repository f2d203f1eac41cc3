// History: the latest events about streams, in memory, and how they join what the journal keeps.
//
// Events are numbered by their journal, and so are the same everywhere. What is in memory is all
// that came behind `floor`; what is older is read from the journal (history_source.hpp).
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::hub {

// A place in a journal: everything up to `sequence` lies before it.
struct Position {
    std::string epoch;
    std::uint64_t sequence = 0;
};

struct PastEvent {
    std::uint64_t sequence = 0;
    std::int64_t time_ms = 0;
    std::string type;
    Buffer record;
    std::string changes;  // a JSON object or empty

    std::size_t memory() const {
        return sizeof *this + type.size() + record.view().size() + changes.size();
    }
};

// Not thread-safe: whoever asks for a page and goes on from there holds the lock that events are
// added under.
class History {
  public:
    explicit History(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    // The newest event. One of another epoch is the first of another journal: what is known of the
    // last one is of no use any more. One that is known already changes nothing.
    void add(std::string_view epoch, PastEvent event);

    // The journal's newest event at some time after this hub began to listen, and when that was.
    // Until then nothing can be said about what was before.
    void begin(const Position& newest, std::int64_t now_ms);
    bool has_begun() const { return begun_; }

    const std::string& epoch() const { return epoch_; }
    // The newest position known; what is committed behind it will be added.
    std::uint64_t head() const { return head_; }
    // Whether everything behind `after` is here.
    bool covers(std::uint64_t after) const { return begun_ && after >= floor_; }
    // Events that were committed before that beginning come again where the hub was restarted.
    bool is_old(std::uint64_t sequence) const { return sequence <= begun_at_; }

    // Events behind `after`, which is covered, up to about `max_bytes` of them and at least one.
    struct Page {
        std::vector<const PastEvent*> events;  // valid until the next add()
        std::uint64_t through = 0;
        bool reaches_head = false;
    };
    Page after(std::uint64_t after, std::size_t max_bytes) const;

    // Whether everything of `time_ms` and later is here, and behind which event it begins.
    bool knows_time(std::int64_t time_ms) const { return begun_ && time_ms > known_from_ms_; }
    std::uint64_t before_time(std::int64_t time_ms) const;

    std::size_t size() const { return events_.size(); }

  private:
    void reset(std::string_view epoch, std::uint64_t floor);
    void forget_oldest();

    const std::size_t max_bytes_;
    bool begun_ = false;
    std::string epoch_;
    std::uint64_t floor_ = 0;
    std::uint64_t begun_at_ = 0;
    std::uint64_t head_ = 0;
    std::int64_t known_from_ms_ = 0;
    std::size_t bytes_ = 0;
    std::deque<PastEvent> events_;
};

}  // namespace streamwall::hub
