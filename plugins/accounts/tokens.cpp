#include "tokens.hpp"

#include "login_news.hpp"

#include <streamwall/model/rfc3339.hpp>

#include <algorithm>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
namespace names = contracts::accounts;
using std::chrono::milliseconds;

constexpr std::size_t kPrefixLetters = 8;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeySize = 4 + kPrefixLetters + 1 + 43;
// A key that is in use is written down so often and not more.
constexpr milliseconds kUseNoted = std::chrono::minutes(5);

Error refused() {
    return {SW_UNAUTHENTICATED, "The token is not valid.", {}, {}};
}

struct Principal {
    std::string_view type;
    std::string id;
    std::string name;
    std::string role;
    std::string scopes;
    std::string_view rate_class;
    std::int64_t expires_at = 0;
};

// `count` is that of the changes that were told before anything was looked up.
Buffer render(const Principal& principal, const Teller& teller, std::int64_t count) {
    const auto inner = json::Writer()
                           .text("type", principal.type)
                           .text("id", principal.id)
                           .text("name", principal.name)
                           .text("role", principal.role)
                           .text("scopes", principal.scopes)
                           .take();
    return json::Writer()
        .raw("principal", inner)
        .text("rate_class", principal.rate_class)
        .number("expires_at", principal.expires_at)
        .text("teller", teller.name())
        .number("count", count)
        .buffer();
}

std::vector<std::string> scopes_of(const bj::object& key) {
    std::vector<std::string> out;
    const auto* scopes = key.if_contains("scopes");
    if (scopes == nullptr || !scopes->is_array()) return out;
    for (const auto& scope : scopes->get_array()) {
        if (scope.is_string()) out.emplace_back(scope.get_string());
    }
    return out;
}

bool holds(const std::vector<std::string>& scopes, std::string_view wanted) {
    return std::ranges::find(scopes, wanted) != scopes.end();
}

std::string joined(const std::vector<std::string>& scopes) {
    std::string out;
    for (const auto& scope : scopes)
        out.append(out.empty() ? "" : " ").append(scope);
    return out;
}

bj::object logged_out(const bj::object& user, const std::string& address) {
    bj::object data{{"outcome", "done"}};
    if (!address.empty()) data["address"] = address;
    for (const auto* name : {"id", "email", "role", "version"})
        data[name] = user.at(name);
    const auto subject = "user/" + std::to_string(number_at(user, "id"));
    return change::event(names::kUserLoggedOut, subject, std::move(data));
}

// RFC 3339 of whole seconds.
std::string time_of(Seconds moment) {
    return model::format_time(model::UtcTime(milliseconds(moment)));
}

}  // namespace

std::string make_key_text() {
    return std::string(names::kKeyMark) + crypto::random_name(kPrefixLetters) + "_" +
           crypto::to_base64url(crypto::random_bytes(kKeyBytes));
}

std::string_view prefix_of_key(std::string_view key) {
    return key.substr(0, names::kKeyMark.size() + kPrefixLetters);
}

bool is_key_text(std::string_view text) {
    return text.size() == kKeySize && text.starts_with(names::kKeyMark);
}

Result<> Tokens::open_ring() {
    const auto& settings = parts_.settings;
    const auto& file = settings.signing_keys_file;
    auto ring = load_or_make_ring(file, parts_.now());
    if (!ring) return Error::invalid(ring.error(), "signing_keys_file");
    const bool changed =
        ring->rotate(parts_.now(), std::chrono::duration_cast<Seconds>(settings.signing_key_period),
                     std::chrono::duration_cast<Seconds>(settings.token_lifetime));
    if (changed) {
        if (const auto saved = save_ring(file, *ring); !saved) {
            return Error::unavailable(saved.error());
        }
        parts_.host.log().info("accounts.signing_key", "the keys that sign tokens have changed",
                               {{"kid", ring->current().id}, {"keys", ring->size()}});
    }
    parts_.ring = std::move(*ring);
    return ok();
}

