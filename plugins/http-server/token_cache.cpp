#include "token_cache.hpp"

#include <algorithm>
#include <utility>

namespace streamwall::http_server {

void TokenCache::Shard::erase(Place place) {
    const auto [from, to] = by_principal.equal_range(place->entry.principal.rate_id);
    by_principal.erase(
        std::find_if(from, to, [&](const auto& each) { return each.second == place; }));
    by_digest.erase(place->digest);
    kept.erase(place);
}

std::optional<TokenCache::Entry> TokenCache::find(const TokenDigest& digest) {
    auto& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_digest.find(digest);
    if (found == shard.by_digest.end()) return std::nullopt;
    shard.kept.splice(shard.kept.begin(), shard.kept, found->second);
    return found->second->entry;
}

void TokenCache::keep(const TokenDigest& digest, Entry entry) {
    auto& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.by_digest.find(digest); found != shard.by_digest.end()) {
        shard.erase(found->second);
    }
    if (shard.kept.size() >= kPerShard) shard.erase(std::prev(shard.kept.end()));
    shard.kept.push_front({digest, std::move(entry)});
    const auto place = shard.kept.begin();
    shard.by_digest.emplace(digest, place);
    shard.by_principal.emplace(place->entry.principal.rate_id, place);
}

bool TokenCache::claim(const TokenDigest& digest, Time due, Time now) {
    auto& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_digest.find(digest);
    if (found == shard.by_digest.end() || found->second->entry.asked > due) return false;
    found->second->entry.asked = now;
    return true;
}

void TokenCache::erase(const TokenDigest& digest) {
    auto& shard = shard_of(digest);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_digest.find(digest);
    if (found != shard.by_digest.end()) shard.erase(found->second);
}

void TokenCache::forget(const PrincipalId& who) {
    for (auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        const auto [from, to] = shard.by_principal.equal_range(who);
        for (auto each = from; each != to; ++each) {
            shard.by_digest.erase(each->second->digest);
            shard.kept.erase(each->second);
        }
        shard.by_principal.erase(from, to);
    }
}

void TokenCache::clear() {
    for (auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        shard.by_digest.clear();
        shard.by_principal.clear();
        shard.kept.clear();
    }
}

std::size_t TokenCache::size() const {
    std::size_t total = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        total += shard.kept.size();
    }
    return total;
}

}  // namespace streamwall::http_server
