// Records of streams: read through the cache, written through the store, counted on the way.
#pragma once

#include "list_cache.hpp"
#include "record_cache.hpp"
#include "resting.hpp"
#include "status_counts.hpp"
#include "store_port.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/context.hpp>

#include <chrono>
#include <functional>

namespace streamwall::catalog {

class Relations;

// Safe on every thread; replies run where the store's do.
class StreamRecords {
  public:
    using Clock = std::function<std::uint64_t()>;     // monotonic nanoseconds
    using WallClock = std::function<std::int64_t()>;  // milliseconds since 1970

    // A quarter of the memory is for lists.
    StreamRecords(StorePort& store, const Clock& clock, std::size_t cache_bytes,
                  WallClock wall_ms = system_ms)
        : store_(store),
          clock_(clock),
          wall_ms_(std::move(wall_ms)),
          cache_(cache_bytes - cache_bytes / 4),
          lists_(clock, cache_bytes / 4) {}

    // The record if it is in memory, NOT_FOUND if it is known to be gone; else nothing.
    std::optional<Result<Buffer>> cached(std::int64_t id);
    Buffer cached_by_url(std::string_view url) { return cache_.find_url(url); }
    void load(std::int64_t id, const sw_context& context, Reply reply);
    void query(Buffer request, const sw_context& context, Reply reply);
    // The list if it is in memory, else empty; else from the store.
    Buffer cached_list(const StreamQuery& query) { return lists_.find(query); }
    void list(StreamQuery query, const sw_context& context, Reply reply);

    // Applies changes of which the first result that counts is the record at `index`. `before` is
    // the record that was changed, empty for an insert.
    struct Commit {
        Buffer changes;
        std::size_t index = 0;
        Buffer before = {};
        bool removes = false;
        bool moves =
            true;  // the URL, the status or whether it is archived may differ from `before`
    };
    void commit(Commit commit, const sw_context& context, Reply reply);
    // The same for changes of several streams at once; replies as the store does.
    struct Member {
        std::size_t index = 0;
        Buffer before = {};
    };
    void commit_all(Buffer changes, std::vector<Member> members, const sw_context& context,
                    Reply reply);
    // The stream that is not archived and has this URL.
    void load_by_url(std::string_view url, const sw_context& context, Reply reply);
    // Applies changes that touch no stream.
    void apply(Buffer changes, const sw_context& context, Reply reply);

    // `lease` of the store.
    void lease(Buffer request, const sw_context& context, Reply reply);

    // Streams that may be continued, see resting.hpp.
    Resting& resting() { return resting_; }
    void rest(std::string_view record, std::chrono::milliseconds length);
    std::int64_t resting_stream(const boost::json::object& values) const {
        return resting_.find(values, clock_());
    }

    // An event of a change, whoever made it.
    struct Heard {
        Buffer record;
        std::string_view changes;  // as the event has them; empty where there are none
        std::int64_t sequence = 0;
        bool created = false;
        bool removed = false;
        bool moves = true;
    };
    void heard(const Heard& change);

    // The version that `record` has is no longer the newest one.
    void outdated(std::string_view record);
    bool may_announce_touch(std::int64_t id);
    // Whether there is time left to try again.
    bool has_time(const sw_context& context) const { return clock_() < context.deadline_ns; }

    // What the time of day is, for records that hold it.
    std::int64_t wall_ms() const { return wall_ms_(); }

    StatusCounts& counts() { return counts_; }

    // Who finds what streams refer to; nobody where these records stand alone.
    void relate(Relations& relations) { relations_ = &relations; }
    Relations* relations() const { return relations_; }

  private:
    static std::int64_t system_ms();
    Result<Buffer> committed(const Commit& commit, std::string_view reply);
    void all_committed(const std::vector<Member>& members, std::string_view reply);

    StorePort& store_;
    Clock clock_;
    WallClock wall_ms_;
    RecordCache cache_;
    ListCache lists_;
    StatusCounts counts_;
    Resting resting_;
    Relations* relations_ = nullptr;
};

Error stream_not_found();

}  // namespace streamwall::catalog
