// How users come to be: made with a password, or taken over from another system with its hash.
#include "bcrypt.hpp"
#include "users.hpp"

#include <streamwall/sdk/json_scan.hpp>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
namespace names = contracts::accounts;

constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxHash = 255;

Buffer taken(std::int64_t id, bool is_new) {
    return json::Writer().number("id", id).boolean("created", is_new).buffer();
}

}  // namespace

// ALREADY_EXISTS where somebody has the e-mail.
Task<Result<bj::object>> Users::add(NewUser user, Context context) {
    auto hash = co_await passwords_.hash(std::move(user.password));
    if (!hash) co_return std::move(hash).error();
    co_return co_await add_hashed(std::move(user.record), std::move(*hash), std::move(context));
}

// User, secret and event in one step.
Task<Result<bj::object>> Users::add_hashed(bj::object record, std::string hash, Context context) {
    bj::object secret{{"email", record.at("email")}, {"password_hash", hash}};
    bj::array changes;
    changes.push_back(change::insert(kUserCollection, std::move(record)));
    changes.push_back(change::insert(kSecretCollection, std::move(secret)));
    changes.push_back(change::event(names::kUserRegistered, "user/{id}", 0));
    auto results = co_await parts_.store.apply(std::move(changes), std::move(context));
    if (results.code() == SW_ALREADY_EXISTS) {
        co_return Error{SW_ALREADY_EXISTS, "The e-mail address is in use.", "email",
                        R"({"errors":[{"field":"email","code":"taken","message":"is in use"}]})"};
    }
    if (!results) co_return std::move(results).error();
    co_return bj::object(results->at(0).as_object());
}

// Who has the e-mail stays as they are.
Task<Result<Buffer>> Users::take_over(std::string request, Context context) {
    if (!is_admin(context)) co_return not_admin();
    const auto body = read_body(request, "user");
    if (!body) co_return body.error();
    FieldErrors errors;
    const auto email = read_email(*body, errors);
    const auto name = read_text(*body, "display_name", kMaxName, errors);
    const auto role = read_word(*body, "role", {"viewer", "editor", "admin"}, errors);
    const auto service = read_flag(*body, "service", errors);
    const auto hash = read_text(*body, "password_hash", kMaxHash, errors);
    if (records::find_given(*body, "email") == nullptr) {
        errors.add("email", "required", "is required");
    }
    if (!hash || !crypto::is_bcrypt(*hash)) {
        errors.add("password_hash", "format", "is none that can be checked (bcrypt)");
    }
    if (errors.any()) co_return errors.error();
    const auto known = co_await parts_.store.find(kUserCollection, kByEmail, *email, context);
    if (!known) co_return known.error();
    if (known->has_value()) co_return taken(number_at(**known, "id"), false);
    if (json::find_member(request, "dry_run") == "true") co_return taken(0, true);
    bj::object record{{"email", *email}, {"role", role.value_or("viewer")}};
    if (name) record["display_name"] = *name;
    if (service) record["service"] = *service;
    const auto added = co_await add_hashed(std::move(record), *hash, std::move(context));
    if (!added) co_return added.error();
    co_return taken(number_at(*added, "id"), true);
}

}  // namespace streamwall::accounts
