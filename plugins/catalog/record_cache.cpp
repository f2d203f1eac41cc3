#include "record_cache.hpp"

#include <streamwall/contracts/record.hpp>

#include <functional>

namespace streamwall::catalog {
namespace {

// What a slot costs beside the record's bytes: the slot, two map nodes, the buffer's head.
constexpr std::size_t kSlotCost = 192;

std::uint64_t hash_of(std::string_view url) {
    return std::hash<std::string_view>{}(url);
}

}  // namespace

RecordCache::RecordCache(std::size_t max_bytes) : shard_limit_(max_bytes / kShards) {}

RecordCache::Found RecordCache::find(std::int64_t id) {
    auto& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.slot_of.find(id);
    if (found == shard.slot_of.end()) return {};
    auto& slot = shard.slots[found->second];
    slot.used_lately = true;
    if (slot.mark == Mark::kHeld) return {State::kHeld, slot.record};
    return {slot.mark == Mark::kGone ? State::kGone : State::kUnknown, {}};
}

Buffer RecordCache::find_url(std::string_view url) {
    const auto hash = hash_of(url);
    std::int64_t id = 0;
    {
        auto& shard = url_shards_[hash % kShards];
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.id_of.find(hash);
        if (found == shard.id_of.end()) return {};
        id = found->second;
    }
    // The two maps change one after the other, and hashes may meet: the record decides.
    auto found = find(id);
    if (found.state != State::kHeld) return {};
    const auto stream = contracts::glance_at_stream(found.record.view());
    return stream.url == url && !stream.archived ? std::move(found.record) : Buffer();
}

void RecordCache::keep_read(const Buffer& record) {
    keep(record, false, true);
}
void RecordCache::keep_written(const Buffer& record, bool moves) {
    keep(record, true, moves);
}

void RecordCache::keep(const Buffer& record, bool written, bool moves) {
    const auto id = contracts::record_id(record.view());
    const auto version = contracts::record_version(record.view());
    if (id == 0 || version == 0) return;
    Buffer before;
    std::vector<Buffer> evicted;
    {
        auto& shard = shard_of(id);
        const std::lock_guard lock(shard.mutex);
        auto& slot = place(shard, id);
        const bool blocked = slot.mark == Mark::kGone ||
                             (slot.mark == Mark::kDistrusted && !written) ||
                             (slot.mark == Mark::kHeld && slot.version >= version);
        if (blocked) return;
        shard.bytes += record.size();
        shard.bytes -= slot.record.size();
        // The index knows the URL already where the version just before is here.
        if (slot.mark != Mark::kHeld || slot.version + 1 != version) moves = true;
        before = std::exchange(slot.record, record);
        slot.version = version;
        slot.mark = Mark::kHeld;
        make_room(shard, evicted);
    }
    for (const auto& old : evicted)
        unindex_url(old);
    if (!moves) return;
    if (before) unindex_url(before);
    index_url(record);
}

void RecordCache::bury(std::int64_t id) {
    mark(id, Mark::kGone);
}
void RecordCache::distrust(std::int64_t id) {
    mark(id, Mark::kDistrusted);
}

void RecordCache::mark(std::int64_t id, Mark mark) {
    std::vector<Buffer> evicted;
    {
        auto& shard = shard_of(id);
        const std::lock_guard lock(shard.mutex);
        auto& slot = place(shard, id);
        shard.bytes -= slot.record.size();
        if (slot.record) evicted.push_back(std::exchange(slot.record, Buffer()));
        slot.mark = mark;
        make_room(shard, evicted);
    }
    for (const auto& old : evicted)
        unindex_url(old);
}

void RecordCache::forget(std::int64_t id, std::int64_t version) {
    Buffer old;
    {
        auto& shard = shard_of(id);
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.slot_of.find(id);
        if (found == shard.slot_of.end()) return;
        auto& slot = shard.slots[found->second];
        if (slot.mark != Mark::kHeld || slot.version != version) return;
        old = slot.record;
        release(shard, slot);
    }
    unindex_url(old);
}

bool RecordCache::may_announce_touch(std::int64_t id, std::uint64_t now_ns, std::uint64_t gap_ns) {
    auto& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.slot_of.find(id);
    if (found == shard.slot_of.end()) return true;
    auto& slot = shard.slots[found->second];
    if (slot.announced_ns != 0 && now_ns - slot.announced_ns < gap_ns) return false;
    slot.announced_ns = now_ns;
    return true;
}

std::size_t RecordCache::bytes() const {
    std::size_t total = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        total += shard.bytes;
    }
    return total;
}

// The slot of `id`, made where there is none.
RecordCache::Slot& RecordCache::place(Shard& shard, std::int64_t id) {
    const auto [entry, added] = shard.slot_of.try_emplace(id, 0);
    if (!added) return shard.slots[entry->second];
    if (shard.free.empty()) {
        shard.free.push_back(static_cast<std::uint32_t>(shard.slots.size()));
        shard.slots.emplace_back();
    }
    entry->second = shard.free.back();
    shard.free.pop_back();
    auto& slot = shard.slots[entry->second];
    slot = Slot{};
    slot.id = id;
    slot.mark = Mark::kEmpty;
    shard.bytes += kSlotCost;
    return slot;
}

void RecordCache::release(Shard& shard, Slot& slot) {
    const auto entry = shard.slot_of.find(slot.id);
    shard.free.push_back(entry->second);
    shard.slot_of.erase(entry);
    shard.bytes -= slot.record.size() + kSlotCost;
    slot = Slot{};
}

void RecordCache::make_room(Shard& shard, std::vector<Buffer>& evicted) const {
    while (shard.bytes > shard_limit_ && shard.slot_of.size() > 1) {
        shard.hand = (shard.hand + 1) % shard.slots.size();
        auto& slot = shard.slots[shard.hand];
        if (slot.mark == Mark::kFree) continue;
        if (std::exchange(slot.used_lately, false)) continue;
        if (slot.record) evicted.push_back(slot.record);
        release(shard, slot);
    }
}

void RecordCache::index_url(const Buffer& record) {
    const auto stream = contracts::glance_at_stream(record.view());
    if (stream.archived || stream.url.empty()) return;
    const auto hash = hash_of(stream.url);
    auto& shard = url_shards_[hash % kShards];
    const std::lock_guard lock(shard.mutex);
    shard.id_of[hash] = stream.id;
}

void RecordCache::unindex_url(const Buffer& record) {
    const auto stream = contracts::glance_at_stream(record.view());
    const auto hash = hash_of(stream.url);
    auto& shard = url_shards_[hash % kShards];
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.id_of.find(hash);
    if (found != shard.id_of.end() && found->second == stream.id) shard.id_of.erase(found);
}

}  // namespace streamwall::catalog