std::expected<jwt::Claims, jwt::Flaw> Tokens::check(std::string_view token) const {
    return jwt::verify(token, {.ring = *parts_.ring,
                               .shared_secret = parts_.settings.jwt_secret.reveal(),
                               .issuer = parts_.settings.issuer,
                               .now = parts_.now(),
                               .service_secret = parts_.settings.service_secret.reveal()});
}

Buffer Tokens::issue(const bj::object& user, Seconds valid_from) const {
    const auto& settings = parts_.settings;
    // Whole seconds: who logs in again in the second of a change must not be taken for an old one.
    const auto now = std::max(parts_.now(), valid_from);
    const auto lifetime = std::chrono::duration_cast<Seconds>(settings.token_lifetime);
    const jwt::Issue issue{.issuer = settings.issuer,
                           .claims = {.user_id = number_at(user, "id"),
                                      .id = crypto::to_base64url(crypto::random_bytes(16)),
                                      .issued_at = now,
                                      .expires_at = now + lifetime}};
    const auto token = settings.issue_shared ? jwt::sign_shared(issue, settings.jwt_secret.reveal())
                                             : jwt::sign(issue, parts_.ring->current());
    return json::Writer()
        .text("token", token)
        .text("expires_at", time_of(issue.claims.expires_at))
        .raw("user", bj::serialize(user))
        .buffer();
}

Task<Result<Buffer>> Tokens::verify(std::string token, Context context) {
    if (token.starts_with(names::kKeyMark)) {
        return verify_key(std::move(token), std::move(context));
    }
    return verify_signed(std::move(token), std::move(context));
}

Task<Result<Buffer>> Tokens::verify_signed(std::string token, Context context) {
    auto claims = check(token);
    if (!claims) {
        parts_.host.log().debug("accounts.token_refused", "a signed token is not valid",
                                {{"reason", jwt::to_string(claims.error())}});
        co_return refused();
    }
    if (!claims->service.empty()) co_return verify_service(*claims);
    auto verdict = co_await verify_user(std::move(*claims), std::move(context));
    co_return verdict;
}

// What a service may do is what the operator's list says, whatever its token says.
Result<Buffer> Tokens::verify_service(const jwt::Claims& claims) const {
    const auto* service = find_service(parts_.settings.services, claims.service);
    if (service == nullptr) {
        parts_.host.log().debug("accounts.token_refused",
                                "a service that has signed a token is not on the list");
        return refused();
    }
    const bool is_admin = holds(service->scopes, "admin");
    // A key, for whoever asks what type of principal it is: `service` is the host itself.
    return render({.type = "key",
                   .id = "service:" + service->name,
                   .name = service->name,
                   .role = is_admin ? "admin" : service->role,
                   .scopes = joined(service->scopes),
                   .rate_class = service->rate_class,
                   .expires_at = milliseconds(claims.expires_at).count()},
                  parts_.teller, parts_.teller.count());
}

Task<Result<Buffer>> Tokens::verify_user(jwt::Claims claims, Context context) {
    const auto count = parts_.teller.count();
    const auto revoked =
        co_await parts_.store.find(kRevokedCollection, kByToken, claims.id, context);
    if (!revoked) co_return revoked.error();
    if (revoked->has_value()) co_return refused();
    const auto found = co_await parts_.store.find(kUserCollection, claims.user_id, context);
    if (!found) co_return found.error();
    if (!found->has_value() || !flag_at(**found, "active")) co_return refused();
    const auto& user = **found;
    const auto secret = co_await parts_.store.find(kSecretCollection, kByEmail,
                                                   std::string(text_at(user, "email")), context);
    if (!secret) co_return secret.error();
    // Tokens from before the password was changed, or the user was switched off, have ended.
    if (!secret->has_value() || claims.issued_at < Seconds(number_at(**secret, "valid_from"))) {
        co_return refused();
    }
    co_return render({.type = "user",
                      .id = std::to_string(number_at(user, "id")),
                      .name = name_of(user),
                      .role = std::string(text_at(user, "role")),
                      .scopes = {},
                      .rate_class = flag_at(user, "service") ? "service" : "user",
                      .expires_at = milliseconds(claims.expires_at).count()},
                     parts_.teller, count);
}

