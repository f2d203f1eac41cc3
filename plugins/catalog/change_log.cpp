#include "change_log.hpp"

#include <streamwall/contracts/record.hpp>

#include <algorithm>

namespace streamwall::catalog {
namespace {

// A version of a record, or its end: each is made by one change. Ids and versions stay far below
// what would make two of them the same.
std::uint64_t key_of(std::string_view record, bool is_end, std::int64_t later = 0) {
    const auto id = static_cast<std::uint64_t>(contracts::record_id(record));
    const auto version = static_cast<std::uint64_t>(contracts::record_version(record) + later);
    return (id << 26) ^ (version << 1) ^ (is_end ? 1 : 0);
}

std::uint64_t key_of_next(std::string_view record) {
    return key_of(record, false, 1);
}

std::uint64_t key_of(const ChangeLog::Change& change) {
    const bool is_end = !change.after;
    return key_of(is_end ? change.before.view() : change.after.view(), is_end);
}

}  // namespace

void ChangeLog::add(Change change) {
    const std::lock_guard lock(mutex_);
    if (!learn(change)) return;
    changes_.push_back(std::move(change));
    if (changes_.size() > kKept) changes_.pop_front();
    position_.fetch_add(1, std::memory_order_release);
}

bool ChangeLog::knows(std::string_view record, bool is_end) {
    const auto key = key_of(record, is_end);
    const std::lock_guard lock(mutex_);
    const auto expected = expected_.find(key);
    if (expected != expected_.end()) return expected->second.was_asked = true;
    return known_.contains(key);
}

void ChangeLog::expect(std::string_view record) {
    const auto key = key_of_next(record);
    const std::lock_guard lock(mutex_);
    ++expected_[key].count;
}

bool ChangeLog::settle(std::string_view record) {
    const auto key = key_of_next(record);
    const std::lock_guard lock(mutex_);
    const auto expected = expected_.find(key);
    const bool was_asked = expected->second.was_asked;
    if (--expected->second.count == 0) expected_.erase(expected);
    return was_asked;
}

bool ChangeLog::learn(const Change& change) {
    const auto key = key_of(change);
    if (!known_.insert(key).second) return false;
    if (change.sequence > 0 && change.sequence <= unknown_through_) forget_locked();
    by_arrival_.push_back({key, change.sequence});
    if (by_arrival_.size() > kKnown) {
        known_.erase(by_arrival_.front().key);
        unknown_through_ = std::max(unknown_through_, by_arrival_.front().sequence);
        by_arrival_.pop_front();
    }
    return true;
}

void ChangeLog::forget() {
    const std::lock_guard lock(mutex_);
    forget_locked();
}

// A place in the count that no log goes back to.
void ChangeLog::forget_locked() {
    changes_.clear();
    position_.fetch_add(1, std::memory_order_release);
}

std::optional<std::vector<ChangeLog::Change>> ChangeLog::between(std::uint64_t from,
                                                                 std::uint64_t through) const {
    const std::lock_guard lock(mutex_);
    const auto first = position_.load(std::memory_order_relaxed) - changes_.size();
    if (from < first) return std::nullopt;
    const auto begin = changes_.begin() + static_cast<std::ptrdiff_t>(from - first);
    return std::vector<Change>(begin, begin + static_cast<std::ptrdiff_t>(through - from));
}

}  // namespace streamwall::catalog
