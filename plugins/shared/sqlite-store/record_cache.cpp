#include "sqlite-store/record_cache.hpp"

namespace streamwall::sqlite {

RecordCache::Shard& RecordCache::shard(std::string_view collection, std::int64_t id) {
    return shards_[(KeyHash()({collection, id}) >> 20) % kShards];
}

RecordText RecordCache::find(std::string_view collection, std::int64_t id) {
    Shard& shard = this->shard(collection, id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.by_key.find({collection, id});
    if (found == shard.by_key.end()) return nullptr;
    shard.by_age.splice(shard.by_age.begin(), shard.by_age, found->second);
    return found->second->text;
}

void RecordCache::put(std::string_view collection, std::int64_t id, RecordText text) {
    Shard& shard = this->shard(collection, id);
    const std::lock_guard lock(shard.mutex);
    ++shard.generation;
    if (is_too_long(*text))
        erase_locked(shard, collection, id);
    else
        put_locked(shard, collection, id, std::move(text));
}

void RecordCache::erase(std::string_view collection, std::int64_t id) {
    Shard& shard = this->shard(collection, id);
    const std::lock_guard lock(shard.mutex);
    ++shard.generation;
    erase_locked(shard, collection, id);
}

void RecordCache::clear() {
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        ++shard.generation;
        shard.by_key.clear();
        shard.by_age.clear();
        shard.bytes = 0;
    }
}

RecordCache::Ticket RecordCache::ticket(std::string_view collection, std::int64_t id) {
    Shard& shard = this->shard(collection, id);
    const std::lock_guard lock(shard.mutex);
    return shard.generation;
}

void RecordCache::fill(std::string_view collection, std::int64_t id, Ticket ticket,
                       RecordText text) {
    Shard& shard = this->shard(collection, id);
    const std::lock_guard lock(shard.mutex);
    if (shard.generation == ticket && !is_too_long(*text))
        put_locked(shard, collection, id, std::move(text));
}

void RecordCache::put_locked(Shard& shard, std::string_view collection, std::int64_t id,
                             RecordText text) {
    shard.bytes += text->size() + kEntryOverhead;
    if (const auto found = shard.by_key.find({collection, id}); found != shard.by_key.end()) {
        const auto entry = found->second;
        shard.bytes -= entry->text->size() + kEntryOverhead;
        entry->text = std::move(text);
        shard.by_age.splice(shard.by_age.begin(), shard.by_age, entry);
    } else {
        shard.by_age.push_front({std::string(collection), id, std::move(text)});
        shard.by_key.emplace(Key{shard.by_age.front().collection, id}, shard.by_age.begin());
    }
    while (shard.bytes > max_shard_bytes_ && !shard.by_age.empty()) {
        const Entry& oldest = shard.by_age.back();
        // The copy keeps the key alive while its entry goes.
        const std::string name = oldest.collection;
        erase_locked(shard, name, oldest.id);
    }
}

void RecordCache::erase_locked(Shard& shard, std::string_view collection, std::int64_t id) {
    const auto found = shard.by_key.find({collection, id});
    if (found == shard.by_key.end()) return;
    const auto entry = found->second;
    shard.bytes -= entry->text->size() + kEntryOverhead;
    shard.by_key.erase(found);
    shard.by_age.erase(entry);
}

}  // namespace streamwall::sqlite
