// Texts that are kept where others may look: sealed with a secret that is not kept there.
//
// AES-256-GCM under SHA-256 of the secret, with a random nonce (NIST SP 800-38D).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

// Lower-case hex SHA-256 over the parts, each with its length, so that no two lists are alike.
std::string digest_of(std::initializer_list<std::string_view> parts);

// Base64 text. Throws std::runtime_error where the library has no such cipher.
std::string seal(std::string_view secret, std::string_view text);

// Nothing where `sealed` was made with another secret, or changed since.
std::optional<std::string> unseal(std::string_view secret, std::string_view sealed);

}  // namespace streamwall::rest_api
