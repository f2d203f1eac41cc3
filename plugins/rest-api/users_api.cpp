#include "users_api.hpp"

#include "conditional.hpp"
#include "list_query.hpp"
#include "openapi_users.hpp"
#include "pages.hpp"
#include "request_parts.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/store.hpp>
#include <streamwall/model/fields.hpp>

#include <expected>

namespace streamwall::rest_api {
namespace {

namespace names = contracts::accounts;

constexpr std::string_view kUsersPath = "/api/v1/users";
constexpr std::string_view kKeysPath = "/api/v1/api_keys";
constexpr std::uint32_t kPasswordTimeoutMs = 15'000;  // hashing waits for its turn

void fail(Call& call, const Error& error) {
    call.fail(to_account_problem(error));
}

void send_private(Call& call, int status, const Buffer& body) {
    http::Response response(status, body);
    call.send(response.header("content-type", kJsonType).header("cache-control", "no-store"));
}

std::expected<std::int64_t, Problem> id_of(const http::Request& request) {
    if (const auto id = id_in_path(request)) return *id;
    return std::unexpected(to_problem(Error::not_found("There is nothing with this id.")));
}

// {"strict","body"} around a body that is one object and may be placed there.
std::expected<json::Writer, Problem> begin_request(const http::Request& request) {
    const auto strict = check_object_body(request);
    if (!strict) return std::unexpected(strict.error());
    json::Writer out;
    out.boolean("strict", *strict);
    return out;
}

void add_versions(json::Writer& out, const http::Request& request) {
    const auto versions = accepted_versions(request.header("if-match"));
    if (!versions) return;
    std::string list = "[";
    for (const auto version : *versions)
        list.append(list.size() > 1 ? "," : "").append(std::to_string(version));
    out.raw("versions", list + "]");
}

// Sign-up (201) and log-in (200): the token also goes where old clients look for it.
void log_in(const AccountsClient& client, std::string_view method, int status,
            const http::Request& request, Call call) {
    auto body = begin_request(request);
    if (!body) return call.fail(body.error());
    body->text("address", request.peer()).raw("body", request.body());
    client.call(names::kUsers, method, body->buffer(), request.context(),
                [call = std::move(call), status](Result<Buffer> reply) mutable {
                    if (!reply) return fail(call, reply.error());
                    const auto token =
                        json::to_plain_text(json::find_member(reply->view(), "token"));
                    const auto bearer = "Bearer " + std::string(token.value_or(""));
                    http::Response response(status, *reply);
                    response.header("content-type", kJsonType).header("cache-control", "no-store");
                    call.send(response.header("authorization", bearer));
                });
}

void log_out(const AccountsClient& client, const http::Request& request, Call call) {
    const auto header = request.header("authorization");
    const auto blank = header.find_last_of(' ');
    const auto token = blank == header.npos ? std::string_view() : header.substr(blank + 1);
    const auto ask = json::Writer().text("token", token).text("address", request.peer()).buffer();
    client.call(names::kUsers, names::kLogOut, ask, request.context(),
                [call = std::move(call)](Result<Buffer> reply) mutable {
                    if (!reply) return fail(call, reply.error());
                    call.send_empty(204);
                });
}

void me(const AccountsClient& client, const http::Request& request, Call call) {
    client.call(names::kUsers, names::kMe, Buffer("{}"), request.context(),
                [call = std::move(call)](Result<Buffer> user) mutable {
                    if (!user) return fail(call, user.error());
                    call.send_record(200, *user);
                });
}

// Answered as a log-in: the token that asked has ended with all others.
void change_password(const AccountsClient& client, const http::Request& request, Call call) {
    auto body = begin_request(request);
    if (!body) return call.fail(body.error());
    body->text("address", request.peer()).raw("body", request.body());
    client.call(names::kUsers, names::kChangePassword, body->buffer(), request.context(),
                [call = std::move(call)](Result<Buffer> session) mutable {
                    if (!session) return fail(call, session.error());
                    send_private(call, 200, *session);
                });
}

void public_keys(const AccountsClient& client, const http::Request& request, Call call) {
    client.call(names::kTokens, names::kPublicKeys, Buffer("{}"), request.context(),
                [call = std::move(call)](Result<Buffer> set) mutable {
                    if (!set) return fail(call, set.error());
                    http::Response response(200, *set);
                    response.header("content-type", "application/jwk-set+json");
                    call.send(response.header("cache-control", "public, max-age=300"));
                });
}

void list(const AccountsClient& client, std::string_view service, std::string_view name,
          const http::Request& request, Call call) {
    auto query = parse_list_query(request.query(), {});
    if (!query) return call.fail(query.error());
    const auto wanted = query->list.request();
    client.call(
        service, names::kList, wanted, request.context(),
        [call = std::move(call), query = std::move(*query), name](Result<Buffer> reply) mutable {
            if (!reply) return call.fail(to_query_problem(reply.error()));
            const auto page = make_page(query, call.path(), reply->view(), name);
            if (!page) return call.fail(to_problem(page.error()));
            http::Response response(200, page->body);
            response.header("content-type", kJsonType).header("cache-control", "no-store");
            if (!page->link.empty()) response.header("link", page->link);
            call.send(response);
        });
}

void create(const AccountsClient& client, std::string_view service, std::string_view path,
            const http::Request& request, Call call) {
    auto body = begin_request(request);
    if (!body) return call.fail(body.error());
    body->raw("body", request.body());
    client.call(service, names::kCreate, body->buffer(), request.context(),
                [call = std::move(call), path](Result<Buffer> record) mutable {
                    if (!record) return fail(call, record.error());
                    const auto location = std::string(path) + "/" +
                                          std::to_string(contracts::record_id(record->view()));
                    const RecordTag tag(record->view());
                    http::Response response(201, *record);
                    response.header("content-type", kJsonType).header("etag", tag.text());
                    response.header("cache-control", "no-store");
                    call.send(response.header("location", location));
                });
}

void update(const AccountsClient& client, const http::Request& request, Call call) {
    const auto id = id_of(request);
    if (!id) return call.fail(id.error());
    auto body = begin_request(request);
    if (!body) return call.fail(body.error());
    body->number("id", *id).boolean("replace", request.method() == "PUT");
    add_versions(*body, request);
    body->raw("body", request.body());
    client.call(names::kUsers, names::kUpdate, body->buffer(), request.context(),
                [call = std::move(call)](Result<Buffer> user) mutable {
                    if (!user) return fail(call, user.error());
                    call.send_record(200, *user);
                });
}

// get, remove, revoke and rotate: an id and no body. `status` 204 answers without one.
void act(const AccountsClient& client, std::string_view service, std::string_view method,
         int status, const http::Request& request, Call call) {
    const auto id = id_of(request);
    if (!id) return call.fail(id.error());
    json::Writer body;
    body.number("id", *id);
    add_versions(body, request);
    client.call(service, method, body.buffer(), request.context(),
                [call = std::move(call), status](Result<Buffer> record) mutable {
                    if (!record) return fail(call, record.error());
                    if (status == 204) return call.send_empty(204);
                    const RecordTag tag(record->view());
                    http::Response response(status, *record);
                    response.header("content-type", kJsonType).header("etag", tag.text());
                    call.send(response.header("cache-control", "no-store"));
                });
}

class Adder {
  public:
    Adder(Routes& routes, const AccountsClient& client) : routes_(routes), client_(client) {}

