// Requests in a sliding minute, per address or credential.
//
// A window is 61 counters of one second: never more than the limit passes in any 60 seconds, and no
// list of times is kept. Only requests that pass count. Memory is bounded: past 65,536 windows the
// one that was idle longest gives way.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace streamwall::http_server {

struct RateLimits {
    std::uint32_t address = 60;  // without credentials, or with bad ones
    std::uint32_t user = 600;
    std::uint32_t key = 6000;
    std::uint32_t upgrade = 20000;  // WebSocket handshakes, per address or credential

    // "60/600/6000", or none for "off". Throws std::invalid_argument on anything else.
    static std::optional<RateLimits> parse(std::string_view text);
};

struct RateKey {
    enum class Kind : std::uint8_t { kAddress, kCredential, kUpgrade };
    Kind kind = Kind::kAddress;
    std::array<std::uint8_t, 16> id{};
    bool operator==(const RateKey&) const = default;
};

// The key of a 16-byte (v4-mapped) address: IPv6 by its /64.
RateKey address_key(const std::array<std::uint8_t, 16>& address);

struct RateVerdict {
    bool allowed = true;
    std::uint32_t limit = 0;
    std::uint32_t remaining = 0;
    std::uint32_t reset_after = 0;  // seconds until a request is sure to pass
};

class RateLimiter {
  public:
    RateLimiter();
    // `now` in whole seconds of a monotonic clock. [any]
    RateVerdict count(const RateKey& key, std::uint32_t limit, std::int64_t now);
    std::size_t size() const;

  private:
    static constexpr int kSeconds = 61;
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kWindowsPerShard = 4096;

    struct Window {
        RateKey key;
        std::array<std::uint16_t, kSeconds> passed{};
        std::uint32_t sum = 0;
        std::int64_t last = 0;  // the second that `passed` is up to date with
    };
    struct Hash {
        std::uint64_t seed;
        std::size_t operator()(const RateKey& key) const;
    };
    struct Shard {
        explicit Shard(std::uint64_t seed) : index(16, Hash{seed}) {}
        mutable std::mutex mutex;
        std::list<Window> windows;  // latest used first
        std::unordered_map<RateKey, std::list<Window>::iterator, Hash> index;
    };

    static void advance(Window& window, std::int64_t now);
    static std::uint32_t seconds_to_oldest(const Window& window);
    Window& find(Shard& shard, const RateKey& key, std::int64_t now);

    Hash hash_;  // seeded, so that nobody can aim at one shard
    std::list<Shard> shards_;
    std::array<Shard*, kShards> by_number_{};
};

}  // namespace streamwall::http_server
