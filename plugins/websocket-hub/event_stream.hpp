// EventStream: the messages of StreamsChannel as server-sent events, for those who can't use
// WebSocket: GET /cable/sse.
//
//   id: EPOCH:SEQUENCE
//   data: {"action":"updated","stream":{…},"changes":{…}}
//
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
#pragma once

#include "journal_page.hpp"
#include "stream_filter.hpp"
#include "timeline.hpp"

#include <streamwall/rooms/gate.hpp>
#include <streamwall/sdk/http.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::hub {

using rooms::Gate;

// What a request asks for: the parameters of StreamsChannel in its query, or a whole `identifier`.
// Nothing where they make no sense.
std::optional<StreamFilter> parse_event_query(std::string_view query);
// EPOCH:SEQUENCE; nothing for any other text.
std::optional<Position> parse_event_id(std::string_view text);

// GET /cable/sse as OpenAPI 3.0 describes an operation.
std::string_view describe_event_stream();

// Nothing is queued for a client: each part is what has happened since the one before. It belongs
// to whoever holds the part that is asked for, one at a time.
class EventStream : public std::enable_shared_from_this<EventStream> {
  public:
    EventStream(Timeline& timeline, Gate& gate, StreamFilter filter, std::optional<Position> after,
                std::uint64_t max_events, const sw_executor* home)
        : timeline_(timeline),
          gate_(gate),
          filter_(std::move(filter)),
          after_(std::move(after)),
          max_events_(max_events),
          home_(home) {}

    // Gives the part once there is something to tell, or at the next ping.
    void next(http::Part part);

    // For Exchange::stream().
    static std::unique_ptr<http::Source> as_source(std::shared_ptr<EventStream> stream);

  private:
    enum class Next { kGive, kWait, kJournal };

    void step();
    Next look_at(const History& history);
    void begin(const History& history);
    void go_on_now(const History& history);
    void read_journal();
    void take_page(const Result<Buffer>& answer);
    void append(const PastEvent& event);
    void give();

    Timeline& timeline_;
    Gate& gate_;
    const StreamFilter filter_;
    std::optional<Position> after_;  // what the client has
    const std::uint64_t max_events_;
    const sw_executor* const home_;

    std::optional<http::Part> part_;
    std::string text_ = "retry: 3000\n\n";
    std::chrono::steady_clock::time_point given_at_;
    bool has_begun_ = false;
    std::string epoch_;
    std::uint64_t place_ = 0;
};

}  // namespace streamwall::hub
