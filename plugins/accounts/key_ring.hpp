// The keys that log-in tokens are signed with (Ed25519), and their file.
//
// The newest key signs. A key that was replaced still verifies for as long as tokens live; then it
// goes. What others need to verify is published as a JWK set (RFC 7517, RFC 8037).
#pragma once

#include "crypto.hpp"

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::accounts {

using Seconds = std::chrono::seconds;  // since 1970 where it is a moment

struct SigningKey {
    std::string id;  // names the key in tokens; derived from its public part
    Seconds made_at{};
    crypto::KeyPair pair;
};

class KeyRing {
  public:
    // A ring of one new key.
    static KeyRing make(Seconds now);
    // {"keys":[{"created_at","seed"}]}, oldest first.
    static std::expected<KeyRing, std::string> parse(std::string_view text);
    std::string render() const;

    const SigningKey& current() const { return keys_.back(); }
    const SigningKey* find(std::string_view id) const;
    std::size_t size() const { return keys_.size(); }

    // Begins a new key where the current one is older than `period`, and drops those whose tokens
    // have all ended, `lifetime` after they were replaced. True where anything changed.
    bool rotate(Seconds now, Seconds period, Seconds lifetime);

    // {"keys":[{"kty":"OKP","crv":"Ed25519",…}]}, public parts alone.
    std::string public_set() const;

  private:
    void add(Seconds made_at, std::string_view seed);
    std::vector<SigningKey> keys_;  // never empty; oldest first
};

// The ring in `path` (mode 0600), made there where it is missing. Why not, as text.
std::expected<KeyRing, std::string> load_or_make_ring(const std::string& path, Seconds now);
// Complete before it has its name. Why not, as text.
std::expected<void, std::string> save_ring(const std::string& path, const KeyRing& ring);

}  // namespace streamwall::accounts
