#include "bcrypt.hpp"

#include "crypto.hpp"

#include <crypt.h>

#include <algorithm>
#include <memory>

namespace streamwall::accounts::crypto {
namespace {

constexpr std::size_t kLength = 60;
constexpr int kMinCost = 4;
constexpr int kMaxCost = 15;  // each one more takes twice as long

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_salt_letter(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

}  // namespace

bool is_bcrypt(std::string_view hash) {
    const bool has_form =
        hash.size() == kLength &&
        (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$")) &&
        is_digit(hash[4]) && is_digit(hash[5]) && hash[6] == '$' &&
        std::ranges::all_of(hash.substr(7), is_salt_letter);
    if (!has_form) return false;
    const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
    return cost >= kMinCost && cost <= kMaxCost;
}

bool is_bcrypt_password(std::string_view password, const std::string& hash) {
    if (!is_bcrypt(hash) || password.find('\0') != password.npos) return false;
    const auto memory = std::make_unique<crypt_data>();
    const std::string text(password);
    const char* made = crypt_rn(text.c_str(), hash.c_str(), memory.get(), sizeof(crypt_data));
    return made != nullptr && equal(made, hash);
}

}  // namespace streamwall::accounts::crypto
