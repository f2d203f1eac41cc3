#include "crypto.hpp"

#include "bcrypt.hpp"

#include <sodium.h>

#include <new>
#include <stdexcept>

namespace streamwall::accounts::crypto {
namespace {

const unsigned char* bytes(std::string_view text) {
    // libsodium wants an address of nothing, too.
    return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}
unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

// Every function passes here first: libsodium chooses its code for this machine once.
void prepare() {
    static const int ready = sodium_init();
    if (ready < 0) throw std::runtime_error("libsodium cannot be used here");
}

constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

}  // namespace

std::string to_base64url(std::string_view from) {
    prepare();
    std::string out(sodium_base64_encoded_len(from.size(), kVariant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes(from), from.size(), kVariant);
    out.pop_back();  // the NUL
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    prepare();
    std::string out(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    if (sodium_base642bin(bytes(out), out.size(), text.data(), text.size(), nullptr, &length, &end,
                          kVariant) != 0 ||
        end != text.data() + text.size()) {
        return std::nullopt;
    }
    out.resize(length);
    return out;
}

std::string sha256_hex(std::string_view from) {
    prepare();
    Digest digest{};
    crypto_hash_sha256(digest.data(), bytes(from), from.size());
    std::string out(2 * digest.size() + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), digest.data(), digest.size());
    out.pop_back();
    return out;
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
    prepare();
    Digest digest{};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes(message), message.size());
    crypto_auth_hmacsha256_final(&state, digest.data());
    return digest;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(std::size_t count) {
    prepare();
    std::string out(count, '\0');
    randombytes_buf(out.data(), out.size());
    return out;
}

std::string random_name(std::size_t count) {
    prepare();
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::string out;
    while (out.size() < count)
        out += kAlphabet[randombytes_uniform(kAlphabet.size())];
    return out;
}

KeyPair key_pair_of(std::string_view seed) {
    prepare();
    if (seed.size() != crypto_sign_SEEDBYTES) throw std::invalid_argument("a seed has 32 bytes");
    KeyPair out{.seed = std::string(seed),
                .public_key = std::string(crypto_sign_PUBLICKEYBYTES, '\0'),
                .secret_key = std::string(crypto_sign_SECRETKEYBYTES, '\0')};
    crypto_sign_seed_keypair(bytes(out.public_key), bytes(out.secret_key), bytes(seed));
    return out;
}

std::string sign(const KeyPair& key, std::string_view message) {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(bytes(signature), nullptr, bytes(message), message.size(),
                         bytes(std::string_view(key.secret_key)));
    return signature;
}

bool is_signed_by(std::string_view public_key, std::string_view message,
                  std::string_view signature) {
    if (signature.size() != crypto_sign_BYTES || public_key.size() != crypto_sign_PUBLICKEYBYTES) {
        return false;
    }
    return crypto_sign_verify_detached(bytes(signature), bytes(message), message.size(),
                                       bytes(public_key)) == 0;
}

std::string hash_password(std::string_view password, const PasswordCost& cost) {
    prepare();
    std::string out(crypto_pwhash_STRBYTES, '\0');
    if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost.passes,
                              cost.memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        throw std::bad_alloc();
    }
    out.resize(out.find('\0'));
    return out;
}

bool is_password(std::string_view password, const std::string& hash) {
    if (is_bcrypt(hash)) return is_bcrypt_password(password, hash);
    prepare();
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

bool needs_new_hash(const std::string& hash, const PasswordCost& cost) {
    prepare();
    return crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.memory) != 0;
}

}  // namespace streamwall::accounts::crypto
