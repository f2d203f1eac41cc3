// Requests in a sliding minute, per address or credential.
//
// A window is 61 counters of one second: never more than the limit passes in any 60 seconds, and no
// list of times is kept. Only requests that pass count. Memory is bounded: past 65,536 windows the
// one that was idle longest gives way.
//
// Where several processes share their limits, each decides by itself and without waiting: it
// reports what it let pass, soon and in batches, and learns what all of them did. Between two
// answers it lets pass no more than its part of what was left at the last one, so that all together
// stay close to the limit: a few requests over it at most, those of one round trip.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::http_server {

struct RateLimits {
    std::uint32_t address = 60;  // without credentials, or with bad ones
    std::uint32_t user = 600;
    std::uint32_t key = 6000;
    std::uint32_t upgrade = 20000;     // WebSocket handshakes, per address or credential
    std::uint32_t connection = 20000;  // per address; 0: any number

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

// Requests that passed in one second, `age` seconds ago.
struct Passed {
    std::uint32_t age = 0;
    std::uint32_t count = 0;
};

class RateLimiter {
  public:
    RateLimiter();
    // `now` in whole seconds of a monotonic clock. [any]
    RateVerdict count(const RateKey& key, std::uint32_t limit, std::int64_t now);
    std::size_t size() const;

    // ---- sharing with other processes ----
    // From now on; before any request. `urge` is called, without a lock, where a report should not
    // wait.
    void share(std::function<void()> urge);
    struct Report {
        RateKey key;
        std::vector<Passed> passed;
    };
    // What passed here and was not reported yet, of at most `most` windows. Each is answered by
    // settle(). [any]
    std::vector<Report> take_reports(std::size_t most, std::int64_t now);
    // What all processes let pass in the window, or nothing where the report did not arrive. True
    // where there is more to report that should not wait. [any]
    bool settle(const RateKey& key, std::optional<std::span<const Passed>> total, std::int64_t now);
    // How many processes share the limits; 0 while that is not known and each counts for itself.
    // [any]
    void set_parts(std::uint32_t parts) { parts_.store(parts, std::memory_order_relaxed); }

  private:
    static constexpr int kSeconds = 61;
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kWindowsPerShard = 4096;

    // Counters of one second each, for the 61 that end with `last`.
    struct Counters {
        std::array<std::uint32_t, kSeconds> by_second{};
        std::uint32_t sum = 0;
        std::int64_t last = 0;

        void advance(std::int64_t now);
        void add(std::int64_t second, std::uint32_t count);
        void add(const Counters& other);  // that end with the same second
        std::uint32_t& at(std::int64_t second) {
            return by_second[static_cast<std::size_t>(second % kSeconds)];
        }
    };
    struct Sharing {
        Counters unreported;
        Counters reported;        // on their way
        std::uint32_t share = 0;  // that may pass before the next answer
        std::uint32_t limit = 0;
        std::int64_t settled = 0;  // the second of the last answer
        bool is_listed = false;    // among those to be reported
        bool is_on_its_way = false;
    };
    struct Window {
        RateKey key;
        Counters passed;  // here, and elsewhere as far as is known
        std::unique_ptr<Sharing> sharing;
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

    static std::uint32_t seconds_to_oldest(Counters& passed);
    bool is_alone() const { return parts_.load(std::memory_order_relaxed) <= 1; }
    bool is_within_share(Sharing& sharing, std::uint32_t limit, std::int64_t now) const;
    bool is_urgent(const Sharing& sharing) const;
    bool note(Window& window, std::int64_t now);
    void list(Window& window);
    Shard& shard_of(const RateKey& key) { return *by_number_[(hash_(key) >> 40) % kShards]; }
    Window& find(Shard& shard, const RateKey& key, std::int64_t now);

    Hash hash_;  // seeded, so that nobody can aim at one shard
    std::list<Shard> shards_;
    std::array<Shard*, kShards> by_number_{};

    std::function<void()> urge_;  // empty: not shared
    std::atomic<std::uint32_t> parts_{0};
    std::mutex listed_mutex_;  // taken with a shard's mutex held
    std::vector<RateKey> listed_;
};

}  // namespace streamwall::http_server