Task<Result<Buffer>> Tokens::verify_key(std::string token, Context context) {
    if (!is_key_text(token)) co_return refused();
    const auto count = parts_.teller.count();
    const auto hash = crypto::sha256_hex(token);
    auto found = co_await parts_.store.find(kKeyCollection, kByHash, hash, context);
    if (!found) co_return found.error();
    const bool is_old = !found->has_value();
    if (is_old) {
        found = co_await parts_.store.find(kKeyCollection, kByOldHash, hash, context);
        if (!found) co_return found.error();
    }
    if (!found->has_value()) co_return refused();
    const auto& key = **found;
    const auto now = parts_.host.wall_ms();
    auto ends = refused_from(key, parts_.key_policy());
    if (is_old) ends = std::min(ends, time_at(key, "old_hash_until").value_or(0));
    if (ends <= now || time_at(key, "revoked_at")) co_return refused();
    const auto scopes = scopes_of(key);
    auto principal = render({.type = "key",
                             .id = std::to_string(number_at(key, "id")),
                             .name = std::string(text_at(key, "name")),
                             .role = holds(scopes, "admin") ? "admin" : "",
                             .scopes = joined(scopes),
                             .rate_class = text_at(key, "rate_class"),
                             .expires_at = ends},
                            parts_.teller, count);
    if (time_at(key, "last_used_at").value_or(0) + kUseNoted.count() <= now) {
        co_await note_use(key, std::move(context));
    }
    co_return principal;
}

// When a key was last used is worth knowing, and not worth refusing it where it can't be written.
Task<> Tokens::note_use(bj::object key, Context context) {
    bj::array changes;
    changes.push_back(change::update(kKeyCollection, key, {{"last_used_at", parts_.time_text()}}));
    const auto noted = co_await parts_.store.apply(std::move(changes), std::move(context));
    if (!noted && noted.code() != SW_ABORTED) {
        parts_.host.log().warn("accounts.use_not_noted", noted.error().message,
                               {{"key", number_at(key, "id")}});
    }
}

Task<Result<Buffer>> Tokens::log_out(std::string token, std::string address, Context context) {
    const auto claims = check(token);
    if (!claims || !claims->service.empty()) {
        co_return Error{SW_PERMISSION_DENIED, "Only a log-in token can be logged out.", {}, {}};
    }
    const auto user = co_await parts_.store.find(kUserCollection, claims->user_id, context);
    if (!user) co_return user.error();
    bj::object record{{"token", claims->id}, {"expires_at", time_of(claims->expires_at)}};
    bj::array changes;
    changes.push_back(change::insert(kRevokedCollection, std::move(record)));
    if (user->has_value()) changes.push_back(logged_out(**user, address));
    const auto done = co_await parts_.store.apply(std::move(changes), context);
    if (!done && done.code() != SW_ALREADY_EXISTS) co_return done.error();
    parts_.teller.tell("user", claims->user_id, context);
    co_return Buffer("{}");
}

Task<> Tokens::forget_ended(Context context) {
    constexpr std::int64_t kAtOnce = 500;
    for (;;) {
        bj::object filter{{"field", "expires_at"}, {"op", "lt"}, {"value", parts_.time_text()}};
        bj::object query{
            {"collection", kRevokedCollection}, {"limit", kAtOnce}, {"filter", std::move(filter)}};
        const auto page = co_await parts_.store.query(std::move(query), context);
        if (!page) co_return;
        bj::array changes;
        for (const auto& record : page->at("records").as_array())
            changes.push_back(change::erase(kRevokedCollection, record.as_object()));
        if (changes.empty()) co_return;
        const auto done = co_await parts_.store.apply(std::move(changes), context);
        if (!done) co_return;  // another node does the same; the next hour has its turn
    }
}

}  // namespace streamwall::accounts
