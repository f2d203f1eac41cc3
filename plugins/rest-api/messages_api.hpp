// POST /api/v1/messages: a chat line by hook.
#pragma once

#include "routes.hpp"

#include <streamwall/sdk/services.hpp>

#include <boost/json/object.hpp>

namespace streamwall::rest_api {

class MessagesApi {
  public:
    // Lives as long as the routes.
    Result<> add(Routes& routes, const Services& services);

  private:
    void post(const http::Request& request, Call call) const;

    const Services* services_ = nullptr;
    Method post_;
};

namespace openapi {
boost::json::object message_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
