// Declaring routes whose handlers get a counted Call.
#pragma once

#include "call.hpp"
#include "maintenance.hpp"
#include "media_types.hpp"
#include "openapi_parts.hpp"
#include "repeats.hpp"

#include <deque>

namespace streamwall::rest_api {

class Routes {
  public:
    // Where `repeats` are given, POST routes that need a credential honour Idempotency-Key. They
    // outlive the routes. While `maintenance` is on, most routes turn most people away.
    Routes(const Host& host, http::Listener& listener, Repeats* repeats = nullptr,
           MaintenanceFlag maintenance = {})
        : host_(host),
          listener_(listener),
          repeats_(repeats),
          maintenance_(std::move(maintenance)) {}

    // Routes that are added from now on refuse to change (PATCH, PUT, DELETE) what If-Match guards
    // where it is not sent, 428.
    void require_if_match() { requires_match_ = true; }

    // `handler` is callable as void(const http::Request&, Call).
    template <class Handler>
    void add(http::Route route, Handler handler) {
        const bool requires_match = requires_match_ && openapi::takes_if_match(route);
        if (requires_match) openapi::require_if_match(route);
        if (repeats_ != nullptr && route.method == "POST" && route.access != SW_HTTP_OPEN)
            return add_repeatable(std::move(route), std::move(handler));
        auto& metrics = metrics_.emplace_back(host_, route.method, route.path);
        const bool pauses = pauses_for_maintenance(route);
        listener_.route(std::move(route),
                        [this, &metrics, pauses, requires_match, handler = std::move(handler)](
                            const http::Request& request, http::Exchange exchange) {
                            Call call(metrics, request, std::move(exchange));
                            if (!accepts_version_one(request.header("accept")))
                                return call.fail(not_acceptable());
                            if (pauses && is_turned_away(maintenance_, request))
                                return call.fail(maintenance_problem());
                            if (requires_match && !request.has_header("if-match"))
                                return call.fail(precondition_required());
                            handler(request, std::move(call));
                        });
    }

    // An old name of `successor`, which is served alike; its answers say so.
    template <class Handler>
    void add_alias(http::Route route, std::string successor, Handler handler) {
        add(std::move(route), [successor = std::move(successor), handler = std::move(handler)](
                                  const http::Request& request, Call call) {
            call.tap(std::make_unique<DeprecationNotice>(successor));
            handler(request, std::move(call));
        });
    }

  private:
    // RFC 9745, RFC 8594 and the link relation of RFC 5829.
    class DeprecationNotice final : public AnswerTap {
      public:
        explicit DeprecationNotice(std::string_view successor)
            : link_("<" + std::string(successor) + R"(>; rel="successor-version")") {}
        void send(http::Exchange exchange, http::Response& response) override {
            response.header("deprecation", kDeprecatedSince)
                .header("sunset", kServedUntil)
                .header("link", link_);
            exchange.send(response);
        }

      private:
        std::string link_;
    };
    static constexpr std::string_view kDeprecatedSince = "@1767225600";  // 2026-01-01
    static constexpr std::string_view kServedUntil = "Fri, 31 Dec 2027 23:59:59 GMT";

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
                            if (is_turned_away(maintenance_, request))
                                return call.fail(maintenance_problem());
                            if (request.has_header(Repeats::kHeader))
                                return repeats_->run(request, std::move(call), kept, timeout);
                            kept(request, std::move(call));
                        });
    }

    static Problem not_acceptable() {
        return {.status = 406,
                .code = "unknown_version",
                .detail = "Known versions: application/vnd.streamwall.v1+json, application/json.",
                .errors_json = {},
                .versions_json = R"(["application/vnd.streamwall.v1+json"])"};
    }

    static Problem precondition_required() {
        return {.status = 428,
                .code = "precondition_required",
                .detail = "Say which version is meant: If-Match with the ETag that was read, or *.",
                .errors_json = {}};
    }

    const Host& host_;
    http::Listener& listener_;
    Repeats* repeats_;
    MaintenanceFlag maintenance_;
    bool requires_match_ = false;
    std::deque<RouteMetrics> metrics_;
    std::deque<Repeats::Handler> handlers_;
};

}  // namespace streamwall::rest_api
