// JSON Web Tokens (RFC 7519) in the compact form, as far as log-in needs them: EdDSA with our own
// keys, and HS256 with a secret that old clients share. And as services need them, which sign their
// own: HS256 with a secret that is theirs alone. Pure functions.
//
// The key decides about the algorithm, never the token: a token that names a key is EdDSA, one that
// says HS256 is checked against the one secret of its type, and nothing else is taken.
#pragma once

#include "key_ring.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace streamwall::accounts::jwt {

struct Claims {
    std::int64_t user_id = 0;  // `sub`; 0 where it is a service's
    std::string service = {};  // `service`, where `type` says that it is one's; else empty
    std::string id;            // `jti`; the token's own hash where it has none
    Seconds issued_at{};
    Seconds expires_at{};
};

// Why a token is refused. Callers learn no more than that it was; tests and logs do.
enum class Flaw {
    kMalformed,
    kAlgorithm,
    kUnknownKey,
    kSignature,
    kNoExpiry,
    kExpired,
    kNotYetValid,
    kOtherAudience,
    kOtherIssuer,
    kNoUser,
    kNoService,
};
std::string_view to_string(Flaw flaw);

struct Rules {
    const KeyRing& ring;
    std::string_view shared_secret;  // empty: HS256 is refused
    std::string_view issuer;
    Seconds now{};
    std::string_view service_secret = {};  // empty: tokens of services are refused
};

std::expected<Claims, Flaw> verify(std::string_view token, const Rules& rules);

// What a token that we issue says beside its claims.
struct Issue {
    std::string_view issuer;
    Claims claims;
};
std::string sign(const Issue& issue, const SigningKey& key);
std::string sign_shared(const Issue& issue, std::string_view secret);

}  // namespace streamwall::accounts::jwt
