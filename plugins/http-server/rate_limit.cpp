#include "rate_limit.hpp"

#include "text.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>

namespace streamwall::http_server {
namespace {

constexpr std::uint32_t kMaxLimit = 100'000'000;  // the sum of a minute has 32 bits
constexpr std::uint32_t kFirstShare = 8;

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
                "expected \"off\" or three numbers from 1 to 100000000 like \"60/600/6000\"");
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
    RateVerdict verdict{.limit = limit};
    bool is_urgent = false;
    {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        Window& window = find(shard, key, now);
        window.passed.advance(now);
        verdict.allowed = window.passed.sum < limit &&
                          (!window.sharing || is_within_share(*window.sharing, limit, now));
        if (verdict.allowed) {
            window.passed.add(window.passed.last, 1);
            is_urgent = window.sharing && note(window, now);
        }
        verdict.remaining = limit > window.passed.sum ? limit - window.passed.sum : 0;
        verdict.reset_after = seconds_to_oldest(window.passed);
    }
    if (is_urgent) urge_();
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

void RateLimiter::Counters::advance(std::int64_t now) {
    if (now <= last) return;
    const auto steps = std::min<std::int64_t>(now - last, kSeconds);
    for (std::int64_t i = 1; i <= steps; ++i)
        sum -= std::exchange(at(last + i), std::uint32_t{0});
    if (steps == kSeconds) by_second.fill(0);
    last = now;
}

void RateLimiter::Counters::add(std::int64_t second, std::uint32_t count) {
    if (second < 0 || second <= last - kSeconds || second > last) return;
    auto& counter = at(second);
    const auto more = std::min(count, std::numeric_limits<std::uint32_t>::max() - sum);
    counter += more;
    sum += more;
}

void RateLimiter::Counters::add(const Counters& other) {
    for (std::int64_t age = 0; age < kSeconds && age <= last; ++age)
        add(last - age, other.by_second[static_cast<std::size_t>((last - age) % kSeconds)]);
}

std::uint32_t RateLimiter::seconds_to_oldest(Counters& passed) {
    for (int age = kSeconds - 1; age >= 0; --age) {
        const auto second = passed.last - age;
        if (second >= 0 && passed.at(second) > 0) {
            return static_cast<std::uint32_t>(kSeconds - age);
        }
    }
    return 0;
}

// ---- sharing ----

void RateLimiter::share(std::function<void()> urge) {
    urge_ = std::move(urge);
}

// Whether one more may pass on what is known of the others.
bool RateLimiter::is_within_share(Sharing& sharing, std::uint32_t limit, std::int64_t now) const {
    sharing.unreported.advance(now);
    sharing.reported.advance(now);
    sharing.limit = limit;
    if (is_alone()) return true;
    auto share = sharing.share;
    // Nothing is known of a window that was quiet here: a browser's first requests must not wait
    // for an answer, and what the others let pass meanwhile shows with it.
    if (now - sharing.settled > 1) share = std::max({share, kFirstShare, limit / 20});
    return sharing.unreported.sum + sharing.reported.sum < share;
}

bool RateLimiter::is_urgent(const Sharing& sharing) const {
    const auto share = is_alone() ? sharing.limit : sharing.share;
    return !sharing.is_on_its_way && sharing.unreported.sum >= std::max(1U, share / 4);
}

// Counts one for the next report; whether it should leave now.
bool RateLimiter::note(Window& window, std::int64_t now) {
    window.sharing->unreported.add(std::max(now, window.sharing->unreported.last), 1);
    list(window);
    return is_urgent(*window.sharing);
}

void RateLimiter::list(Window& window) {
    if (std::exchange(window.sharing->is_listed, true)) return;
    const std::lock_guard lock(listed_mutex_);
    listed_.push_back(window.key);
}

std::vector<RateLimiter::Report> RateLimiter::take_reports(std::size_t most, std::int64_t now) {
    std::vector<RateKey> keys;
    {
        const std::lock_guard lock(listed_mutex_);
        const auto count = std::min(most, listed_.size());
        keys.assign(listed_.begin(), listed_.begin() + static_cast<std::ptrdiff_t>(count));
        listed_.erase(listed_.begin(), listed_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    std::vector<Report> reports;
    for (const auto& key : keys) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.index.find(key);
        if (found == shard.index.end()) continue;  // it gave way
        auto& sharing = *found->second->sharing;
        sharing.is_listed = false;
        if (sharing.is_on_its_way) continue;  // settle() lists it again
        sharing.is_on_its_way = true;
        sharing.unreported.advance(now);
        const auto last = sharing.unreported.last;  // another thread may be a second ahead
        sharing.reported = std::exchange(sharing.unreported, {});
        sharing.unreported.last = last;
        Report report{key, {}};
        for (std::int64_t age = 0; age < kSeconds && age <= last; ++age) {
            const auto count = sharing.reported.at(last - age);
            if (count > 0) report.passed.push_back({static_cast<std::uint32_t>(age), count});
        }
        reports.push_back(std::move(report));
    }
    return reports;
}

bool RateLimiter::settle(const RateKey& key, std::optional<std::span<const Passed>> total,
                         std::int64_t now) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.index.find(key);
    if (found == shard.index.end() || !found->second->sharing->is_on_its_way) return false;
    auto& window = *found->second;
    auto& sharing = *window.sharing;
    sharing.is_on_its_way = false;
    now = std::max({now, window.passed.last, sharing.unreported.last});
    for (auto* counters : {&window.passed, &sharing.unreported, &sharing.reported})
        counters->advance(now);
    if (total) {
        window.passed = {};
        window.passed.last = now;
        for (const auto& each : *total)
            window.passed.add(now - each.age, each.count);
        window.passed.add(sharing.unreported);
        const auto left = sharing.limit > window.passed.sum ? sharing.limit - window.passed.sum : 0;
        const auto parts = std::max(1U, parts_.load(std::memory_order_relaxed));
        // Half of its part: what the others were granted may be on its way still.
        sharing.share = sharing.unreported.sum + (left + 2 * parts - 1) / (2 * parts);
        sharing.settled = now;
    } else {
        sharing.unreported.add(sharing.reported);
    }
    sharing.reported = {};
    sharing.reported.last = now;
    if (sharing.unreported.sum > 0) list(window);
    return total && is_urgent(sharing) && sharing.unreported.sum > 0;
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
    auto& made = shard.windows.front();
    made.key = key;
    made.passed.last = now;
    if (urge_) {
        made.sharing = std::make_unique<Sharing>();
        made.sharing->unreported.last = now;
        made.sharing->reported.last = now;
    }
    shard.index.emplace(key, shard.windows.begin());
    return shard.windows.front();
}

}  // namespace streamwall::http_server
