#include "jwt.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace streamwall::accounts::jwt {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxToken = 8 * 1024;
constexpr std::size_t kMaxId = 255;
constexpr Seconds kClockSkew{5};  // between machines that issue and verify

struct Parts {
    std::string_view signed_text;  // header and payload with their dot
    bj::object header;
    bj::object payload;
    std::string signature;
};

std::optional<bj::object> decode_object(std::string_view text) {
    const auto bytes = crypto::from_base64url(text);
    if (!bytes) return std::nullopt;
    auto value = json::parse_strict(*bytes);
    if (!value || !value->is_object()) return std::nullopt;
    return std::move(value->get_object());
}

std::optional<Parts> split(std::string_view token) {
    if (token.size() > kMaxToken) return std::nullopt;
    const auto first = token.find('.');
    if (first == token.npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
    auto header = decode_object(token.substr(0, first));
    auto payload = decode_object(token.substr(first + 1, second - first - 1));
    auto signature = crypto::from_base64url(token.substr(second + 1));
    if (!header || !payload || !signature) return std::nullopt;
    return Parts{token.substr(0, second), std::move(*header), std::move(*payload),
                 std::move(*signature)};
}

std::string_view text_of(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool is_services(const bj::object& payload) {
    return text_of(payload, "type") == "service";
}

std::optional<Flaw> check_signature(const Parts& parts, const Rules& rules) {
    // RFC 7515 4.1.11: an extension that must be understood, and is not.
    if (parts.header.contains("crit")) return Flaw::kAlgorithm;
    const auto algorithm = text_of(parts.header, "alg");
    const bool is_service = is_services(parts.payload);
    if (algorithm == "EdDSA" && !is_service) {
        const auto* key = rules.ring.find(text_of(parts.header, "kid"));
        if (key == nullptr) return Flaw::kUnknownKey;
        if (crypto::is_signed_by(key->pair.public_key, parts.signed_text, parts.signature)) {
            return std::nullopt;
        }
        return Flaw::kSignature;
    }
    const auto secret = is_service ? rules.service_secret : rules.shared_secret;
    if (algorithm != "HS256" || secret.empty()) return Flaw::kAlgorithm;
    const auto expected = crypto::hmac_sha256(secret, parts.signed_text);
    const std::string_view tag(reinterpret_cast<const char*>(expected.data()), expected.size());
    return crypto::equal(tag, parts.signature) ? std::nullopt : std::optional(Flaw::kSignature);
}

// A moment; nothing where the claim is missing or no whole number.
std::optional<Seconds> moment(const bj::object& payload, std::string_view name) {
    const auto* value = payload.if_contains(name);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    constexpr std::int64_t kFarAway = std::int64_t{1} << 40;  // adding to it never overflows
    return Seconds(std::clamp(value->get_int64(), -kFarAway, kFarAway));
}

std::optional<Flaw> check_times(const bj::object& payload, Seconds now) {
    const auto expires_at = moment(payload, "exp");
    if (!expires_at) return Flaw::kNoExpiry;
    if (*expires_at <= now) return Flaw::kExpired;
    for (const std::string_view name : {"nbf", "iat"}) {
        if (!payload.contains(name)) continue;
        const auto from = moment(payload, name);
        if (!from) return Flaw::kMalformed;
        if (*from > now + kClockSkew) return Flaw::kNotYetValid;
    }
    return std::nullopt;
}

bool is_for(const bj::value& audience, std::string_view name) {
    if (audience.is_null()) return true;
    if (audience.is_string()) return audience.get_string() == name;
    const auto* list = audience.if_array();
    return list && std::ranges::any_of(*list, [&](const bj::value& each) {
               return each.is_string() && each.get_string() == name;
           });
}

// `sub` is the id as text; old clients also have the number, or `user_id`.
std::int64_t user_id_of(const bj::object& payload) {
    for (const std::string_view name : {"sub", "user_id"}) {
        const auto* value = payload.if_contains(name);
        if (value == nullptr) continue;
        if (value->is_int64()) return value->get_int64();
        if (value->is_string()) return json::to_integer(value->get_string()).value_or(0);
        return 0;
    }
    return 0;
}

std::string finish(const bj::object& header, const Issue& issue) {
    const auto& claims = issue.claims;
    const bj::object payload{{"iss", issue.issuer},
                             {"sub", std::to_string(claims.user_id)},
                             {"jti", claims.id},
                             {"iat", claims.issued_at.count()},
                             {"exp", claims.expires_at.count()}};
    return crypto::to_base64url(bj::serialize(header)) + "." +
           crypto::to_base64url(bj::serialize(payload));
}

}  // namespace

std::string_view to_string(Flaw flaw) {
    switch (flaw) {
        case Flaw::kMalformed:
            return "malformed";
        case Flaw::kAlgorithm:
            return "algorithm";
        case Flaw::kUnknownKey:
            return "unknown_key";
        case Flaw::kSignature:
            return "signature";
        case Flaw::kNoExpiry:
            return "no_expiry";
        case Flaw::kExpired:
            return "expired";
        case Flaw::kNotYetValid:
            return "not_yet_valid";
        case Flaw::kOtherAudience:
            return "other_audience";
        case Flaw::kOtherIssuer:
            return "other_issuer";
        case Flaw::kNoUser:
            return "no_user";
        case Flaw::kNoService:
            return "no_service";
    }
    return "unknown";
}

std::expected<Claims, Flaw> verify(std::string_view token, const Rules& rules) {
    const auto parts = split(token);
    if (!parts) return std::unexpected(Flaw::kMalformed);
    if (const auto flaw = check_signature(*parts, rules)) return std::unexpected(*flaw);
    const auto& payload = parts->payload;
    if (const auto flaw = check_times(payload, rules.now)) return std::unexpected(*flaw);
    if (payload.contains("iss") && text_of(payload, "iss") != rules.issuer) {
        return std::unexpected(Flaw::kOtherIssuer);
    }
    if (const auto* audience = payload.if_contains("aud");
        audience && !is_for(*audience, rules.issuer)) {
        return std::unexpected(Flaw::kOtherAudience);
    }
    Claims out;
    if (is_services(payload)) {
        out.service = text_of(payload, "service");
        if (out.service.empty()) return std::unexpected(Flaw::kNoService);
    } else {
        out.user_id = user_id_of(payload);
        if (out.user_id <= 0) return std::unexpected(Flaw::kNoUser);
    }
    out.id = text_of(payload, "jti");
    if (out.id.empty() || out.id.size() > kMaxId) out.id = crypto::sha256_hex(token);
    out.issued_at = moment(payload, "iat").value_or(Seconds(0));
    out.expires_at = *moment(payload, "exp");
    return out;
}

std::string sign(const Issue& issue, const SigningKey& key) {
    auto text = finish({{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", key.id}}, issue);
    const auto signature = crypto::sign(key.pair, text);
    return text + "." + crypto::to_base64url(signature);
}

std::string sign_shared(const Issue& issue, std::string_view secret) {
    auto text = finish({{"alg", "HS256"}, {"typ", "JWT"}}, issue);
    const auto tag = crypto::hmac_sha256(secret, text);
    return text + "." +
           crypto::to_base64url({reinterpret_cast<const char*>(tag.data()), tag.size()});
}

}  // namespace streamwall::accounts::jwt
