// Rendered records in memory: id → record, URL → id.
#pragma once

#include <streamwall/sdk/buffer.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::catalog {

// Bounded by bytes; what has not been asked for lately goes first (clock). Safe on every thread; a
// lock is held for the length of a map look-up, and never while anything else is called.
//
// A record replaces an older version only, so replies may come in any order.
class RecordCache {
  public:
    explicit RecordCache(std::size_t max_bytes);

    enum class State {
        kUnknown,  // ask the store
        kGone,     // deleted; ids are never used again
        kHeld
    };
    struct Found {
        State state = State::kUnknown;
        Buffer record;
    };
    Found find(std::int64_t id);
    // The stream that is not archived and has this URL; empty: ask the store.
    Buffer find_url(std::string_view url);

    // A record that was read. Ignored where the record is distrusted.
    void keep_read(const Buffer& record);
    // A record as a successful change returned it. `moves`: its URL or whether it is archived may
    // differ from the version before.
    void keep_written(const Buffer& record, bool moves = true);
    // A deleted record: reads that were under way do not bring it back.
    void bury(std::int64_t id);
    // A change whose outcome is unknown: nothing that was read is kept until the next successful
    // change, because a read may have overtaken the change.
    void distrust(std::int64_t id);
    // Forgets a record that turned out to be old.
    void forget(std::int64_t id, std::int64_t version);

    // True at most once in `gap_ns` for a record.
    bool may_announce_touch(std::int64_t id, std::uint64_t now_ns, std::uint64_t gap_ns);

    std::size_t bytes() const;

  private:
    enum class Mark : std::uint8_t { kFree, kEmpty, kHeld, kGone, kDistrusted };
    struct Slot {
        std::int64_t id = 0;
        std::int64_t version = 0;
        std::uint64_t announced_ns = 0;
        Buffer record;
        Mark mark = Mark::kFree;
        bool used_lately = false;
    };
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::int64_t, std::uint32_t> slot_of;
        std::vector<Slot> slots;
        std::vector<std::uint32_t> free;
        std::size_t hand = 0;
        std::size_t bytes = 0;
    };
    struct UrlShard {
        std::mutex mutex;
        std::unordered_map<std::uint64_t, std::int64_t> id_of;  // by the URL's hash
    };
    static constexpr std::size_t kShards = 16;

    Shard& shard_of(std::int64_t id) { return shards_[static_cast<std::uint64_t>(id) % kShards]; }
    static Slot& place(Shard& shard, std::int64_t id);
    static void release(Shard& shard, Slot& slot);
    void keep(const Buffer& record, bool written, bool moves);
    void make_room(Shard& shard, std::vector<Buffer>& evicted) const;
    void mark(std::int64_t id, Mark mark);
    void index_url(const Buffer& record);
    void unindex_url(const Buffer& record);

    std::size_t shard_limit_;
    std::array<Shard, kShards> shards_;
    std::array<UrlShard, kShards> url_shards_;
};

}  // namespace streamwall::catalog
