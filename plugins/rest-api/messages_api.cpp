#include "messages_api.hpp"

#include "openapi_parts.hpp"
#include "request_parts.hpp"

#include <streamwall/contracts/messages.hpp>
#include <streamwall/contracts/resources.hpp>

#include <boost/json.hpp>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::messages;

// A message may name many links, each of which the store keeps.
constexpr std::uint32_t kTimeoutMs = 15'000;

std::string describe() {
    return openapi::render({.id = "postMessage",
                            .summary = "Bring a chat line: its links become streams",
                            .tag = "messages",
                            .parameters = {openapi::strict_parameter()},
                            .body = "Message",
                            .answer = openapi::reference("MessageResults"),
                            .problems = {400, 401, 403, 413, 415, 422, 503}});
}

}  // namespace

Result<> MessagesApi::add(Routes& routes, const Services& services) {
    auto post = services.resolve(names::kService, names::kPost);
    if (!post) return std::move(post).error();
    services_ = &services;
    post_ = *post;
    routes.add(
        {.method = "POST",
         .path = "/api/v1/messages",
         .access = SW_HTTP_EDITOR,
         .scope = "streams:write",
         .timeout_ms = kTimeoutMs,
         .openapi = describe()},
        [this](const http::Request& request, Call call) { this->post(request, std::move(call)); });
    return ok();
}

void MessagesApi::post(const http::Request& request, Call call) const {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    services_->call(post_, contracts::resources::create_request(request.body(), *strict),
                    request.context(), [call = std::move(call)](Result<Buffer> reply) mutable {
                        if (!reply) return call.fail(to_problem(reply.error()));
                        http::Response response(200, *reply);
                        call.send(response.header("content-type", kJsonType));
                    });
}

boost::json::object openapi::message_schemas() {
    namespace bj = boost::json;
    auto text = text_schema(8192);
    text["minLength"] = 1;
    text["example"] = "Live in Seattle, WA: https://twitch.tv/example";
    auto id = id_schema();
    id["nullable"] = true;
    bj::object out;
    out["Message"] = object_schema({{"text", std::move(text)},
                                    {"author", text_schema(255, true)},
                                    {"channel", text_schema(255, true)},
                                    {"place_hint", text_schema(255, true)}},
                                   {"text"});
    out["MessageResult"] = object_schema(
        {{"url", {{"type", "string"}}},
         {"outcome", word_schema({"created", "known", "ignored", "refused", "failed"})},
         {"reason", text_schema()},
         {"sheets", flag_schema()},
         {"api", flag_schema()},
         {"stream_id", std::move(id)}},
        {"url", "outcome", "sheets", "api", "stream_id"});
    out["MessageResults"] =
        object_schema({{"results", list_schema(reference("MessageResult"))}}, {"results"});
    return out;
}

}  // namespace streamwall::rest_api
