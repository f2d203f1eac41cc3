#include "passwords.hpp"

#include <new>

namespace streamwall::accounts {
namespace {

constexpr std::size_t kNobodysLength = 24;

// Exceptions must not leave work on the pool.
std::optional<std::string> try_hash(std::string_view password, const crypto::PasswordCost& cost) {
    try {
        return crypto::hash_password(password, cost);
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

}  // namespace

Passwords::Passwords(const Parts& parts)
    : host_(parts.host),
      cost_{.passes = parts.settings.password_passes,
            .memory = parts.settings.password_memory_kib << 10} {}

Error Passwords::busy() {
    return {
        SW_RESOURCE_EXHAUSTED, "too many passwords are being checked", {}, R"({"retry_after":1})"};
}

Task<Result<std::string>> Passwords::hash(std::string password) {
    if (under_way_ >= kMostAtOnce) co_return busy();
    const Turn turn(under_way_);
    auto made = co_await coro::blocking(
        host_, [password = std::move(password), cost = cost_] { return try_hash(password, cost); });
    if (!made) co_return busy();
    co_return std::move(*made);
}

Task<Result<bool>> Passwords::check(std::string password, std::string hash) {
    if (under_way_ >= kMostAtOnce) co_return busy();
    const Turn turn(under_way_);
    if (nobody_.empty()) {
        auto made = co_await coro::blocking(
            host_, [cost = cost_] { return try_hash(crypto::random_bytes(kNobodysLength), cost); });
        if (!made) co_return busy();
        nobody_ = std::move(*made);
    }
    const auto against = hash.empty() ? nobody_ : std::move(hash);
    const bool same = co_await coro::blocking(host_, [password = std::move(password), against] {
        return crypto::is_password(password, against);
    });
    co_return same;
}

bool Passwords::needs_new_hash(const std::string& hash) const {
    return crypto::needs_new_hash(hash, cost_);
}

}  // namespace streamwall::accounts
