// Positions of durable subscriptions on their way to the disk.
//
// They may be lost for the last second of a crash (the subscriber then gets those events again), so
// saving one is a change in memory, which the writer takes along with its next commit.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::storage {

struct Position {
    std::string epoch;
    std::int64_t sequence = 0;
    std::string parked = "[]";  // JSON list
};

class PendingPositions {
  public:
    // True where nothing was pending before: the writer then has to be told.
    bool save(std::string name, Position position) {
        const std::lock_guard lock(mutex_);
        const bool first = by_name_.empty();
        by_name_[std::move(name)] = {std::move(position), ++counter_};
        return first;
    }

    std::optional<Position> find(std::string_view name) const {
        const std::lock_guard lock(mutex_);
        const auto found = by_name_.find(name);
        if (found == by_name_.end()) return std::nullopt;
        return found->second.position;
    }

    struct Pending {
        Position position;
        std::uint64_t number = 0;
    };
    using Map = std::map<std::string, Pending, std::less<>>;

    Map snapshot() const {
        const std::lock_guard lock(mutex_);
        return by_name_;
    }

    // Forgets what has been committed, but not what was saved since the snapshot.
    void forget(const Map& committed) {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, pending] : committed) {
            const auto found = by_name_.find(name);
            if (found != by_name_.end() && found->second.number == pending.number) {
                by_name_.erase(found);
            }
        }
    }

    bool empty() const {
        const std::lock_guard lock(mutex_);
        return by_name_.empty();
    }

  private:
    mutable std::mutex mutex_;
    Map by_name_;
    std::uint64_t counter_ = 0;
};

}  // namespace streamwall::storage
