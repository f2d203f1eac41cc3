#include "token_authenticator.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::http_server {
namespace {

namespace json = boost::json;

// The reply of `verify`, with texts that its principal points into.
struct Texts {
    std::string type, id, name, role, scopes;
};

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

struct Parsed {
    Principal principal;
    std::int64_t expires_ms = 0;
};

std::optional<Parsed> parse(std::string_view body) {
    boost::system::error_code failed;
    const auto value = json::parse(body, failed);
    const auto* object = failed ? nullptr : value.if_object();
    const auto* given = object ? object->if_contains("principal") : nullptr;
    const auto* expires = object ? object->if_contains("expires_at") : nullptr;
    if (!given || !given->is_object() || !expires || !expires->is_int64()) return std::nullopt;
    const auto& from = given->get_object();
    const auto texts = std::make_shared<const Texts>(
        Texts{text_of(from, "type"), text_of(from, "id"), text_of(from, "name"),
              text_of(from, "role"), text_of(from, "scopes")});
    if (texts->type.empty() || texts->type == "anonymous" || texts->id.empty()) return std::nullopt;
    Parsed out;
    out.expires_ms = expires->get_int64();
    out.principal = {.type = texts->type,
                     .id = texts->id,
                     .name = texts->name,
                     .role = texts->role,
                     .scopes = texts->scopes,
                     .rate_id = rate_id_of(texts->type, texts->id),
                     .has_service_rate = text_of(*object, "rate_class") == "service",
                     .texts = texts};
    return out;
}

}  // namespace

std::array<std::uint8_t, 16> rate_id_of(std::string_view type, std::string_view id) {
    const auto digest = digest_of(std::string(type).append("/").append(id));
    std::array<std::uint8_t, 16> out{};
    std::copy_n(digest.begin(), out.size(), out.begin());
    return out;
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
    auto& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(digest);
    if (found == shard.entries.end()) return {Verdict::State::kUnknown};
    if (found->second.until > outside_.now()) return Verdict::valid(found->second.principal);
    shard.entries.erase(found);
    return {Verdict::State::kUnknown};
}

void TokenAuthenticator::verify(std::string_view token, std::function<void(Verdict)> done) {
    const auto digest = digest_of(token);
    const auto request = json::serialize(json::object{{"token", token}});
    outside_.ask(request, [this, digest, changes = changes_.load(), done = std::move(done)](
                              const Reply& reply) { done(learn(digest, reply, changes)); });
}

Verdict TokenAuthenticator::learn(const TokenDigest& digest, const Reply& reply,
                                  std::uint64_t changes) {
    if (reply.body.empty()) {
        return {reply.is_refusal ? Verdict::State::kRefused : Verdict::State::kUnavailable};
    }
    auto parsed = parse(reply.body);
    if (!parsed) return {Verdict::State::kUnavailable};
    const std::chrono::milliseconds left(parsed->expires_ms - outside_.wall_ms());
    if (left.count() <= 0) return {};
    const Entry entry{parsed->principal,
                      outside_.now() + std::min<std::chrono::milliseconds>(left, kKept)};
    if (changes == changes_.load()) keep(digest, entry);
    // forget() may have run in between: it clears after it has counted.
    if (changes != changes_.load()) {
        auto& shard = shard_of(digest);
        const std::lock_guard lock(shard.mutex);
        shard.entries.erase(digest);
    }
    return Verdict::valid(std::move(parsed->principal));
}

void TokenAuthenticator::keep(const TokenDigest& digest, const Entry& entry) {
    auto& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    if (shard.entries.size() >= kPerShard) {
        std::erase_if(shard.entries, [now = outside_.now()](const auto& each) {
            return each.second.until <= now;
        });
    }
    if (shard.entries.size() >= kPerShard) shard.entries.erase(shard.entries.begin());
    shard.entries.insert_or_assign(digest, entry);
}

void TokenAuthenticator::forget(std::string_view type, std::string_view id) {
    ++changes_;
    for (auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        std::erase_if(shard.entries, [&](const auto& each) {
            return each.second.principal.type == type && each.second.principal.id == id;
        });
    }
}

std::size_t TokenAuthenticator::size() const {
    std::size_t total = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        total += shard.entries.size();
    }
    return total;
}

}  // namespace streamwall::http_server