    template <class Handler>
    void operator()(std::string_view method, std::string path, int access, std::string openapi,
                    Handler handler) {
        routes_.add({.method = std::string(method),
                     .path = std::move(path),
                     .access = access,
                     .timeout_ms = kPasswordTimeoutMs,
                     .openapi = std::move(openapi)},
                    [&client = client_, handler](const http::Request& request, Call call) {
                        handler(client, request, std::move(call));
                    });
    }

    // Where `path` is not `successor` it is an old name, which stays out of the document.
    template <class Handler>
    void named(std::string_view method, std::string_view path, std::string_view successor,
               int access, std::string openapi, Handler handler) {
        const std::string base = "/api/v1";
        if (path == successor)
            return (*this)(method, base + std::string(path), access, std::move(openapi), handler);
        routes_.add_alias({.method = std::string(method),
                           .path = base + std::string(path),
                           .access = access,
                           .timeout_ms = kPasswordTimeoutMs},
                          base + std::string(successor),
                          [&client = client_, handler](const http::Request& request, Call call) {
                              handler(client, request, std::move(call));
                          });
    }

  private:
    Routes& routes_;
    const AccountsClient& client_;
};

void add_log_in_routes(Adder& add) {
    for (const std::string_view path : {"/users/signup", "/signup", "/auth/signup"}) {
        add.named("POST", path, "/users/signup", SW_HTTP_OPEN, openapi::sign_up(),
                  [](const AccountsClient& client, const http::Request& request, Call call) {
                      log_in(client, names::kSignUp, 201, request, std::move(call));
                  });
    }
    for (const std::string_view path : {"/users/login", "/login", "/auth/login"}) {
        add.named("POST", path, "/users/login", SW_HTTP_OPEN, openapi::log_in(),
                  [](const AccountsClient& client, const http::Request& request, Call call) {
                      log_in(client, names::kLogIn, 200, request, std::move(call));
                  });
    }
    for (const std::string_view path : {"/users/logout", "/logout", "/auth/logout"}) {
        add.named("DELETE", path, "/users/logout", SW_HTTP_VIEWER, openapi::log_out(), log_out);
    }
    add("GET", std::string(kUsersPath) + "/me", SW_HTTP_VIEWER, openapi::read_me(), me);
    add("PUT", std::string(kUsersPath) + "/me/password", SW_HTTP_VIEWER, openapi::change_password(),
        change_password);
    add("GET", "/.well-known/jwks.json", SW_HTTP_OPEN, openapi::public_keys(), public_keys);
}

void add_user_routes(Adder& add) {
    const std::string all(kUsersPath);
    const auto one = all + "/{id}";
    add("GET", all, SW_HTTP_ADMIN, openapi::list_users(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            list(client, names::kUsers, "users", request, std::move(call));
        });
    add("POST", all, SW_HTTP_ADMIN, openapi::create_user(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            create(client, names::kUsers, kUsersPath, request, std::move(call));
        });
    add("GET", one, SW_HTTP_ADMIN, openapi::get_user(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            act(client, names::kUsers, names::kGet, 200, request, std::move(call));
        });
    add("PATCH", one, SW_HTTP_ADMIN, openapi::update_user(false), update);
    add("PUT", one, SW_HTTP_ADMIN, openapi::update_user(true), update);
    add("DELETE", one, SW_HTTP_ADMIN, openapi::delete_user(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            act(client, names::kUsers, names::kRemove, 204, request, std::move(call));
        });
}

void add_key_routes(Adder& add) {
    const std::string all(kKeysPath);
    const auto one = all + "/{id}";
    add("GET", all, SW_HTTP_ADMIN, openapi::list_keys(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            list(client, names::kKeys, "api_keys", request, std::move(call));
        });
    add("POST", all, SW_HTTP_ADMIN, openapi::create_key(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            create(client, names::kKeys, kKeysPath, request, std::move(call));
        });
    add("GET", one, SW_HTTP_ADMIN, openapi::get_key(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            act(client, names::kKeys, names::kGet, 200, request, std::move(call));
        });
    add("DELETE", one, SW_HTTP_ADMIN, openapi::revoke_key(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            act(client, names::kKeys, names::kRevoke, 204, request, std::move(call));
        });
    add("POST", one + "/rotate", SW_HTTP_ADMIN, openapi::rotate_key(),
        [](const AccountsClient& client, const http::Request& request, Call call) {
            act(client, names::kKeys, names::kRotate, 200, request, std::move(call));
        });
}

}  // namespace

Problem to_account_problem(const Error& error) {
    auto problem = to_problem(error);
    const auto code = json::to_plain_text(json::find_member(error.details, "code"));
    if (code == names::kTooManyTries) {
        problem.status = 429;
        problem.code = names::kTooManyTries;
        problem.detail = error.message;
        problem.retry_after =
            static_cast<int>(contracts::store::detail_number(error, "retry_after"));
    } else if (code == names::kLastAdmin) {
        problem.status = 409;
        problem.code = names::kLastAdmin;
    } else if (code == names::kSignUpClosed) {
        problem.code = names::kSignUpClosed;
    }
    return problem;
}

Result<AccountsClient> AccountsClient::resolve(const Services& services) {
    using Name = std::pair<std::string_view, std::string_view>;
    AccountsClient out;
    out.services_ = &services;
    for (const auto& [service, method] :
         {Name(names::kTokens, names::kPublicKeys), Name(names::kUsers, names::kSignUp),
          Name(names::kUsers, names::kLogIn), Name(names::kUsers, names::kLogOut),
          Name(names::kUsers, names::kMe), Name(names::kUsers, names::kChangePassword),
          Name(names::kUsers, names::kList), Name(names::kUsers, names::kGet),
          Name(names::kUsers, names::kCreate), Name(names::kUsers, names::kUpdate),
          Name(names::kUsers, names::kRemove), Name(names::kKeys, names::kList),
          Name(names::kKeys, names::kGet), Name(names::kKeys, names::kCreate),
          Name(names::kKeys, names::kRotate), Name(names::kKeys, names::kRevoke)}) {
        auto found = services.resolve(service, method);
        if (!found) return std::move(found).error();
        out.methods_.emplace(name_of(service, method), *found);
    }
    return out;
}

void add_account_routes(Routes& routes, const AccountsClient& client) {
    Adder add(routes, client);
    add_log_in_routes(add);
    add_user_routes(add);
    add_key_routes(add);
}

}  // namespace streamwall::rest_api
