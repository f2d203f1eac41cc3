#include "dead_letters_api.hpp"

#include "openapi_parts.hpp"
#include "paging.hpp"
#include "request_parts.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/model/fields.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json.hpp>

namespace streamwall::rest_api {
namespace {

constexpr std::string_view kPath = "/api/v1/dead_letters";
constexpr std::uint32_t kRetryTimeoutMs = 40'000;  // a subscription has 30 s for an event

Problem no_such_letter() {
    return to_problem(Error::not_found("There is no dead letter with this id."));
}

// With the id and the names that this interface has for it.
std::string shown(std::string_view letter) {
    const auto member = [&](std::string_view name) { return json::find_member(letter, name); };
    const auto node = json::to_plain_text(member("node")).value_or("");
    json::Writer out;
    out.text("id", std::string(node) + ":" + std::string(member("id")))
        .raw("node", member("node"))
        .raw("subscription", member("name"));
    for (const std::string_view name : {"event", "error", "attempts", "created_at"}) {
        if (const auto value = member(name); !value.empty()) out.raw(name, value);
    }
    return out.take();
}

Buffer page_of(const Paging& paging, std::string_view reply) {
    std::string letters = "[";
    json::scan_items(json::find_member(reply, "dead_letters"), [&](std::string_view letter) {
        if (letters.size() > 1) letters += ',';
        letters += shown(letter);
    });
    letters += ']';
    const auto records = json::Writer()
                             .raw("records", letters)
                             .raw("count", json::find_member(reply, "count"))
                             .take();
    const auto page = paged(paging, "dead_letters", records);
    return json::Writer()
        .raw("dead_letters", letters)
        .raw("meta", json::find_member(page.view(), "meta"))
        .raw("unreachable", json::find_member(reply, "unreachable"))
        .buffer();
}

void list(const NodesClient& client, const http::Request& request, Call call) {
    const auto paging = parse_paging(request.query());
    if (!paging) return call.fail(paging.error());
    json::Writer ask;
    ask.number("offset", paging->offset()).number("limit", paging->per_page);
    client.call(NodesClient::kDeadLetters, ask.buffer(), request.context(),
                [call = std::move(call), paging = *paging](Result<Buffer> reply) mutable {
                    if (!reply) return call.fail(to_problem(reply.error()));
                    http::Response response(200, page_of(paging, reply->view()));
                    response.header("content-type", kJsonType);
                    call.send(response.header("cache-control", "no-store"));
                });
}

// A request for the letter of the path; nothing where its id can be none.
std::optional<Buffer> letter_request(const http::Request& request) {
    const auto text = request.parameter(0);
    const auto colon = text.rfind(':');
    if (colon == text.npos || colon == 0) return std::nullopt;
    const auto digits = text.substr(colon + 1);
    const auto id = json::to_integer(digits);
    if (!id || *id < 1 || *id > model::kMaxId || digits.front() == '0') return std::nullopt;
    json::Writer ask;
    return ask.text("node", text.substr(0, colon)).number("id", *id).buffer();
}

// A retry that fails is the subscription's refusal, and a node that is gone has no such letter now.
Problem to_letter_problem(const Error& error) {
    if (contracts::store::has_code(error, "order_failed")) {
        return {.status = 409, .code = "retry_failed", .detail = error.message, .errors_json = {}};
    }
    return to_problem(error);
}

void answer_get(Call& call, const Result<Buffer>& letter) {
    if (!letter) return call.fail(to_letter_problem(letter.error()));
    http::Response response(200, Buffer(shown(letter->view())));
    response.header("content-type", kJsonType);
    call.send(response.header("cache-control", "no-store"));
}

void answer_order(Call& call, const Result<Buffer>& done) {
    if (!done) return call.fail(to_letter_problem(done.error()));
    call.send_empty(204);
}

// Reads the letter; or retries or drops it, as `deed` says.
void ask(const NodesClient& client, Deeds& deeds, NodesClient::Index method, std::string_view deed,
         const http::Request& request, Call call) {
    const auto body = letter_request(request);
    if (!body) return call.fail(no_such_letter());
    if (const auto problem = check_no_query(request)) return call.fail(*problem);
    if (deed.empty()) {
        return client.call(
            method, *body, request.context(),
            [call = std::move(call)](Result<Buffer> letter) mutable { answer_get(call, letter); });
    }
    client.call(method, *body, request.context(),
                deeds.noting({.action = deed, .resource_id = std::string(request.parameter(0))},
                             request.context(), std::move(call), answer_order));
}

boost::json::object letter_parameter() {
    return {{"name", "id"},
            {"in", "path"},
            {"required", true},
            {"description", "NODE:NUMBER, as the list shows it."},
            {"schema", {{"type", "string"}, {"example", "main:17"}}}};
}

std::string describe_list() {
    using openapi::query_parameter;
    namespace bj = boost::json;
    auto answer = openapi::page_schema("dead_letters", "DeadLetter");
    bj::object names = openapi::list_schema(openapi::text_schema());
    names["description"] = "Nodes that could not be asked.";
    answer["properties"].as_object()["unreachable"] = std::move(names);
    return openapi::render({.id = "listDeadLetters",
                            .summary = "Events that subscriptions gave up, after all their tries",
                            .tag = "dead_letters",
                            .parameters = {query_parameter("page", "The page, from 1."),
                                           query_parameter("per_page", "At most 100 a page.")},
                            .answer = std::move(answer),
                            .problems = {400, 401, 403, 503}});
}

std::string describe_get() {
    return openapi::render({.id = "getDeadLetter",
                            .summary = "Read an event that a subscription gave up",
                            .tag = "dead_letters",
                            .parameters = {letter_parameter()},
                            .answer = openapi::reference("DeadLetter"),
                            .problems = {400, 401, 403, 404, 409, 503}});
}

std::string describe_order(std::string_view id, std::string_view summary) {
    return openapi::render({.id = id,
                            .summary = summary,
                            .tag = "dead_letters",
                            .parameters = {letter_parameter()},
                            .status = 204,
                            .problems = {400, 401, 403, 404, 409, 503}});
}

}  // namespace

void add_dead_letter_routes(Routes& routes, const NodesClient& client, Deeds& deeds) {
    const auto add = [&](http::Route route, auto handler) {
        route.access = SW_HTTP_ADMIN;
        route.scope = "admin";
        routes.add(std::move(route), handler);
    };
    const auto add_one = [&](http::Route route, NodesClient::Index method, std::string_view deed) {
        add(std::move(route),
            [&client, &deeds, method, deed](const http::Request& request, Call call) {
                ask(client, deeds, method, deed, request, std::move(call));
            });
    };
    const auto one = std::string(kPath) + "/{id}";
    add({.path = std::string(kPath), .openapi = describe_list()},
        [&client](const http::Request& request, Call call) {
            list(client, request, std::move(call));
        });
    add_one({.path = one, .openapi = describe_get()}, NodesClient::kDeadLetter, {});
    add_one({.method = "POST",
             .path = one + "/retry",
             .timeout_ms = kRetryTimeoutMs,
             .openapi =
                 describe_order("retryDeadLetter", "Hand an event to its subscription once more")},
            NodesClient::kRetryDeadLetter, "dead_letter.retried");
    add_one({.method = "DELETE",
             .path = one,
             .openapi = describe_order("dropDeadLetter", "Forget an event that was given up")},
            NodesClient::kDropDeadLetter, "dead_letter.dropped");
}

boost::json::object openapi::dead_letter_schemas() {
    namespace bj = boost::json;
    const bj::object any{{"type", "object"}};
    bj::object id = text_schema();
    id["example"] = "main:17";
    bj::object event = any;
    event["description"] = "The envelope; without its data in a list.";
    const bj::object error =
        object_schema({{"code", {{"type", "integer"}}}, {"message", {{"type", "string"}}}});
    bj::object out;
    out["DeadLetter"] =
        object_schema({{"id", std::move(id)},
                       {"node", text_schema()},
                       {"subscription", text_schema()},
                       {"event", std::move(event)},
                       {"error", error},
                       {"attempts", {{"type", "integer"}}},
                       {"created_at", time_schema()}},
                      {"id", "node", "subscription", "event", "error", "attempts", "created_at"});
    return out;
}

}  // namespace streamwall::rest_api
