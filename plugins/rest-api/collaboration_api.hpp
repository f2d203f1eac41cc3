// /api/v1/collaboration: sessions, locks and announcements for those without a connection to the hub.
#pragma once

#include "routes.hpp"

#include <streamwall/sdk/services.hpp>

#include <boost/json/object.hpp>

namespace streamwall::rest_api {

class CollaborationApi {
  public:
    // Lives as long as the routes.
    Result<> add(Routes& routes, const Services& services);

  private:
    void create(const http::Request& request, Call call) const;
    void lock(const http::Request& request, Call call) const;
    void unlock(const http::Request& request, Call call) const;
    void announce(const http::Request& request, Call call) const;

    void ask(const Method& method, const http::Request& request, Call call) const;

    const Services* services_ = nullptr;
    Method create_, lock_, unlock_, announce_;
};

namespace openapi {
// NewCollaborationSession, CollaborationSession, Cell, CellLock, Announcement, AnnouncementReach: for `components.schemas`.
boost::json::object collaboration_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
