// The few pieces of libsodium that accounts are built of. Nothing else here includes sodium.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::accounts::crypto {

using Digest = std::array<unsigned char, 32>;

// Base64 with the URL's alphabet and without padding (RFC 4648 5). Decoding takes nothing else: no
// padding, no white space, no bits that do not count.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

// SHA-256 in lower-case hex.
std::string sha256_hex(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view message);
// In a time that does not depend on where they differ.
bool equal(std::string_view a, std::string_view b);

// Random bytes from the system.
std::string random_bytes(std::size_t count);
// `count` characters out of a-z and 0-9.
std::string random_name(std::size_t count);

// Ed25519 (RFC 8032).
struct KeyPair {
    std::string seed;        // 32 bytes; all that has to be kept
    std::string public_key;  // 32 bytes
    std::string secret_key;  // 64 bytes
};
// `seed` has 32 bytes.
KeyPair key_pair_of(std::string_view seed);
std::string sign(const KeyPair& key, std::string_view message);
bool is_signed_by(std::string_view public_key, std::string_view message,
                  std::string_view signature);

// Argon2id (RFC 9106) in the PHC format, which holds salt and costs.
struct PasswordCost {
    std::uint64_t passes = 2;
    std::size_t memory = 19 << 20;  // bytes
    bool operator==(const PasswordCost&) const = default;
};
// Takes tens of milliseconds. Throws std::bad_alloc where the memory is not there.
std::string hash_password(std::string_view password, const PasswordCost& cost);
// Of bcrypt, too (bcrypt.hpp).
bool is_password(std::string_view password, const std::string& hash);
bool needs_new_hash(const std::string& hash, const PasswordCost& cost);

}  // namespace streamwall::accounts::crypto
