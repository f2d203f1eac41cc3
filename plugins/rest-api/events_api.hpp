// GET /api/v1/events: the journal of the records, page by page.
#pragma once

#include "routes.hpp"

#include <streamwall/sdk/services.hpp>

namespace streamwall::rest_api {

// `?after=EPOCH:SEQUENCE` (or nothing: the oldest that is kept), `?types=stream.*,user.>`,
// `?limit=`. Answers {"events":[envelope…],"meta":{"epoch","first","last","next"}}, where `next` is
// what to ask for after; 410 where the journal is another one, or begins behind that place. What
// tells of users is left out for all but administrators.
class EventsApi {
  public:
    Result<> add(Routes& routes, const Services& services);

  private:
    void read(const http::Request& request, Call call) const;

    const Services* services_ = nullptr;
    Method events_;
};

}  // namespace streamwall::rest_api
