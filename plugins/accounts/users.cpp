#include "users.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
namespace names = contracts::accounts;

constexpr std::size_t kMaxName = 255;
constexpr std::string_view kWrapper = "user";

std::string subject_of(const bj::object& user) {
    return "user/" + std::to_string(number_at(user, "id"));
}

Error wrong_password() {
    return {SW_UNAUTHENTICATED, "Invalid email or password.", {}, {}};
}

Error no_such_user() {
    return Error::not_found("There is no such user.");
}

// What an event tells of a change: that there is a new password, and no more of it.
bj::object told_changes(const bj::object& user, const bj::object& set, bool has_new_password) {
    bj::object out;
    for (const auto& member : set) {
        const auto& before = user.at(member.key());
        if (before != member.value()) {
            out[member.key()] = {{"from", before}, {"to", member.value()}};
        }
    }
    if (has_new_password) out["new_password"] = {{"from", false}, {"to", true}};
    return out;
}

// The record stays as it is; that its secret is another is worth knowing.
bj::object password_changed(const bj::object& user) {
    return change::event(names::kUserUpdated, subject_of(user), user, told_changes(user, {}, true));
}

void need(const bj::object& body, std::string_view name, FieldErrors& errors) {
    const auto* value = body.if_contains(name);
    if (value == nullptr || value->is_null()) errors.add(name, "required", "is required");
}

bool is_counting_admin(const bj::object& user) {
    return text_at(user, "role") == "admin" && flag_at(user, "active");
}

Buffer to_buffer(const bj::object& record) {
    return Buffer(bj::serialize(record));
}

}  // namespace

// What an administrator may set; nothing where it stays.
struct Users::Change {
    std::optional<std::string> email, display_name, role, password;
    std::optional<bool> service, active;

    static Result<Change> read(const bj::object& body, std::string_view request, bool is_new) {
        FieldErrors errors;
        Change out;
        out.email = read_email(body, errors);
        out.display_name = read_text(body, "display_name", kMaxName, errors);
        out.role = read_word(body, "role", {"viewer", "editor", "admin"}, errors);
        out.password = read_password(body, errors);
        out.service = read_flag(body, "service", errors);
        out.active = read_flag(body, "active", errors);
        if (is_new) {
            need(body, "email", errors);
            need(body, "password", errors);
        }
        refuse_unknown(body, request,
                       {"email", "display_name", "role", "password", "service", "active"}, errors);
        if (errors.any()) return errors.error();
        return out;
    }
    bj::object fields() const {
        bj::object set;
        if (email) set["email"] = *email;
        if (display_name) set["display_name"] = *display_name;
        if (role) set["role"] = *role;
        if (service) set["service"] = *service;
        if (active) set["active"] = *active;
        return set;
    }
};

Users::Users(Parts& parts, Tokens& tokens, LoginTries& tries)
    : parts_(parts), tokens_(tokens), passwords_(parts), tries_(tries) {}

Task<Result<Buffer>> Users::sign_up(std::string request, Context context) {
    if (!parts_.settings.signup) {
        co_return Error{SW_PERMISSION_DENIED,
                        "Signing up is switched off.",
                        {},
                        json::Writer().text("code", names::kSignUpClosed).take()};
    }
    const auto body = read_body(request, kWrapper);
    if (!body) co_return body.error();
    FieldErrors errors;
    const auto email = read_email(*body, errors);
    const auto password = read_password(*body, errors);
    const auto name = read_text(*body, "display_name", kMaxName, errors);
    need(*body, "email", errors);
    need(*body, "password", errors);
    refuse_unknown(*body, request, {"email", "password", "display_name"}, errors);
    if (errors.any()) co_return errors.error();
    NewUser wanted{.record = {{"email", *email}, {"role", "viewer"}}, .password = *password};
    if (name) wanted.record["display_name"] = *name;
    auto user = co_await add(std::move(wanted), std::move(context));
    if (!user) co_return std::move(user).error();
    co_return tokens_.issue(*user, Seconds(0));
}

