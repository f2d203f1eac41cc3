// Declaring routes whose handlers get a counted Call.
#pragma once

#include "call.hpp"
#include "media_types.hpp"

#include <deque>

namespace streamwall::rest_api {

class Routes {
  public:
    Routes(const Host& host, http::Listener& listener) : host_(host), listener_(listener) {}

    // `handler` is callable as void(const http::Request&, Call).
    template <class Handler>
    void add(http::Route route, Handler handler) {
        auto& metrics = metrics_.emplace_back(host_, route.method, route.path);
        listener_.route(std::move(route),
                        [&metrics, handler = std::move(handler)](const http::Request& request,
                                                                 http::Exchange exchange) {
                            Call call(metrics, request, std::move(exchange));
                            if (!accepts_version_one(request.header("accept")))
                                return call.fail(not_acceptable());
                            handler(request, std::move(call));
                        });
    }

  private:
    static Problem not_acceptable() {
        return {.status = 406,
                .code = "unknown_version",
                .detail = "Known versions: application/vnd.streamwall.v1+json, application/json.",
                .errors_json = {}};
    }

    const Host& host_;
    http::Listener& listener_;
    std::deque<RouteMetrics> metrics_;
};

}  // namespace streamwall::rest_api
