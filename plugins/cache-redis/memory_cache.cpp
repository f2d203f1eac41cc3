#include "memory_cache.hpp"

namespace streamwall::redis {

MemoryCache::Part& MemoryCache::part_of(std::string_view key) {
    // Other bits than those that the part's own map uses.
    return parts_[(std::hash<std::string_view>{}(key) >> 32) % kParts];
}

void MemoryCache::Part::drop(Entries::iterator entry) {
    bytes -= entry->bytes();
    index.erase(entry->key);
    entries.erase(entry);
}

std::optional<Buffer> MemoryCache::get(std::string_view key, Time now) {
    auto& part = part_of(key);
    const std::lock_guard lock(part.mutex);
    const auto found = part.index.find(key);
    if (found == part.index.end()) return std::nullopt;
    const auto entry = found->second;
    if (entry->expires <= now) {
        part.drop(entry);
        return std::nullopt;
    }
    part.entries.splice(part.entries.begin(), part.entries, entry);
    return entry->value;
}

void MemoryCache::put(std::string_view key, Buffer value, Time expires) {
    auto& part = part_of(key);
    const std::lock_guard lock(part.mutex);
    if (const auto found = part.index.find(key); found != part.index.end()) {
        part.drop(found->second);
    }
    Entry entry{std::string(key), std::move(value), expires};
    if (entry.bytes() > max_bytes_) return;
    part.bytes += entry.bytes();
    part.entries.push_front(std::move(entry));
    part.index.emplace(part.entries.front().key, part.entries.begin());
    while (part.bytes > max_bytes_)
        part.drop(std::prev(part.entries.end()));
}

void MemoryCache::erase(std::string_view key) {
    auto& part = part_of(key);
    const std::lock_guard lock(part.mutex);
    if (const auto found = part.index.find(key); found != part.index.end()) {
        part.drop(found->second);
    }
}

void MemoryCache::erase_prefix(std::string_view prefix) {
    for (auto& part : parts_) {
        const std::lock_guard lock(part.mutex);
        for (auto entry = part.entries.begin(); entry != part.entries.end();) {
            const auto next = std::next(entry);
            if (entry->key.starts_with(prefix)) part.drop(entry);
            entry = next;
        }
    }
}

void MemoryCache::clear() {
    erase_prefix("");
}

std::size_t MemoryCache::size() const {
    std::size_t size = 0;
    for (const auto& part : parts_) {
        const std::lock_guard lock(part.mutex);
        size += part.entries.size();
    }
    return size;
}

std::size_t MemoryCache::bytes() const {
    std::size_t bytes = 0;
    for (const auto& part : parts_) {
        const std::lock_guard lock(part.mutex);
        bytes += part.bytes;
    }
    return bytes;
}

}  // namespace streamwall::redis
