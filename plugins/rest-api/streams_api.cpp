#include "streams_api.hpp"

#include "batch_api.hpp"
#include "conditional.hpp"
#include "known_lists.hpp"
#include "openapi_streams.hpp"
#include "pages.hpp"
#include "request_parts.hpp"
#include "stream_request.hpp"

#include <streamwall/contracts/record.hpp>

namespace streamwall::rest_api {
namespace {

using contracts::streams::Client;
using contracts::streams::Create;
using contracts::streams::Operation;
using contracts::streams::Update;

constexpr std::string_view kPath = "/api/v1/streams";

void get(const Client& client, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    if (!id) return call.fail(no_such_stream());
    std::string known(request.header("if-none-match"));
    client.get(*id, request.context(),
               [call = std::move(call), known = std::move(known)](Result<Buffer> record) mutable {
                   if (!record) return call.fail(to_query_problem(record.error()));
                   if (known.empty()) return call.send_record(200, *record);
                   const RecordTag tag(record->view());
                   if (!matches_none_match(known, tag.text())) {
                       return call.send_record(200, *record);
                   }
                   http::Response unchanged(304);
                   call.send(unchanged.header("etag", tag.text()));
               });
}

void list(KnownLists& lists, const Client& client, const http::Request& request, Call call) {
    auto known = lists.find(call.path(), request.query());
    if (!known) return call.fail(known.error());
    const auto& wanted = (*known)->request();
    std::string held(request.header("if-none-match"));
    client.call(Operation::kList, wanted, request.context(),
                [call = std::move(call), list = *known,
                 held = std::move(held)](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_query_problem(reply.error()));
                    const auto made = list->page_of(*reply);
                    if (!made) return call.fail(to_problem(made.error()));
                    send_page(call, **made, held);
                });
}

void create(const Client& client, const http::Request& request, Call call) {
    const auto strict = check_body(request);
    if (!strict) return call.fail(strict.error());
    client.create({.body = request.body(), .strict = *strict}, request.context(),
                  [call = std::move(call)](Result<Buffer> reply) mutable {
                      if (!reply) return call.fail(to_problem(reply.error()));
                      const bool created = json::find_member(reply->view(), "created") == "true";
                      const Buffer record(json::find_member(reply->view(), "stream"));
                      if (!created) return call.send_record(200, record);
                      const auto location = std::string(kPath) + '/' +
                                            std::to_string(contracts::record_id(record.view()));
                      const RecordTag tag(record.view());
                      http::Response response(201, record);
                      response.header("content-type", kJsonType).header("etag", tag.text());
                      call.send(response.header("location", location));
                  });
}

void update(const Client& client, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    if (!id) return call.fail(no_such_stream());
    const auto strict = check_body(request);
    if (!strict) return call.fail(strict.error());
    const Update change{.id = *id,
                        .body = request.body(),
                        .versions = accepted_versions(request.header("if-match")),
                        .replace = request.method() == "PUT",
                        .strict = *strict};
    client.update(change, request.context(),
                  [call = std::move(call)](Result<Buffer> record) mutable {
                      if (!record) return call.fail(to_problem(record.error()));
                      call.send_record(200, *record);
                  });
}

// remove, pin, unpin, archive, unarchive: no body, an optional If-Match.
void act(const Client& client, Operation operation, const http::Request& request, Call call) {
    const auto id = id_in_path(request);
    if (!id) return call.fail(no_such_stream());
    const auto body =
        contracts::streams::id_request(*id, accepted_versions(request.header("if-match")));
    client.call(operation, body, request.context(),
                [call = std::move(call), operation](Result<Buffer> record) mutable {
                    if (!record) return call.fail(to_problem(record.error()));
                    if (operation == Operation::kRemove) return call.send_empty(204);
                    call.send_record(200, *record);
                });
}

struct Action {
    std::string_view method;
    std::string_view suffix;
    Operation operation;
    std::string_view scope;
    std::string_view id;
    std::string_view summary;
};

constexpr std::array<Action, 6> kActions{{
    {"DELETE", "", Operation::kRemove, "", "deleteStream", "Delete a stream"},
    {"PUT", "/pin", Operation::kPin, "streams:write", "pinStream", "Pin a stream"},
    {"DELETE", "/pin", Operation::kUnpin, "streams:write", "removePin", "Unpin a stream"},
    {"PUT", "/unpin", Operation::kUnpin, "streams:write", "unpinStream", "Unpin a stream"},
    {"POST", "/archive", Operation::kArchive, "streams:write", "archiveStream", "Archive a stream"},
    {"POST", "/unarchive", Operation::kUnarchive, "streams:write", "unarchiveStream",
     "Bring a stream back from the archive"},
}};

}  // namespace

void add_stream_routes(Routes& routes, const Client& client) {
    const std::string all(kPath);
    const auto one = all + "/{id}";
    const auto add = [&](http::Route route, auto handler) {
        routes.add(std::move(route), [&client, handler](const http::Request& request, Call call) {
            handler(client, request, std::move(call));
        });
    };
    add({.method = "GET",
         .path = all,
         .access = SW_HTTP_VIEWER,
         .scope = "streams:read",
         .openapi = openapi::list_streams()},
        [lists = std::make_shared<KnownLists>()](const Client& to, const http::Request& request,
                                                 Call call) {
            list(*lists, to, request, std::move(call));
        });
    add({.method = "POST",
         .path = all,
         .access = SW_HTTP_EDITOR,
         .scope = "streams:write",
         .openapi = openapi::create_stream()},
        create);
    add_batch_routes(routes, client);
    add({.method = "GET",
         .path = one,
         .access = SW_HTTP_VIEWER,
         .scope = "streams:read",
         .openapi = openapi::get_stream()},
        get);
    for (const std::string method : {"PATCH", "PUT"}) {
        add({.method = method,
             .path = one,
             .access = SW_HTTP_EDITOR,
             .scope = std::string(kChangeScopes),
             .openapi = openapi::update_stream(method == "PUT")},
            update);
    }
    for (const auto& action : kActions) {
        add({.method = std::string(action.method),
             .path = one + std::string(action.suffix),
             .access = SW_HTTP_EDITOR,
             .scope = std::string(action.scope),
             .openapi = openapi::stream_action(action.id, action.summary,
                                               action.operation == Operation::kRemove)},
            [operation = action.operation](const Client& to, const http::Request& request,
                                           Call call) {
                act(to, operation, request, std::move(call));
            });
    }
}

}  // namespace streamwall::rest_api
