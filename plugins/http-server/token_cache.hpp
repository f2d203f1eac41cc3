// TokenCache: what tokens were found to stand for, by their hashes.
//
// Bounded: past 65,536 tokens those that were used longest ago give way.
#pragma once

#include "auth.hpp"
#include "host.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace streamwall::http_server {

class TokenCache {
  public:
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kPerShard = 4096;

    struct Entry {
        Principal principal;
        std::int64_t expires_ms = 0;  // since 1970
        Time asked{};
    };

    // [any], all of it
    std::optional<Entry> find(const TokenDigest& digest);
    void keep(const TokenDigest& digest, Entry entry);
    // Says of what is kept that it was asked at `now`; false where it was not before `due`, or
    // where nothing is kept. So one of many that ask is the one to do it.
    bool claim(const TokenDigest& digest, Time due, Time now);
    void erase(const TokenDigest& digest);
    void forget(const PrincipalId& who);
    void clear();
    std::size_t size() const;

  private:
    struct Hash {
        // A cryptographic digest of what nobody can choose freely needs no hashing of its own.
        template <std::size_t N>
        std::size_t operator()(const std::array<std::uint8_t, N>& digest) const {
            std::size_t out = 0;
            std::memcpy(&out, digest.data(), sizeof out);
            return out;
        }
    };
    struct Kept {
        TokenDigest digest;
        Entry entry;
    };
    using Place = std::list<Kept>::iterator;
    struct Shard {
        mutable std::mutex mutex;
        std::list<Kept> kept;  // used last first
        std::unordered_map<TokenDigest, Place, Hash> by_digest;
        std::unordered_multimap<PrincipalId, Place, Hash> by_principal;

        void erase(Place place);
    };

    Shard& shard_of(const TokenDigest& digest) { return shards_[digest.back() % kShards]; }

    std::array<Shard, kShards> shards_;
};

}  // namespace streamwall::http_server
