// TokenAuthenticator: the bootstrap key, and tokens that a service knows.
//
// What the service said of a token is kept for a while, by the token's hash, so that requests ask
// nobody. It is forgotten at the token's end, when the service tells that somebody's credentials
// have changed, and after `kKept`: that bounds how long a listener that heard nothing takes for
// granted what has ended elsewhere.
#pragma once

#include "auth.hpp"
#include "host.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace streamwall::http_server {

// Principal::rate_id of whom the service knows: one for all tokens of a user.
std::array<std::uint8_t, 16> rate_id_of(std::string_view type, std::string_view id);

class TokenAuthenticator final : public Authenticator {
  public:
    static constexpr std::chrono::seconds kKept{15};
    static constexpr std::size_t kMaxToken = 8 * 1024;

    // What `verify` answered: its reply, or why there is none.
    struct Reply {
        std::string_view body = {};  // empty: there is none
        bool is_refusal = false;
    };
    using OnReply = std::function<void(const Reply&)>;
    struct Outside {
        // Calls `done` once, on any thread, also before it returns.
        std::function<void(const std::string& request, OnReply done)> ask;
        std::function<std::int64_t()> wall_ms;
        std::function<Time()> now;
    };

    // Outlives every answer.
    TokenAuthenticator(std::string_view bootstrap_key, Outside outside);

    Verdict authenticate(std::string_view token) override;
    void verify(std::string_view token, std::function<void(Verdict)> done) override;
    // Somebody's credentials have changed: what was said of them is asked anew. [any]
    void forget(std::string_view type, std::string_view id);
    std::size_t size() const;

  private:
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kPerShard = 4096;

    struct Entry {
        Principal principal;
        Time until;
    };
    struct Hash {
        // A cryptographic digest of what nobody can choose freely needs no hashing of its own.
        std::size_t operator()(const TokenDigest& digest) const {
            std::size_t out = 0;
            std::memcpy(&out, digest.data(), sizeof out);
            return out;
        }
    };
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<TokenDigest, Entry, Hash> entries;
    };

    static bool is_worth_asking(std::string_view token);
    Shard& shard_of(const TokenDigest& digest) { return shards_[digest.back() % kShards]; }
    Verdict learn(const TokenDigest& digest, const Reply& reply, std::uint64_t changes);
    void keep(const TokenDigest& digest, const Entry& entry);

    BootstrapKey bootstrap_;
    const Outside outside_;
    std::array<Shard, kShards> shards_;
    // Counts forget(): an answer that was on its way meanwhile may be out of date.
    std::atomic<std::uint64_t> changes_{0};
};

}  // namespace streamwall::http_server
