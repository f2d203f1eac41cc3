#include "system_api.hpp"

#include "docs_page.hpp"
#include "openapi_document.hpp"
#include "openapi_streams.hpp"
#include "query_string.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace streamwall::rest_api {
namespace {

// The description in its forms, made anew when routes come or go. [any thread]
class Descriptions {
  public:
    explicit Descriptions(std::function<Buffer()> routes) : routes_(std::move(routes)) {}

    Result<Buffer> document(openapi::Version version) {
        const std::lock_guard lock(mutex_);
        return document_locked(version);
    }
    Result<Buffer> page() {
        const std::lock_guard lock(mutex_);
        const auto document = document_locked(openapi::Version::k30);
        if (document && !page_) page_ = Buffer(docs_page(document->view()));
        return document ? Result<Buffer>(page_) : document;
    }

  private:
    Result<Buffer> document_locked(openapi::Version version) {
        const auto routes = routes_();
        if (routes.view() != described_) {
            described_ = routes.view();
            page_ = documents_[0] = documents_[1] = Buffer();
        }
        auto& kept = documents_[version == openapi::Version::k31];
        if (kept) return kept;
        auto made = openapi::document(described_, version);
        if (made) kept = *made;
        return made;
    }

    std::mutex mutex_;
    const std::function<Buffer()> routes_;
    std::string described_;
    std::array<Buffer, 2> documents_;
    Buffer page_;
};

void send_health(Call call, const Health& health) {
    http::Response response(health.status, health.body);
    response.header("content-type", kJsonType).header("cache-control", "no-store");
    if (health.status == 503) response.header("retry-after", "1");
    call.send(response);
}

void send_metrics(Call call, const Buffer& text) {
    if (!text) return call.fail(to_problem(Error::unavailable("the host gives no metrics")));
    http::Response response(200, text);
    call.send(response.header("content-type", "text/plain; version=0.0.4; charset=utf-8"));
}

// `?openapi=3.1` asks for the newer version; nothing where another one is asked for.
std::optional<openapi::Version> wanted_version(std::string_view query) {
    auto version = openapi::Version::k30;
    const auto parameters = parse_query(query);
    if (!parameters) return std::nullopt;
    for (const auto& parameter : *parameters) {
        if (parameter.name != "openapi") continue;
        if (parameter.value == "3.1")
            version = openapi::Version::k31;
        else if (parameter.value != "3.0")
            return std::nullopt;
    }
    return version;
}

void send_openapi(Call call, const http::Request& request, Descriptions& descriptions) {
    const auto version = wanted_version(request.query());
    if (!version) return call.fail(invalid_query({}, "The parameter openapi must be 3.0 or 3.1."));
    const auto document = descriptions.document(*version);
    if (!document) return call.fail(to_problem(document.error()));
    http::Response response(200, *document);
    call.send(response.header("content-type", kJsonType));
}

void send_docs(Call call, Descriptions& descriptions) {
    const auto page = descriptions.page();
    if (!page) return call.fail(to_problem(page.error()));
    http::Response response(200, *page);
    response.header("content-type", "text/html; charset=utf-8");
    call.send(response.header("content-security-policy", kDocsPolicy));
}

void send_style(Call call) {
    http::Response response(200, Buffer(kDocsStyle));
    response.header("content-type", "text/css; charset=utf-8");
    call.send(response.header("cache-control", "public, max-age=3600"));
}

struct OpenRoute {
    std::string_view path;
    std::string_view id;
    std::string_view summary;
    std::string_view type = kJsonType;
};

http::Route open_route(const OpenRoute& route) {
    return {.method = "GET",
            .path = std::string(route.path),
            .access = SW_HTTP_OPEN,
            .flags = SW_HTTP_UNCOUNTED,
            .openapi = openapi::plain_operation(route.id, route.summary, route.type)};
}

std::string_view status_of(std::string_view document) {
    return json::to_plain_text(json::find_member(document, "status")).value_or("");
}

}  // namespace

Health health_answer(const Buffer& document) {
    const auto status = status_of(document.view());
    if (status.empty()) return {503, Buffer(R"({"status":"error"})")};
    return {status == "error" ? 503 : 200, document};
}

Health ready_answer(const Buffer& document) {
    const auto ready = json::find_member(document.view(), "ready");
    auto answer = health_answer(document);
    if (!ready.empty()) answer.status = ready == "true" ? 200 : 503;
    return answer;
}

void add_system_routes(Routes& routes, SystemDocuments given) {
    const auto documents = std::make_shared<const SystemDocuments>(std::move(given));
    const auto descriptions = std::make_shared<Descriptions>(documents->routes);
    const auto add = [&](const OpenRoute& route, auto handler) {
        routes.add(open_route(route),
                   [documents, handler](const http::Request& request, Call call) {
                       handler(std::move(call), request, *documents);
                   });
    };
    using Request = const http::Request&;
    using Docs = const SystemDocuments&;
    add({"/health", "health", "Health of the host and what it depends on"},
        [](Call call, Request, Docs from) {
            send_health(std::move(call), health_answer(from.introspect("health")));
        });
    // That this runs is the answer.
    add({"/health/live", "live", "Whether the host answers"}, [](Call call, Request, Docs) {
        send_health(std::move(call), {200, Buffer(R"({"status":"ok"})")});
    });
    add({"/health/ready", "ready", "Whether all required plugins run"},
        [](Call call, Request, Docs from) {
            send_health(std::move(call), ready_answer(from.introspect("health")));
        });
    add({"/metrics", "metrics", "Metrics in Prometheus' text format", "text/plain"},
        [](Call call, Request, Docs from) {
            send_metrics(std::move(call), from.introspect("metrics"));
        });
    add({"/openapi.json", "openapi", "This description"},
        [descriptions](Call call, Request request, Docs) {
            send_openapi(std::move(call), request, *descriptions);
        });
    add({"/api-docs", "docs", "This description, for people", "text/html"},
        [descriptions](Call call, Request, Docs) { send_docs(std::move(call), *descriptions); });
    add({"/api-docs/style.css", "docsStyle", "The style sheet of /api-docs", "text/css"},
        [](Call call, Request, Docs) { send_style(std::move(call)); });
}

}  // namespace streamwall::rest_api
