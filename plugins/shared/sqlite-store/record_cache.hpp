// Rendered records by id, so that `get` is answered on the caller's thread from memory.
//
// The writer puts what it commits before it answers, so a caller always reads its own writes. A
// reader's copy may come from an older snapshot than a commit that passed meanwhile: it takes a
// ticket before it reads, and a commit in the same shard makes the ticket void. A text that would
// push out many others is not kept. Callable from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace streamwall::sqlite {

using RecordText = std::shared_ptr<const std::string>;

class RecordCache {
  public:
    using Ticket = std::uint64_t;

    explicit RecordCache(std::size_t max_bytes) : max_shard_bytes_(max_bytes / kShards) {}

    RecordText find(std::string_view collection, std::int64_t id);
    void put(std::string_view collection, std::int64_t id, RecordText text);
    void erase(std::string_view collection, std::int64_t id);
    void clear();

    Ticket ticket(std::string_view collection, std::int64_t id);
    void fill(std::string_view collection, std::int64_t id, Ticket ticket, RecordText text);

  private:
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kEntryOverhead = 160;
    static constexpr std::size_t kFewestTexts = 32;  // in a shard, where all are as long as may be

    struct Key {
        std::string_view collection;
        std::int64_t id;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return std::hash<std::string_view>()(key.collection) ^
                   static_cast<std::size_t>(key.id) * 0x9E3779B97F4A7C15ULL;
        }
    };
    struct Entry {
        std::string collection;
        std::int64_t id;
        RecordText text;
    };
    struct Shard {
        std::mutex mutex;
        Ticket generation = 0;
        std::size_t bytes = 0;
        std::list<Entry> by_age;  // newest first
        std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> by_key;
    };

    Shard& shard(std::string_view collection, std::int64_t id);
    bool is_too_long(const std::string& text) const {
        return text.size() + kEntryOverhead > max_shard_bytes_ / kFewestTexts;
    }
    void put_locked(Shard& shard, std::string_view collection, std::int64_t id, RecordText text);
    static void erase_locked(Shard& shard, std::string_view collection, std::int64_t id);

    std::size_t max_shard_bytes_;
    std::array<Shard, kShards> shards_;
};

}  // namespace streamwall::sqlite
