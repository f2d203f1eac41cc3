#include "openapi_users.hpp"

#include "openapi_parts.hpp"

#include <streamwall/contracts/accounts.hpp>

#include <boost/json.hpp>

#include <initializer_list>
#include <string_view>

namespace streamwall::rest_api::openapi {
namespace {

namespace bj = boost::json;

bj::object number_parameter(std::string_view name, std::string_view description) {
    return {{"name", name},
            {"in", "query"},
            {"description", description},
            {"schema", {{"type", "integer"}, {"minimum", 1}}}};
}

bj::object cursor_parameter() {
    return {{"name", "cursor"},
            {"in", "query"},
            {"description", "next_cursor of the page before; not together with page."},
            {"schema", {{"type", "string"}}}};
}

std::string list(std::string_view id, std::string_view summary, std::string_view name,
                 std::string_view schema) {
    return render(
        {.id = id,
         .summary = summary,
         .tag = name,
         .parameters = {number_parameter("page", "The page, from 1."),
                        number_parameter("per_page", "At most 100 a page."), cursor_parameter()},
         .answer = page_schema(name, schema),
         .said = "A page of them.",
         .problems = {400, 401, 403, 503}});
}

bj::object password_schema() {
    return {{"type", "string"},
            {"format", "password"},
            {"minLength", 8},
            {"maxLength", 128},
            {"description", "With a lower-case letter, an upper-case letter and a digit."}};
}
bj::object email_schema() {
    return {{"type", "string"}, {"format", "email"}, {"maxLength", 254}};
}
// A time to come; the example leaves it to the host.
bj::object key_end_schema() {
    auto out = time_schema(true);
    out["example"] = nullptr;
    return out;
}
// Null is what it is without a word: a service.
bj::object rate_class_schema() {
    return {{"type", "string"}, {"nullable", true}, {"enum", {"user", "service", nullptr}}};
}
// As somebody types it, be it right or not.
bj::object any_password_schema() {
    auto out = text_schema();
    out["format"] = "password";
    return out;
}
bj::object scopes_schema() {
    bj::array words;
    for (const auto scope : contracts::accounts::kScopes)
        words.emplace_back(scope);
    bj::object item{{"type", "string"}, {"enum", std::move(words)}};
    return {{"type", "array"}, {"minItems", 1}, {"items", std::move(item)}};
}

const bj::object kFlag{{"type", "boolean"}};
const bj::object kId{{"type", "integer"}, {"format", "int64"}, {"minimum", 1}};

bj::object user_schema() {
    auto name = text_schema();
    name["nullable"] = true;
    return object_schema({{"id", kId},
                          {"email", email_schema()},
                          {"display_name", std::move(name)},
                          {"role", word_schema({"viewer", "editor", "admin"})},
                          {"service", kFlag},
                          {"active", kFlag},
                          {"created_at", time_schema()},
                          {"updated_at", time_schema()},
                          {"version", kId}},
                         {"id", "email", "role", "active", "version"});
}

// Null says as little as an absent member.
bj::object user_input_schema() {
    auto out = object_schema({{"email", email_schema()},
                              {"password", password_schema()},
                              {"display_name", text_schema()},
                              {"role", word_schema({"viewer", "editor", "admin"})},
                              {"service", kFlag},
                              {"active", kFlag}});
    for (auto& property : out.at("properties").as_object()) {
        auto& schema = property.value().as_object();
        schema["nullable"] = true;
        if (auto* words = schema.if_contains("enum")) words->as_array().emplace_back(nullptr);
    }
    return out;
}

// `names` must be there, and say something.
bj::object requiring(bj::object schema, std::initializer_list<std::string_view> names) {
    auto& required = schema["required"] = bj::array();
    for (const auto name : names) {
        required.as_array().emplace_back(name);
        schema.at("properties").as_object().at(name).as_object().erase("nullable");
    }
    return schema;
}

bj::object new_user_schema() {
    return requiring(user_input_schema(), {"email", "password"});
}

bj::object key_schema() {
    return object_schema(
        {{"id", kId},
         {"name", text_schema()},
         {"prefix", text_schema()},
         {"scopes", scopes_schema()},
         {"rate_class", word_schema({"user", "service"})},
         {"expires_at", time_schema()},
         {"last_used_at", time_schema(true)},
         {"revoked_at", time_schema(true)},
         {"rotated_at", time_schema(true)},
         {"state", word_schema({"active", "due", "overdue", "ended", "revoked"})},
         {"age_days", {{"type", "integer"}, {"minimum", 0}}},
         {"created_at", time_schema()},
         {"updated_at", time_schema()},
         {"key", {{"type", "string"}, {"description", "The secret; in the answer that makes it."}}},
         {"version", kId}},
        {"id", "name", "prefix", "scopes", "rate_class", "version"});
}

}  // namespace

std::string sign_up() {
    return render({.id = "signUp",
                   .summary = "Sign up, and be logged in",
                   .tag = "session",
                   .body = "Credentials",
                   .status = 201,
                   .answer = reference("Session"),
                   .said = "The new user, and a token.",
                   .problems = {400, 403, 409, 415, 422, 503}});
}

std::string log_in() {
    return render({.id = "logIn",
                   .summary = "Log in",
                   .tag = "session",
                   .body = "Credentials",
                   .answer = reference("Session"),
                   .said = "A token for 24 hours.",
                   .problems = {400, 401, 415, 422, 429, 503}});
}

std::string log_out() {
    return render({.id = "logOut",
                   .summary = "Log out: the token ends",
                   .tag = "session",
                   .status = 204,
                   .problems = {401, 403, 503}});
}

std::string read_me() {
    return render({.id = "readMe",
                   .summary = "The user who asks",
                   .tag = "session",
                   .answer = reference("User"),
                   .said = "The user.",
                   .problems = {401, 403, 404, 503}});
}

std::string change_password() {
    return render({.id = "changePassword",
                   .summary = "Give oneself another password; all log-ins but the answer's end",
                   .tag = "session",
                   .body = "PasswordChange",
                   .answer = reference("Session"),
                   .said = "A token for 24 hours.",
                   .problems = {400, 401, 403, 415, 422, 429, 503, 507}});
}

std::string begin_session() {
    return render({.id = "beginSession",
                   .summary = "Log a page in: the token becomes a cookie",
                   .tag = "session",
                   .body = "Credentials",
                   .answer = reference("PageSession"),
                   .said = "What the page may know.",
                   .problems = {400, 401, 415, 422, 429, 503}});
}

std::string show_session() {
    return render({.id = "showSession",
                   .summary = "Who a page is logged in as, and its X-CSRF-Token",
                   .tag = "session",
                   .answer = reference("PageSession"),
                   .said = "What the page may know.",
                   .problems = {401, 403, 404, 503}});
}

std::string end_session() {
    return render({.id = "endSession",
                   .summary = "Log a page out: its cookie goes",
                   .tag = "session",
                   .status = 204,
                   .problems = {401, 403, 503}});
}

std::string public_keys() {
    return render({.id = "publicKeys",
                   .summary = "The keys that log-in tokens are signed with",
                   .tag = "session",
                   .answer = {{"type", "object"}},
                   .answer_type = "application/jwk-set+json",
                   .said = "A JWK set (RFC 7517).",
                   .problems = {503}});
}

std::string list_users() {
    return list("listUsers", "List users", "users", "User");
}
std::string create_user() {
    return render({.id = "createUser",
                   .summary = "Make a user",
                   .tag = "users",
                   .body = "NewUser",
                   .status = 201,
                   .answer = reference("User"),
                   .said = "Created.",
                   .problems = {400, 401, 403, 409, 415, 422, 503, 507}});
}
std::string get_user() {
    return render({.id = "getUser",
                   .summary = "Read a user",
                   .tag = "users",
                   .parameters = {id_parameter()},
                   .answer = reference("User"),
                   .said = "The user.",
                   .problems = {401, 403, 404, 503}});
}
std::string update_user(bool replaces) {
    return render({.id = replaces ? "replaceUser" : "updateUser",
                   .summary = "Change a user",
                   .tag = "users",
                   .parameters = {id_parameter(), if_match_parameter()},
                   .body = replaces ? "UserReplacement" : "UserInput",
                   .answer = reference("User"),
                   .said = "The user after the change.",
                   .problems = {400, 401, 403, 404, 409, 412, 415, 422, 503, 507}});
}
std::string delete_user() {
    return render({.id = "deleteUser",
                   .summary = "Delete a user, whose tokens end",
                   .tag = "users",
                   .parameters = {id_parameter(), if_match_parameter()},
                   .status = 204,
                   .problems = {401, 403, 404, 409, 412, 503, 507}});
}

std::string list_keys() {
    return list("listApiKeys", "List service keys, without their secrets", "api_keys", "ApiKey");
}
std::string create_key() {
    return render({.id = "createApiKey",
                   .summary = "Make a service key, which is shown once",
                   .tag = "api_keys",
                   .body = "NewApiKey",
                   .status = 201,
                   .answer = reference("ApiKey"),
                   .said = "The key with its secret.",
                   .problems = {400, 401, 403, 415, 422, 503, 507}});
}
std::string get_key() {
    return render({.id = "getApiKey",
                   .summary = "Read a service key, without its secret",
                   .tag = "api_keys",
                   .parameters = {id_parameter()},
                   .answer = reference("ApiKey"),
                   .said = "The key.",
                   .problems = {401, 403, 404, 503}});
}
std::string revoke_key() {
    return render({.id = "revokeApiKey",
                   .summary = "Revoke a service key",
                   .tag = "api_keys",
                   .parameters = {id_parameter()},
                   .status = 204,
                   .problems = {401, 403, 404, 409, 503, 507}});
}
std::string rotate_key() {
    return render({.id = "rotateApiKey",
                   .summary = "Give a service key a new secret; the old one is valid for a while",
                   .tag = "api_keys",
                   .parameters = {id_parameter()},
                   .answer = reference("ApiKey"),
                   .said = "The key with its new secret.",
                   .problems = {401, 403, 404, 409, 503, 507}});
}

bj::object account_schemas() {
    bj::object out;
    out["User"] = user_schema();
    out["UserInput"] = user_input_schema();
    out["NewUser"] = new_user_schema();
    out["UserReplacement"] = requiring(user_input_schema(), {"email"});
    out["PasswordChange"] =
        object_schema({{"current_password", text_schema()}, {"password", password_schema()}},
                      {"current_password", "password"});
    out["Credentials"] = object_schema(
        {{"email", email_schema()}, {"password", any_password_schema()}}, {"email", "password"});
    out["Session"] = object_schema({{"token", {{"type", "string"}}},
                                    {"expires_at", time_schema()},
                                    {"user", reference("User")}},
                                   {"token", "expires_at", "user"});
    out["PageSession"] = object_schema({{"user", reference("User")},
                                        {"expires_at", time_schema()},
                                        {"csrf_token", {{"type", "string"}}}},
                                       {"user", "csrf_token"});
    out["ApiKey"] = key_schema();
    out["NewApiKey"] = object_schema({{"name", text_schema()},
                                      {"scopes", scopes_schema()},
                                      {"rate_class", rate_class_schema()},
                                      {"expires_at", key_end_schema()}},
                                     {"name", "scopes"});
    return out;
}

}  // namespace streamwall::rest_api::openapi
