#include "token_authenticator.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::http_server {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

PrincipalId id_of(std::string_view text) {
    const auto digest = digest_of(text);
    PrincipalId out{};
    std::copy_n(digest.begin(), out.size(), out.begin());
    return out;
}

// Whom a verified token stands for. As many are kept, all texts are one.
Principal principal_of(const json::object& from) {
    constexpr std::string_view kNames[] = {"type", "id", "name", "role", "scopes"};
    json::array told;
    std::string all;
    for (const auto name : kNames)
        all += told.emplace_back(text_of(from, name)).get_string();
    const auto texts = std::make_shared<const std::string>(std::move(all));
    Principal out;
    std::string_view rest = *texts;
    std::size_t n = 0;
    for (auto* text : {&out.type, &out.id, &out.name, &out.role, &out.scopes}) {
        *text = rest.substr(0, told[n++].get_string().size());
        rest.remove_prefix(text->size());
    }
    out.rate_id = rate_id_of(out.type, out.id);
    out.likeness = id_of(json::serialize(told));
    out.texts = texts;
    return out;
}

// The reply of `verify`.
struct Parsed {
    Principal principal;
    std::int64_t expires_ms = 0;
    std::string teller;
    std::int64_t count = 0;  // of changes that it has told
};

std::optional<Parsed> parse(std::string_view body, std::int64_t wall_ms) {
    boost::system::error_code failed;
    const auto value = json::parse(body, failed);
    const auto* object = failed ? nullptr : value.if_object();
    const auto* given = object ? object->if_contains("principal") : nullptr;
    const auto* expires = object ? object->if_contains("expires_at") : nullptr;
    if (!given || !given->is_object() || !expires || !expires->is_int64()) return std::nullopt;
    Parsed out;
    out.principal = principal_of(given->get_object());
    auto& who = out.principal;
    if (who.type.empty() || who.is_anonymous() || who.id.empty()) return std::nullopt;
    out.expires_ms = expires->get_int64();
    out.teller = text_of(*object, "teller");
    if (const auto* count = object->if_contains("count"); count && count->is_int64()) {
        out.count = count->get_int64();
    }
    who.has_service_rate = text_of(*object, "rate_class") == "service";
    who.ends = Clock::now() + std::chrono::milliseconds(out.expires_ms - wall_ms);
    return out;
}

}  // namespace

PrincipalId rate_id_of(std::string_view type, std::string_view id) {
    return id_of(std::string(type).append("/").append(id));
}

TokenAuthenticator::TokenAuthenticator(std::string_view bootstrap_key, Outside outside)
    : bootstrap_(bootstrap_key), outside_(std::move(outside)) {}

// A JWT has two dots, a service key its mark. Whatever else strangers send costs one hash.
bool TokenAuthenticator::is_worth_asking(std::string_view token) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    return token.size() <= kMaxToken &&
           (token.starts_with("swk_") || std::ranges::count(token, '.') == 2) &&
           std::ranges::all_of(token, is_plain);
}

Verdict TokenAuthenticator::authenticate(std::string_view token) {
    const auto digest = digest_of(token);
    if (auto admin = bootstrap_.find(digest)) return Verdict::valid(std::move(*admin));
    if (!is_worth_asking(token)) return {};
    auto found = cache_.find(digest);
    if (!found) return {Verdict::State::kUnknown};
    if (found->expires_ms <= outside_.wall_ms()) {
        cache_.erase(digest);
        return {Verdict::State::kUnknown};
    }
    const auto now = outside_.now();
    if (!news_.is_current(now) && found->asked + CredentialNews::kSilence <= now) {
        return {Verdict::State::kUnknown};
    }
    const auto due = now - kUseTold;
    if (found->principal.type == "key" && found->asked <= due && cache_.claim(digest, due, now)) {
        verify(token, [](const Verdict&) {});  // nobody waits for it
    }
    return Verdict::valid(std::move(found->principal));
}

void TokenAuthenticator::verify(std::string_view token, std::function<void(Verdict)> done) {
    constexpr int kTries = 3;
    ask(std::string(token), kTries, std::move(done));
}

void TokenAuthenticator::ask(std::string token, int tries, std::function<void(Verdict)> done) {
    const auto request = json::serialize(json::object{{"token", token}});
    const Asked asked{outside_.now(), news_.position()};
    outside_.ask(request, [this, token = std::move(token), tries, asked,
                           done = std::move(done)](const Reply& reply) mutable {
        if (auto verdict = learn(digest_of(token), reply, asked)) {
            return done(std::move(*verdict));
        }
        if (tries <= 1) return done({Verdict::State::kUnavailable});
        ask(std::move(token), tries - 1, std::move(done));
    });
}

std::optional<Verdict> TokenAuthenticator::learn(const TokenDigest& digest, const Reply& reply,
                                                 Asked asked) {
    if (reply.body.empty()) {
        if (!reply.is_refusal) return Verdict{Verdict::State::kUnavailable};
        cache_.erase(digest);
        return Verdict{Verdict::State::kRefused};
    }
    auto parsed = parse(reply.body, outside_.wall_ms());
    if (!parsed) return Verdict{Verdict::State::kUnavailable};
    if (parsed->expires_ms <= outside_.wall_ms()) return Verdict{};
    if (!parsed->teller.empty()) {
        heard({parsed->teller, parsed->count, CredentialNews::Manner::kReply});
    }
    const auto& who = parsed->principal.rate_id;
    cache_.keep(digest, {parsed->principal, parsed->expires_ms, asked.at});
    // forget() may run in between: it clears after it has noted.
    if (news_.has_changed(who, asked.position)) {
        cache_.erase(digest);
        return std::nullopt;
    }
    return Verdict::valid(std::move(parsed->principal));
}

void TokenAuthenticator::forget(const PrincipalId& who) {
    news_.note(who);
    cache_.forget(who);
}

void TokenAuthenticator::heard(const CredentialNews::Told& told) {
    if (!news_.heard(told, outside_.now())) return;
    news_.note_doubt();
    cache_.clear();
    outside_.doubted();
}

}  // namespace streamwall::http_server
