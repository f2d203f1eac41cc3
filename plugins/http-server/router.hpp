// What is mounted: routes by method and path template, WebSocket endpoints by path.
//
// A Router is immutable; mounting makes a new one, and each loop takes it over between two
// callbacks.
#pragma once

#include <streamwall/ext/http.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::http_server {

constexpr std::size_t kMaxParameters = 16;  // of one template

// What is measured of one method and template. Series are found once and kept.
struct RouteMetrics {
    std::array<std::atomic<sw_series*>, 500> requests{};  // by status - 100
    std::atomic<sw_series*> duration{nullptr};
};

struct Route {
    sw_lease* lease = nullptr;
    int access = SW_HTTP_ADMIN;
    std::string method;
    std::string path;
    std::string scope;  // or several, separated by blanks
    std::string openapi;
    std::uint32_t flags = 0;
    std::uint32_t timeout_ms = 0;
    std::size_t body_limit = 0;
    void (*handle)(void*, const sw_http_request*, sw_http_exchange*) = nullptr;
    void* ctx = nullptr;
    std::unique_ptr<RouteMetrics> metrics = std::make_unique<RouteMetrics>();
};

struct Endpoint {
    sw_lease* lease = nullptr;
    std::uint32_t flags = 0;
    std::string path;
    std::vector<std::string> protocols;
    std::size_t message_limit = 0;
    std::uint32_t fragment_limit = 0;
    void* (*on_open)(void*, sw_ws_connection*, const sw_http_request*, sw_str) = nullptr;
    void (*on_message)(void*, sw_ws_connection*, void*, sw_str, int32_t) = nullptr;
    void (*on_close)(void*, sw_ws_connection*, void*, int32_t) = nullptr;
    void (*on_written)(void*, sw_ws_connection*, void*) = nullptr;
    void* ctx = nullptr;
};

using RoutePtr = std::shared_ptr<const Route>;
using EndpointPtr = std::shared_ptr<const Endpoint>;

struct Match {
    RoutePtr route;        // of the method (GET's for HEAD)
    EndpointPtr endpoint;  // of the path
    std::string allow;     // methods of the path, where it is known but the method is not
    bool path_known = false;
    std::vector<std::string> parameters;  // decoded
    bool malformed = false;               // a broken escape in a parameter
};

class Router {
  public:
    Router();
    ~Router();
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Why it can't be mounted, or nothing.
    std::expected<void, std::string> add(RoutePtr route);
    std::expected<void, std::string> add(EndpointPtr endpoint);
    // The same without what belongs to the lease.
    std::unique_ptr<Router> without(const sw_lease* lease) const;
    std::unique_ptr<Router> copy() const { return without(nullptr); }

    // `raw_path` is still encoded: an escaped slash is part of a segment, not a border.
    void find(std::string_view method, std::string_view raw_path, Match& out) const;
    const std::vector<RoutePtr>& routes() const { return routes_; }
    const std::vector<EndpointPtr>& endpoints() const { return endpoints_; }

  private:
    struct Node;
    std::expected<Node*, std::string> place(std::string_view path);
    static const Node* walk(const Node& node, std::string_view rest,
                            std::vector<std::string_view>& raw_parameters);

    std::unique_ptr<Node> root_;
    std::vector<RoutePtr> routes_;
    std::vector<EndpointPtr> endpoints_;
};

}  // namespace streamwall::http_server