Task<Result<>> Users::count_try(LoginNews::Try who, Context context) {
    const auto verdict = co_await tries_.take(who.email, who.address);
    if (verdict.wait.count() == 0) co_return ok();
    if (verdict.is_first_refusal) {
        co_await news_.locked_out(std::move(who), verdict.wait, std::move(context));
    }
    co_return Error{SW_RESOURCE_EXHAUSTED,
                    "Too many tries to log in; wait as Retry-After says.",
                    {},
                    json::Writer()
                        .text("code", names::kTooManyTries)
                        .number("retry_after", verdict.wait.count())
                        .take()};
}

Task<Result<Buffer>> Users::log_in(std::string request, Context context) {
    const auto body = read_body(request, kWrapper);
    if (!body) co_return body.error();
    FieldErrors errors;
    const auto given_email = read_text(*body, "email", kMaxName, errors);
    const auto password = read_text(*body, "password", kMaxName, errors);
    if (errors.any()) co_return errors.error();
    const auto email = normal_email(given_email.value_or(""));
    const LoginNews::Try who{.email = email.value_or(""), .address = address_of(request)};
    if (auto let_in = co_await count_try(who, context); !let_in) co_return let_in.error();
    auto known = co_await known_by(who, password.value_or(""), context);
    if (!known) co_return std::move(known).error();
    if (passwords_.needs_new_hash(std::string(text_at(known->secret, "password_hash")))) {
        co_await renew_hash(known->secret, *password, context);
    }
    co_await news_.logged_in(who, known->user, std::move(context));
    co_return tokens_.issue(known->user, Seconds(number_at(known->secret, "valid_from")));
}

Task<Result<Users::Target>> Users::known_by(LoginNews::Try who, std::string password,
                                            Context context) {
    if (who.email.empty() || password.empty()) {
        co_return co_await refuse(std::move(who), "incomplete", std::move(context));
    }
    const auto secret = co_await parts_.store.find(kSecretCollection, kByEmail, who.email, context);
    if (!secret) co_return secret.error();
    std::string hash;
    if (secret->has_value()) hash = text_at(**secret, "password_hash");
    const auto is_right = co_await passwords_.check(std::move(password), hash);
    if (!is_right) co_return is_right.error();
    const auto user = co_await parts_.store.find(kUserCollection, kByEmail, who.email, context);
    if (!user) co_return user.error();
    if (!user->has_value()) {
        co_return co_await refuse(std::move(who), "unknown_user", std::move(context));
    }
    who.user = number_at(**user, "id");
    if (!*is_right) {
        co_return co_await refuse(std::move(who), "wrong_password", std::move(context));
    }
    if (!flag_at(**user, "active")) {
        co_return co_await refuse(std::move(who), "switched_off", std::move(context));
    }
    co_return Target{**user, **secret};
}

Task<Error> Users::refuse(LoginNews::Try who, std::string_view reason, Context context) {
    co_await news_.failed(std::move(who), reason, std::move(context));
    co_return wrong_password();
}

// Costs have been raised since. Where it fails, the next log-in tries again.
Task<> Users::renew_hash(bj::object secret, std::string password, Context context) {
    const auto hash = co_await passwords_.hash(std::move(password));
    if (!hash) co_return;
    bj::array changes;
    changes.push_back(change::update(kSecretCollection, secret, {{"password_hash", *hash}}));
    const auto done = co_await parts_.store.apply(std::move(changes), std::move(context));
    if (!done) parts_.host.log().warn("accounts.hash_not_renewed", done.error().message);
}

