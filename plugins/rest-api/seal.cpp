#include "seal.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace streamwall::rest_api {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
using Digest = std::array<unsigned char, 32>;
using Hasher = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

void require(bool done) {
    if (!done) throw std::runtime_error("the cryptographic library failed");
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text, std::size_t at) {
    return reinterpret_cast<unsigned char*>(text.data()) + at;
}

Digest hash(std::initializer_list<std::string_view> parts) {
    const Hasher hasher(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    require(hasher && EVP_DigestInit_ex(hasher.get(), EVP_sha256(), nullptr) == 1);
    for (const auto part : parts) {
        const auto length = std::to_string(part.size()) + ":";
        require(EVP_DigestUpdate(hasher.get(), length.data(), length.size()) == 1);
        require(EVP_DigestUpdate(hasher.get(), part.data(), part.size()) == 1);
    }
    Digest out{};
    require(EVP_DigestFinal_ex(hasher.get(), out.data(), nullptr) == 1);
    return out;
}

std::string to_base64(std::string_view text) {
    std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(bytes(out, 0), bytes(text), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    std::string out(text.size() / 4 * 3, '\0');
    const int length = EVP_DecodeBlock(bytes(out, 0), bytes(text), static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    // The library counts the padding as bytes.
    out.resize(static_cast<std::size_t>(length) - (text.ends_with("==") ? 2 : text.ends_with("=")));
    return out;
}

}  // namespace

std::string digest_of(std::initializer_list<std::string_view> parts) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const auto byte : hash(parts)) {
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

std::string seal(std::string_view secret, std::string_view text) {
    const auto key = hash({"seal", secret});
    std::string out(kNonce + text.size() + kTag, '\0');
    require(RAND_bytes(bytes(out, 0), kNonce) == 1);
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int length = 0;
    require(cipher && EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                                         bytes(out, 0)) == 1);
    require(EVP_EncryptUpdate(cipher.get(), bytes(out, kNonce), &length, bytes(text),
                              static_cast<int>(text.size())) == 1);
    const auto end = kNonce + static_cast<std::size_t>(length);
    require(EVP_EncryptFinal_ex(cipher.get(), bytes(out, end), &length) == 1);
    require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, bytes(out, end)) == 1);
    return to_base64(out);
}

std::optional<std::string> unseal(std::string_view secret, std::string_view sealed) {
    auto raw = from_base64(sealed);
    if (!raw || raw->size() < kNonce + kTag) return std::nullopt;
    const auto key = hash({"seal", secret});
    const auto size = raw->size() - kNonce - kTag;
    std::string out(size, '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int length = 0;
    require(cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                                         bytes(*raw, 0)) == 1);
    require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag,
                                bytes(*raw, kNonce + size)) == 1);
    if (EVP_DecryptUpdate(cipher.get(), bytes(out, 0), &length, bytes(*raw, kNonce),
                          static_cast<int>(size)) != 1 ||
        EVP_DecryptFinal_ex(cipher.get(), bytes(out, 0) + length, &length) != 1) {
        return std::nullopt;
    }
    return out;
}

}  // namespace streamwall::rest_api
