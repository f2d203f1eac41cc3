// Cache: the service `cache`. A read asks memory (L1), then Redis (L2); a write goes to both.
//
// What memory holds is what Redis holds: Redis tells of every change that others make, and an entry
// in memory ends no later than in Redis. While Redis is away memory works alone, without an error
// to anybody; what was written meanwhile is removed from Redis before it is asked again, so that no
// older value comes back.
#pragma once

#include "link.hpp"
#include "memory_cache.hpp"

#include <streamwall/sdk/services.hpp>

#include <atomic>
#include <set>
#include <unordered_map>
#include <vector>

namespace streamwall::redis {

struct CacheOptions {
    std::string prefix;  // of every key in Redis
    std::chrono::milliseconds default_ttl{std::chrono::hours(1)};
    std::chrono::milliseconds memory_ttl{std::chrono::minutes(1)};  // at most, while Redis is there
    std::size_t memory_limit = 64 * 1024 * 1024;
};

class Cache {
  public:
    Cache(const Host& host, boost::asio::io_context& loop, Link& link, CacheOptions options);

    Result<> offer(Services& services);
    // What the link tells. [loop]
    void redis_came();
    void redis_went();
    void changed(std::optional<std::string_view> key);

    // Whether reads and writes go to Redis. [any]
    bool is_shared() const { return shared_.load(std::memory_order_acquire); }
    const MemoryCache& memory() const { return memory_; }

  private:
    using Time = std::chrono::steady_clock::time_point;
    // What is under way to Redis for one key.
    struct Flight {
        int commands = 0;
        bool disturbed = false;  // changed by somebody else meanwhile: memory must not keep it
        std::vector<Responder> readers;  // of the same GET
        Buffer value;                    // what it brought
    };
    struct Write {
        std::string key;
        std::string value;  // JSON
        std::chrono::milliseconds ttl;
        Responder responder;
    };

    Answer get(const Request& request);
    Answer set(const Request& request);
    Answer remove(const Request& request);
    Answer clear(const Request& request);

    // ---- on the loop ----
    void fetch(const std::string& key, Responder reader);
    void fetched(const std::string& key, Time asked, std::int64_t ttl_ms);
    void store(Write write);
    void store_in_memory(Write write);
    void remove(const std::string& key, Responder responder);
    void clear(const std::string& prefix, Responder responder);
    // Removes every key of that prefix from Redis.
    void sweep(std::string prefix, std::string cursor, std::function<void(Result<>)> done);
    void disturb(std::string_view prefix);
    void land(const std::string& key);
    void note_missed(const std::string& key);
    void catch_up();

    template <class Work>
    void on_loop(Work work) {
        boost::asio::post(loop_, std::move(work));
    }

    boost::asio::io_context& loop_;
    Link& link_;
    Log log_;
    const CacheOptions options_;
    const std::string prefix_;
    MemoryCache memory_;
    std::atomic<bool> shared_{false};
    const Buffer none_, shared_reply_, alone_reply_;
    Series memory_hits_, redis_hits_, misses_;

    std::unordered_map<std::string, Flight> flights_;
    // What Redis has not been told while it was away: keys, and prefixes that were cleared.
    std::set<std::string> missed_;
    std::set<std::string> missed_prefixes_;
};

}  // namespace streamwall::redis