Task<Result<bj::object>> Users::asking(Context context) {
    const auto id = context.principal_type() == "user"
                        ? json::to_integer(context.principal_id()).value_or(0)
                        : 0;
    if (id <= 0) {
        co_return Error{SW_PERMISSION_DENIED, "These credentials are no user's.", {}, {}};
    }
    const auto user = co_await parts_.store.find(kUserCollection, id, std::move(context));
    if (!user) co_return user.error();
    if (!user->has_value()) co_return no_such_user();
    co_return bj::object(**user);
}

Task<Result<Buffer>> Users::me(Context context) {
    const auto user = co_await asking(std::move(context));
    if (!user) co_return user.error();
    co_return to_buffer(*user);
}

// Ends every log-in but the new one that it answers with.
Task<Result<Buffer>> Users::change_password(std::string request, Context context) {
    const auto body = read_body(request, kWrapper);
    if (!body) co_return body.error();
    FieldErrors errors;
    const auto password = read_password(*body, errors);
    const auto current = read_text(*body, "current_password", kMaxName, errors);
    need(*body, "current_password", errors);
    need(*body, "password", errors);
    refuse_unknown(*body, request, {"current_password", "password"}, errors);
    if (errors.any()) co_return errors.error();
    const auto user = co_await asking(context);
    if (!user) co_return user.error();
    const std::string email(text_at(*user, "email"));
    const LoginNews::Try who{
        .email = email, .address = address_of(request), .user = number_at(*user, "id")};
    if (auto let_in = co_await count_try(who, context); !let_in) co_return let_in.error();
    const auto secret = co_await parts_.store.find(kSecretCollection, kByEmail, email, context);
    if (!secret) co_return secret.error();
    if (!secret->has_value()) co_return Error::internal("a user has no secret");
    const auto is_right =
        co_await passwords_.check(*current, std::string(text_at(**secret, "password_hash")));
    if (!is_right) co_return is_right.error();
    if (!*is_right) {
        co_await news_.failed(who, "wrong_password", context);
        errors.add("current_password", "wrong", "is wrong");
        co_return errors.error();
    }
    const auto hash = co_await passwords_.hash(*password);
    if (!hash) co_return hash.error();
    const auto valid_from =
        std::max(parts_.now().count(), std::int64_t(number_at(**secret, "valid_from"))) + 1;
    bj::array changes;
    changes.push_back(change::update(kSecretCollection, **secret,
                                     {{"password_hash", *hash}, {"valid_from", valid_from}}));
    changes.push_back(password_changed(*user));
    const auto done = co_await parts_.store.apply(std::move(changes), context);
    if (!done) co_return done.error();
    parts_.teller.tell("user", number_at(*user, "id"), context);
    co_return tokens_.issue(*user, Seconds(valid_from));
}

Task<Result<Buffer>> Users::list(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto page =
        co_await list_records(parts_, kUserCollection, std::move(request), std::move(context));
    if (!page) co_return page.error();
    co_return to_buffer(*page);
}

Task<Result<Buffer>> Users::get(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto id = id_of(request);
    const auto user = co_await parts_.store.find(kUserCollection, id, std::move(context));
    if (!user) co_return user.error();
    if (!user->has_value()) co_return no_such_user();
    co_return to_buffer(**user);
}

Task<Result<Buffer>> Users::create(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto body = read_body(request, kWrapper);
    if (!body) co_return body.error();
    auto wanted = Change::read(*body, request, true);
    if (!wanted) co_return std::move(wanted).error();
    NewUser user{.record = wanted->fields(), .password = *wanted->password};
    const auto added = co_await add(std::move(user), std::move(context));
    if (!added) co_return added.error();
    co_return to_buffer(*added);
}

Task<Result<Users::Target>> Users::target_of(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto user = co_await parts_.store.find(kUserCollection, id_of(request), context);
    if (!user) co_return user.error();
    if (!user->has_value()) co_return no_such_user();
    if (auto fits = check_version(request, **user); !fits) co_return std::move(fits).error();
    const auto secret = co_await parts_.store.find(kSecretCollection, kByEmail,
                                                   std::string(text_at(**user, "email")), context);
    if (!secret) co_return secret.error();
    if (!secret->has_value()) co_return Error::internal("a user has no secret");
    co_return Target{**user, **secret};
}

