// Declaring routes whose handlers get a counted Call.
#pragma once

#include "call.hpp"
#include "media_types.hpp"
#include "repeats.hpp"

#include <deque>

namespace streamwall::rest_api {

class Routes {
  public:
    // Where `repeats` are given, POST routes that need a credential honour Idempotency-Key. They
    // outlive the routes.
    Routes(const Host& host, http::Listener& listener, Repeats* repeats = nullptr)
        : host_(host), listener_(listener), repeats_(repeats) {}

    // `handler` is callable as void(const http::Request&, Call).
    template <class Handler>
    void add(http::Route route, Handler handler) {
        if (repeats_ != nullptr && route.method == "POST" && route.access != SW_HTTP_OPEN)
            return add_repeatable(std::move(route), std::move(handler));
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
    static constexpr std::chrono::milliseconds kUsualTimeout{5'000};  // of the listener

    void add_repeatable(http::Route route, Repeats::Handler handler) {
        auto& metrics = metrics_.emplace_back(host_, route.method, route.path);
        const auto& kept = handlers_.emplace_back(std::move(handler));
        const auto timeout =
            route.timeout_ms == 0 ? kUsualTimeout : std::chrono::milliseconds(route.timeout_ms);
        listener_.route(std::move(route),
                        [this, &metrics, &kept, timeout](const http::Request& request,
                                                         http::Exchange exchange) {
                            Call call(metrics, request, std::move(exchange));
                            if (!accepts_version_one(request.header("accept")))
                                return call.fail(not_acceptable());
                            if (request.has_header(Repeats::kHeader))
                                return repeats_->run(request, std::move(call), kept, timeout);
                            kept(request, std::move(call));
                        });
    }

    static Problem not_acceptable() {
        return {.status = 406,
                .code = "unknown_version",
                .detail = "Known versions: application/vnd.streamwall.v1+json, application/json.",
                .errors_json = {}};
    }

    const Host& host_;
    http::Listener& listener_;
    Repeats* repeats_;
    std::deque<RouteMetrics> metrics_;
    std::deque<Repeats::Handler> handlers_;
};

}  // namespace streamwall::rest_api
