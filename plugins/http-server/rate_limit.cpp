#include "rate_limit.hpp"

#include "text.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

namespace streamwall::http_server {
namespace {

constexpr std::uint32_t kMaxLimit = 60'000;  // a second's counter has 16 bits

}  // namespace

std::optional<RateLimits> RateLimits::parse(std::string_view text) {
    if (text == "off") return std::nullopt;
    RateLimits limits;
    std::uint32_t* parts[] = {&limits.address, &limits.user, &limits.key};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto end = text.find('/');
        const auto value = parse_decimal(text.substr(0, end));
        if (!value || *value == 0 || *value > kMaxLimit ||
            (end == std::string_view::npos) != (i == 2)) {
            throw std::invalid_argument(
                "expected \"off\" or three numbers from 1 to 60000 like \"60/600/6000\"");
        }
        *parts[i] = static_cast<std::uint32_t>(*value);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return limits;
}

RateKey address_key(const std::array<std::uint8_t, 16>& address) {
    RateKey key{RateKey::Kind::kAddress, address};
    constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (std::memcmp(address.data(), kMapped, sizeof kMapped) != 0) {
        std::fill(key.id.begin() + 8, key.id.end(), std::uint8_t{0});
    }
    return key;
}

std::size_t RateLimiter::Hash::operator()(const RateKey& key) const {
    std::uint64_t words[2];
    std::memcpy(words, key.id.data(), sizeof words);
    std::uint64_t value = seed ^ static_cast<std::uint64_t>(key.kind);
    for (const auto word : words) {
        value = (value ^ word) * 0x9E3779B97F4A7C15u;
        value ^= value >> 32;
    }
    return value;
}

RateLimiter::RateLimiter() : hash_{} {
    std::random_device random;
    hash_.seed = (static_cast<std::uint64_t>(random()) << 32) | random();
    for (auto& shard : by_number_)
        shard = &shards_.emplace_back(hash_.seed);
}

RateVerdict RateLimiter::count(const RateKey& key, std::uint32_t limit, std::int64_t now) {
    Shard& shard = *by_number_[(hash_(key) >> 40) % kShards];
    const std::lock_guard lock(shard.mutex);
    Window& window = find(shard, key, now);
    advance(window, now);
    RateVerdict verdict{.limit = limit};
    verdict.allowed = window.sum < limit;
    if (verdict.allowed) {
        ++window.passed[static_cast<std::size_t>(window.last % kSeconds)];
        ++window.sum;
    }
    verdict.remaining = limit > window.sum ? limit - window.sum : 0;
    verdict.reset_after = seconds_to_oldest(window);
    return verdict;
}

std::size_t RateLimiter::size() const {
    std::size_t size = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        size += shard.windows.size();
    }
    return size;
}

void RateLimiter::advance(Window& window, std::int64_t now) {
    if (now <= window.last) return;
    const auto steps = std::min<std::int64_t>(now - window.last, kSeconds);
    for (std::int64_t i = 1; i <= steps; ++i) {
        auto& slot = window.passed[static_cast<std::size_t>((window.last + i) % kSeconds)];
        window.sum -= slot;
        slot = 0;
    }
    if (steps == kSeconds) window.passed.fill(0);
    window.last = now;
}

std::uint32_t RateLimiter::seconds_to_oldest(const Window& window) {
    for (int age = kSeconds - 1; age >= 0; --age) {
        const auto second = window.last - age;
        if (second >= 0 && window.passed[static_cast<std::size_t>(second % kSeconds)] > 0) {
            return static_cast<std::uint32_t>(kSeconds - age);
        }
    }
    return 0;
}

RateLimiter::Window& RateLimiter::find(Shard& shard, const RateKey& key, std::int64_t now) {
    const auto found = shard.index.find(key);
    if (found != shard.index.end()) {
        shard.windows.splice(shard.windows.begin(), shard.windows, found->second);
        return shard.windows.front();
    }
    if (shard.windows.size() == kWindowsPerShard) {
        shard.index.erase(shard.windows.back().key);
        shard.windows.pop_back();
    }
    shard.windows.emplace_front();
    shard.windows.front().key = key;
    shard.windows.front().last = now;
    shard.index.emplace(key, shard.windows.begin());
    return shard.windows.front();
}

}  // namespace streamwall::http_server