// Fails where nobody but `user` could administer the host.
Task<Result<>> Users::keep_an_admin(bj::object user, Context context) {
    if (!is_counting_admin(user)) co_return ok();
    bj::array both;
    both.push_back({{"field", "role"}, {"op", "eq"}, {"value", "admin"}});
    both.push_back({{"field", "active"}, {"op", "eq"}, {"value", true}});
    bj::object filter;
    filter["and"] = std::move(both);
    bj::object query{{"collection", kUserCollection}, {"limit", 2}};
    query["filter"] = std::move(filter);
    const auto admins = co_await parts_.store.query(std::move(query), std::move(context));
    if (!admins) co_return admins.error();
    if (admins->at("records").as_array().size() > 1) co_return ok();
    co_return Error{SW_FAILED_PRECONDITION,
                    "The last administrator stays one.",
                    {},
                    json::Writer().text("code", names::kLastAdmin).take()};
}

Task<Result<Buffer>> Users::update(std::string request, Context context) {
    auto target = co_await target_of(request, context);
    if (!target) co_return std::move(target).error();
    const auto body = read_body(request, kWrapper);
    if (!body) co_return body.error();
    auto wanted = Change::read(*body, request, false);
    if (!wanted) co_return std::move(wanted).error();
    if (json::find_member(request, "replace") == "true" && !wanted->email) {
        FieldErrors errors;
        errors.add("email", "required", "is required");
        co_return errors.error();
    }
    const auto& user = target->user;
    const bool is_demoted = (wanted->role && *wanted->role != "admin") || wanted->active == false;
    if (is_demoted) {
        const auto kept = co_await keep_an_admin(user, context);
        if (!kept) co_return kept.error();
    }
    bj::object hidden;
    if (wanted->email) hidden["email"] = *wanted->email;
    if (wanted->password) {
        auto hash = co_await passwords_.hash(*wanted->password);
        if (!hash) co_return std::move(hash).error();
        hidden["password_hash"] = *hash;
    }
    // Log-ins from before have ended, also where the user is switched on again later. Beyond every
    // token that was issued, also in this second.
    if (wanted->password || wanted->active == false) {
        const auto before = number_at(target->secret, "valid_from");
        hidden["valid_from"] = std::max(parts_.now().count(), before) + 1;
    }
    bj::array changes;
    changes.push_back(change::update(kUserCollection, user, wanted->fields()));
    changes.push_back(change::event(names::kUserUpdated, subject_of(user), 0,
                                    told_changes(user, wanted->fields(), !!wanted->password)));
    if (!hidden.empty()) {
        changes.push_back(change::update(kSecretCollection, target->secret, std::move(hidden)));
    }
    const auto results = co_await parts_.store.apply(std::move(changes), context);
    if (!results) co_return results.error();
    parts_.teller.tell("user", number_at(user, "id"), context);
    co_return to_buffer(results->at(0).as_object());
}

Task<Result<Buffer>> Users::remove(std::string request, Context context) {
    auto target = co_await target_of(request, context);
    if (!target) co_return std::move(target).error();
    const auto& user = target->user;
    const auto kept = co_await keep_an_admin(user, context);
    if (!kept) co_return kept.error();
    bj::array changes;
    changes.push_back(change::erase(kUserCollection, user));
    changes.push_back(change::erase(kSecretCollection, target->secret));
    changes.push_back(change::event(names::kUserDeleted, subject_of(user), 0));
    const auto results = co_await parts_.store.apply(std::move(changes), context);
    if (!results) co_return results.error();
    parts_.teller.tell("user", number_at(user, "id"), context);
    co_return to_buffer(user);
}

}  // namespace streamwall::accounts
