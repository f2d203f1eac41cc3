#include "login_tries.hpp"

#include "crypto.hpp"

#include <streamwall/contracts/limits.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace streamwall::accounts {
namespace {

namespace names = contracts::limits;

constexpr std::chrono::seconds kPatience{1};

// An e-mail may be longer than the service's keys, and is nothing to be read there.
std::string shared_key(const std::string& key) {
    return "login/" + crypto::sha256_hex(key);
}

}  // namespace

std::string network_of(const std::string& address) {
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
    if (IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(bytes.data()))) return address;
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

Result<> LoginTries::open(std::optional<LoginLimits::Options> limit) {
    if (!limit) return ok();
    limits_.emplace(*limit);
    const auto check = plugin_.services().resolve(names::kService, names::kCheck);
    if (!check) return check.error();
    check_ = *check;
    return ok();
}

Task<LoginTries::Verdict> LoginTries::take(std::string email, std::string address) {
    if (!limits_) co_return Verdict{};
    std::vector<std::string> keys;
    if (!address.empty()) keys.push_back("address/" + network_of(address));
    if (!email.empty()) keys.push_back("mail/" + email);
    auto refusal = co_await ask(keys);
    if (!refusal) {
        refusal = take_here(keys);
    } else if (refusal->wait.count() == 0) {
        limits_->note(keys, now());
    }
    co_return verdict_of(*refusal);
}

Task<std::optional<LoginTries::Refusal>> LoginTries::ask(std::vector<std::string> keys) {
    const auto& options = limits_->options();
    const auto window = std::chrono::duration_cast<std::chrono::milliseconds>(options.window);
    const auto context = plugin_.host().own_context(kPatience);
    for (const auto& key : keys) {
        const auto limit = static_cast<std::int64_t>(options.tries);
        const auto reply = co_await coro::call(plugin_.services(), check_,
                                               names::check_request(shared_key(key), limit, window),
                                               context.raw());
        if (!reply) co_return std::nullopt;
        if (json::find_member(reply->view(), "allowed") == "true") continue;
        const auto wait = json::to_integer(json::find_member(reply->view(), "retry_after_ms"));
        if (!wait) co_return std::nullopt;
        const auto seconds =
            std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(*wait));
        co_return Refusal{std::max(seconds, std::chrono::seconds(1)), key};
    }
    co_return Refusal{};
}

LoginTries::Refusal LoginTries::take_here(const std::vector<std::string>& keys) {
    const auto moment = now();
    Refusal out{limits_->take(keys, moment), {}};
    if (out.wait.count() == 0) return out;
    out.key = *std::ranges::max_element(
        keys, {}, [&](const auto& key) { return limits_->wait_of(key, moment); });
    return out;
}

LoginTries::Verdict LoginTries::verdict_of(const Refusal& refusal) {
    if (refusal.wait.count() == 0) return {};
    const auto moment = now();
    auto& until = locked_[refusal.key];
    const bool is_known = until > moment;
    if (!is_known) until = moment + refusal.wait;
    if (locked_.size() > kMostLocked) {
        std::erase_if(locked_, [&](const auto& each) { return each.second <= moment; });
        if (locked_.size() > kMostLocked) locked_.clear();
    }
    return {refusal.wait, !is_known};
}

}  // namespace streamwall::accounts
