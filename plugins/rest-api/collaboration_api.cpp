#include "collaboration_api.hpp"

#include "openapi_parts.hpp"
#include "request_parts.hpp"

#include <streamwall/contracts/collaboration.hpp>
#include <streamwall/contracts/resources.hpp>
#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json.hpp>

#include <utility>

namespace streamwall::rest_api {
namespace {

namespace bj = boost::json;
namespace names = contracts::collaboration;

constexpr std::string_view kPath = "/api/v1/collaboration";
constexpr std::string_view kLocked = "locked";

void fail(Call& call, const Error& error) {
    auto problem = to_problem(error);
    if (contracts::store::has_code(error, kLocked)) {
        problem.code = kLocked;
        problem.detail = error.message;
        problem.holder_json = json::find_member(error.details, "holder");
    }
    call.fail(problem);
}

// Where the hub is for whoever found this interface.
std::string hub_url(const http::Request& request) {
    return std::string(request.is_secure() ? "wss://" : "ws://").append(request.header("host")) +
           "/cable";
}

// The service's session, with how to take part in it.
Buffer render_session(std::string_view session, std::string_view url) {
    const auto id = json::find_member(session, "id");
    const auto identifier =
        R"({"channel":"CollaborationChannel","session":)" + std::string(id) + "}";
    std::string out(session.substr(0, session.rfind('}')));
    out += R"(,"websocket_url":)";
    json::append_string(out, url);
    out += R"(,"identifier":)";
    json::append_string(out, identifier);
    return Buffer(out + "}");
}

std::string describe(std::string_view id, std::string_view summary, std::string_view body,
                     int status, bj::object answer) {
    return openapi::render({.id = id,
                            .summary = summary,
                            .tag = "collaboration",
                            .parameters = {openapi::strict_parameter()},
                            .body = body,
                            .status = status,
                            .answer = std::move(answer),
                            .problems = {400, 401, 403, 409, 413, 415, 422, 503, 507}});
}

bj::object resource_id_schema() {
    const bj::object number{{"type", "integer"}, {"example", 5}};
    const bj::object text{
        {"type", "string"}, {"maxLength", 64}, {"pattern", "^[A-Za-z0-9-]*$"}, {"example", "5"}};
    bj::object out;
    out["oneOf"] = bj::array{text, number};
    out["example"] = "5";
    return out;
}

bj::object place_members() {
    return {{"resource",
             {{"type", "string"}, {"pattern", "^[a-z][a-z0-9-]{0,31}$"}, {"example", "stream"}}},
            {"resource_id", resource_id_schema()}};
}

bj::object session_members() {
    auto out = place_members();
    out["title"] = openapi::text_schema(200, true);
    return out;
}

}  // namespace

Result<> CollaborationApi::add(Routes& routes, const Services& services) {
    services_ = &services;
    for (const auto& [name, method] :
         {std::pair(names::kCreate, &create_), std::pair(names::kLock, &lock_),
          std::pair(names::kUnlock, &unlock_), std::pair(names::kAnnounce, &announce_)}) {
        auto resolved = services.resolve(names::kService, name);
        if (!resolved) return std::move(resolved).error();
        *method = *resolved;
    }
    using Handler = void (CollaborationApi::*)(const http::Request&, Call) const;
    const auto post = [&](std::string_view path, std::string openapi, Handler handler) {
        routes.add({.method = "POST",
                    .path = std::string(kPath).append(path),
                    .access = SW_HTTP_EDITOR,
                    .scope = "streams:write",
                    .openapi = std::move(openapi)},
                   [this, handler](const http::Request& request, Call call) {
                       (this->*handler)(request, std::move(call));
                   });
    };
    post("/sessions",
         describe("createCollaborationSession", "Make a session that people can join over the hub",
                  "NewCollaborationSession", 201, openapi::reference("CollaborationSession")),
         &CollaborationApi::create);
    post("/lock",
         describe("lockCell", "Lock a cell for 30 seconds, or renew that", "Cell", 200,
                  openapi::reference("CellLock")),
         &CollaborationApi::lock);
    post("/unlock", describe("unlockCell", "Free a cell that one has locked", "Cell", 204, {}),
         &CollaborationApi::unlock);
    post("/announce",
         describe("announce", "Tell everybody at a place, or in a session, something",
                  "Announcement", 200, openapi::reference("AnnouncementReach")),
         &CollaborationApi::announce);
    return ok();
}

void CollaborationApi::create(const http::Request& request, Call call) const {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    services_->call(create_, contracts::resources::create_request(request.body(), *strict),
                    request.context(),
                    [call = std::move(call), url = hub_url(request)](Result<Buffer> made) mutable {
                        if (!made) return fail(call, made.error());
                        http::Response response(201, render_session(made->view(), url));
                        call.send(response.header("content-type", kJsonType));
                    });
}

void CollaborationApi::lock(const http::Request& request, Call call) const {
    ask(lock_, request, std::move(call));
}

void CollaborationApi::announce(const http::Request& request, Call call) const {
    ask(announce_, request, std::move(call));
}

// Answers what the service answers.
void CollaborationApi::ask(const Method& method, const http::Request& request, Call call) const {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    services_->call(method, contracts::resources::create_request(request.body(), *strict),
                    request.context(), [call = std::move(call)](Result<Buffer> reply) mutable {
                        if (!reply) return fail(call, reply.error());
                        http::Response response(200, *reply);
                        call.send(response.header("content-type", kJsonType));
                    });
}

void CollaborationApi::unlock(const http::Request& request, Call call) const {
    const auto strict = check_object_body(request);
    if (!strict) return call.fail(strict.error());
    services_->call(unlock_, contracts::resources::create_request(request.body(), *strict),
                    request.context(), [call = std::move(call)](Result<Buffer> done) mutable {
                        if (!done) return fail(call, done.error());
                        call.send_empty(204);
                    });
}

bj::object openapi::collaboration_schemas() {
    auto session = session_members();
    bj::object out;
    out["NewCollaborationSession"] = object_schema(session, {"resource"});
    session["id"] = text_schema(64);
    session["created_at"] = time_schema();
    session["websocket_url"] = {{"type", "string"}, {"example", "ws://127.0.0.1:3000/cable"}};
    session["identifier"] = {{"type", "string"},
                             {"description", "What to subscribe to there, as it stands."}};
    out["CollaborationSession"] =
        object_schema(std::move(session), {"id", "resource", "websocket_url", "identifier"});
    const auto text = [](std::size_t longest, std::string_view example) {
        auto schema = text_schema(longest, true);
        schema["example"] = example;
        return schema;
    };
    bj::object cell{{"cell_id", text(170, "stream_5_title")},
                    {"resource", text(32, "stream")},
                    {"resource_id", resource_id_schema()},
                    {"field", text(64, "title")}};
    out["Cell"] = object_schema(cell);
    cell["user"] = text_schema();
    cell["user_id"] = {{"oneOf", bj::array{bj::object{{"type", "integer"}}, text_schema()}}};
    cell["user_name"] = text_schema();
    cell["user_color"] = text_schema();
    cell["expires_at"] = time_schema();
    out["CellLock"] = object_schema(std::move(cell), {"cell_id", "user_id", "expires_at"});
    auto announcement = place_members();
    announcement["session"] = text_schema(64, true);
    announcement["session"].as_object()["example"] = nullptr;
    announcement["session"].as_object()["description"] =
        "Of one that was made for the purpose, in place of resource and resource_id.";
    announcement["message"] = {{"type", "object"},
                               {"description", "At most 4 KiB."},
                               {"example", {{"text", "Five minutes left."}}}};
    announcement["except"] = text(128, "user:5");
    announcement["except"].as_object()["description"] = "Who is left out.";
    out["Announcement"] = object_schema(std::move(announcement), {"message"});
    out["AnnouncementReach"] =
        object_schema({{"connections", {{"type", "integer"}}}}, {"connections"});
    return out;
}

}  // namespace streamwall::rest_api
