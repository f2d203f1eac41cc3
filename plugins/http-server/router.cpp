#include "router.hpp"

#include "text.hpp"

#include <algorithm>

namespace streamwall::http_server {
namespace {

constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};

// Takes the segment behind the leading slash off `rest`.
std::string_view take_segment(std::string_view& rest) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, end);
    rest.remove_prefix(end);
    return segment;
}

}  // namespace

struct Router::Node {
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
    std::unique_ptr<Node> parameter;
    std::vector<RoutePtr> routes;
    EndpointPtr endpoint;

    bool is_end() const { return !routes.empty() || endpoint; }
    Node* literal(std::string_view segment) const {
        for (const auto& [text, node] : literals) {
            if (text == segment) return node.get();
        }
        return nullptr;
    }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

std::expected<Router::Node*, std::string> Router::place(std::string_view path) {
    if (!path.starts_with('/')) return std::unexpected("the path must begin with /");
    if (std::ranges::count(path, '{') > static_cast<std::ptrdiff_t>(kMaxParameters)) {
        return std::unexpected("the path has more than 16 parameters");
    }
    Node* node = root_.get();
    for (auto rest = path; !rest.empty();) {
        const auto segment = take_segment(rest);
        if (segment.find_first_of("{}") == std::string_view::npos) {
            Node* next = node->literal(segment);
            if (next == nullptr) {
                next = node->literals.emplace_back(segment, std::make_unique<Node>()).second.get();
            }
            node = next;
            continue;
        }
        if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}' ||
            segment.find_first_of("{}", 1) != segment.size() - 1) {
            return std::unexpected("a {name} must be a whole segment of the path");
        }
        if (!node->parameter) node->parameter = std::make_unique<Node>();
        node = node->parameter.get();
    }
    return node;
}

std::expected<void, std::string> Router::add(RoutePtr route) {
    if (std::ranges::find(kMethods, route->method) == std::end(kMethods)) {
        return std::unexpected("unknown method " + route->method);
    }
    auto node = place(route->path);
    if (!node) return std::unexpected(node.error());
    for (const auto& other : (*node)->routes) {
        if (other->method == route->method) {
            return std::unexpected(route->method + " " + route->path + " is taken by " +
                                   other->path);
        }
    }
    routes_.push_back(route);
    (*node)->routes.push_back(std::move(route));
    return {};
}

std::expected<void, std::string> Router::add(EndpointPtr endpoint) {
    auto node = place(endpoint->path);
    if (!node) return std::unexpected(node.error());
    if ((*node)->endpoint)
        return std::unexpected("WebSocket endpoint " + endpoint->path + " is taken");
    endpoints_.push_back(endpoint);
    (*node)->endpoint = std::move(endpoint);
    return {};
}

std::unique_ptr<Router> Router::without(const sw_lease* lease) const {
    auto copy = std::make_unique<Router>();
    // They fitted together before, so none is refused now.
    for (const auto& route : routes_) {
        if (lease == nullptr || route->lease != lease) (void)copy->add(route);
    }
    for (const auto& endpoint : endpoints_) {
        if (lease == nullptr || endpoint->lease != lease) (void)copy->add(endpoint);
    }
    return copy;
}

const Router::Node* Router::walk(const Node& node, std::string_view rest,
                                 std::vector<std::string_view>& raw_parameters) {
    if (rest.empty()) return node.is_end() ? &node : nullptr;
    const auto segment = take_segment(rest);
    if (const Node* next = node.literal(segment)) {
        if (const Node* found = walk(*next, rest, raw_parameters)) return found;
    }
    if (!node.parameter || segment.empty()) return nullptr;
    raw_parameters.push_back(segment);
    if (const Node* found = walk(*node.parameter, rest, raw_parameters)) return found;
    raw_parameters.pop_back();
    return nullptr;
}

void Router::find(std::string_view method, std::string_view raw_path, Match& out) const {
    out = Match();
    if (!raw_path.starts_with('/')) return;
    std::vector<std::string_view> raw_parameters;
    const Node* node = walk(*root_, raw_path, raw_parameters);
    if (node == nullptr) return;
    out.path_known = true;
    out.endpoint = node->endpoint;
    for (const auto& raw : raw_parameters) {
        if (!percent_decode(raw, out.parameters.emplace_back())) out.malformed = true;
    }
    for (const auto& route : node->routes) {
        if (route->method == method || (method == "HEAD" && route->method == "GET" && !out.route)) {
            out.route = route;
        }
    }
    if (out.route) return;
    bool has_get = node->endpoint != nullptr;
    for (const auto& route : node->routes) {
        if (!out.allow.empty()) out.allow += ", ";
        out.allow += route->method;
        has_get |= route->method == "GET";
    }
    if (has_get && out.allow.find("GET") == std::string::npos) {
        out.allow += out.allow.empty() ? "GET" : ", GET";
    } else if (has_get && out.allow.find("HEAD") == std::string::npos) {
        out.allow += ", HEAD";
    }
    out.allow += out.allow.find("OPTIONS") == std::string::npos ? ", OPTIONS" : "";
}

}  // namespace streamwall::http_server
