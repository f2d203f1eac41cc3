#include "feed_api.hpp"

#include "feed.hpp"
#include "list_query.hpp"
#include "openapi_parts.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <memory>
#include <string>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;

constexpr std::string_view kJsonPath = "/feed/streams.json";
constexpr std::string_view kTomlPath = "/feed/streams.toml";
constexpr std::string_view kOldPath = "/streamwall/streams.json";
constexpr std::string_view kTomlType = "application/toml";
constexpr std::int64_t kAtOnce = 500;
constexpr std::size_t kMost = 10'000;  // more than a wall has use for

bool is_loopback(std::string_view peer) {
    return peer.starts_with("127.") || peer == "::1";
}

bool has_scope(std::string_view scopes, std::string_view wanted) {
    return (" " + std::string(scopes) + " ").find(" " + std::string(wanted) + " ") !=
           std::string::npos;
}

bool may_read(const http::Request& request, bool is_open_on_loopback) {
    const auto& context = request.context();
    return context.role.length > 0 || has_scope(to_view(context.scopes), "streams:read") ||
           (is_open_on_loopback && is_loopback(request.peer()));
}

// Reads page after page; the app takes all or nothing.
template <class Writer>
class Reading : public std::enable_shared_from_this<Reading<Writer>> {
  public:
    Reading(const Client& client, contracts::streams::List list, const sw_context& context,
            Call call)
        : client_(client), list_(std::move(list)), context_(context), call_(std::move(call)) {}

    void next() {
        client_.list(
            list_, context_.raw(),
            [self = this->shared_from_this()](const Result<Buffer>& reply) { self->take(reply); });
    }

    // An error is an array, too.
    static void refuse(Call& call, int status) {
        http::Response response(status, Buffer(Writer().take()));
        response.header("content-type", type());
        if (status == 401) response.header("www-authenticate", R"(Bearer realm="streamwall")");
        if (status == 503) response.header("retry-after", "1");
        call.send(response);
    }

  private:
    static std::string_view type() {
        return std::is_same_v<Writer, FeedJson> ? kJsonType : kTomlType;
    }

    void take(const Result<Buffer>& reply) {
        if (!reply) return refuse(call_, to_query_problem(reply.error()).status);
        json::scan_items(json::find_member(reply->view(), "records"), [&](std::string_view record) {
            const auto stream = json::parse_object(record);
            if (stream && count_++ < kMost) writer_.add(feed_entry(*stream));
        });
        const auto cursor = json::to_plain_text(json::find_member(reply->view(), "next_cursor"));
        if (cursor && count_ < kMost) {
            list_.cursor = *cursor;
            return next();
        }
        http::Response response(200, Buffer(writer_.take()));
        call_.send(response.header("content-type", type()).header("cache-control", "no-cache"));
    }

    const Client& client_;
    contracts::streams::List list_;
    Context context_;
    Call call_;
    Writer writer_;
    std::size_t count_ = 0;
};

template <class Writer>
void serve(const Client& client, bool is_open_on_loopback, const http::Request& request,
           Call call) {
    if (!may_read(request, is_open_on_loopback)) return Reading<Writer>::refuse(call, 401);
    auto query = parse_list_query(request.query());
    if (!query) return Reading<Writer>::refuse(call, query.error().status);
    auto list = std::move(query->list);
    // By id, so that the app, which counts by arrival, keeps its short names.
    list.sort = "created_at";
    list.descending = false;
    list.limit = kAtOnce;
    list.offset = 0;
    list.count = false;
    std::make_shared<Reading<Writer>>(client, std::move(list), request.context(), std::move(call))
        ->next();
}

std::string describe(std::string_view id, std::string_view summary, std::string_view type) {
    namespace bj = boost::json;
    const bj::object text{{"type", "string"}};
    bj::object entry;
    for (const auto* name : {"link", "kind", "source", "label", "city", "state", "status",
                             "orientation", "notes", "addedDate"}) {
        entry[name] = text;
    }
    entry["status"] = openapi::word_schema({"Live", "Offline", "Unknown"});
    entry["orientation"] = openapi::word_schema({"V", "H"});
    const bool is_json = type == kJsonType;
    const bj::object schema =
        is_json ? openapi::list_schema(openapi::object_schema(
                      std::move(entry), {"link", "kind", "source", "status", "addedDate"}))
                : text;
    const bj::object none =
        is_json ? bj::object{{"type", "array"}, {"maxItems", 0}, {"items", bj::object()}} : text;
    const auto content = [type](const bj::object& shape, bj::value example) {
        return bj::object{{type, {{"schema", shape}, {"example", std::move(example)}}}};
    };
    const bj::array sample{{{"link", "https://twitch.tv/example"},
                            {"kind", "video"},
                            {"source", "example"},
                            {"city", "Seattle"},
                            {"state", "WA"},
                            {"status", "Live"},
                            {"addedDate", "2026-01-31T12:34:56.789Z"}}};
    const bj::value shown = is_json
                                ? bj::value(sample)
                                : bj::value("[[streams]]\nlink = \"https://twitch.tv/example\"\n");
    bj::object responses{
        {"200", {{"description", "Every stream that fits."}, {"content", content(schema, shown)}}}};
    const bj::value nothing = is_json ? bj::value(bj::array()) : bj::value("");
    auto refused = content(none, nothing);
    refused[kProblemType] = {{"schema", openapi::reference("Problem")}};
    responses["default"] = {
        {"description", "Refused or failed: empty; a problem where the listener refuses."},
        {"content", std::move(refused)}};
    bj::array parameters{openapi::query_parameter("token", "A token or key.")};
    for (const auto* name : {"status", "platform", "kind", "city", "state", "search"})
        parameters.push_back(openapi::query_parameter(name, "As of /api/v1/streams."));
    return bj::serialize(bj::object{{"operationId", id},
                                    {"summary", summary},
                                    {"description",
                                     "Needs a token or key in the header or the "
                                     "query, but where it is open on loopback."},
                                    {"tags", {"streams"}},
                                    {"parameters", std::move(parameters)},
                                    {"responses", std::move(responses)}});
}

}  // namespace

void add_feed_routes(Routes& routes, const Client& client, bool is_open_on_loopback) {
    const auto route = [](std::string_view path, std::string openapi) {
        return http::Route{.method = "GET",
                           .path = std::string(path),
                           .access = SW_HTTP_OPEN,
                           .flags = SW_HTTP_QUERY_TOKEN,
                           .openapi = std::move(openapi)};
    };
    const auto json = [&client, is_open_on_loopback](const http::Request& request, Call call) {
        serve<FeedJson>(client, is_open_on_loopback, request, std::move(call));
    };
    routes.add(
        route(kJsonPath, describe("feedJson", "Streams for Streamwall's desktop app", kJsonType)),
        json);
    routes.add(route(kTomlPath, describe("feedToml", "The same as a TOML file", kTomlType)),
               [&client, is_open_on_loopback](const http::Request& request, Call call) {
                   serve<FeedToml>(client, is_open_on_loopback, request, std::move(call));
               });
    routes.add_alias(route(kOldPath, {}), std::string(kJsonPath), json);
}

}  // namespace streamwall::rest_api
