// GET /api/v1/events: the journal of the records, page by page or as it grows.
#pragma once

#include "journal_stream.hpp"
#include "routes.hpp"

#include <streamwall/sdk/services.hpp>

namespace streamwall::rest_api {

// `?after=EPOCH:SEQUENCE` (or nothing: the oldest that is kept), `?types=stream.*,user.>`,
// `?limit=`. Answers {"events":[envelope…],"meta":{"epoch","first","last","next"}}, where `next` is
// what to ask for after; 410 where the journal is another one, or begins behind that place. What
// tells of users is left out for all but administrators.
//
// With `Accept: text/event-stream` the answer is server-sent events without an end, behind `after`
// or the header Last-Event-ID, else from now on; see journal_cursor.hpp.
class EventsApi {
  public:
    Result<> add(Routes& routes, const Services& services);
    // Answers go on for `lifetime`; then their clients come back. Lives as long as the routes.
    void open_streams(const Host& host, std::chrono::nanoseconds lifetime);
    // Ends all streams, whose clients are told to come back elsewhere. [any thread]
    void close_streams() { tail_.close(); }

  private:
    void read(const http::Request& request, Call call);
    void stream(const http::Request& request, Call call);

    const Services* services_ = nullptr;
    Method events_;
    const Host* host_ = nullptr;
    std::chrono::nanoseconds lifetime_{};
    JournalTail tail_;
};

}  // namespace streamwall::rest_api
