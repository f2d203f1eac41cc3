// Lists of streams in memory: pages as the store rendered them, and how many streams each filter
// finds.
//
// A page is served as long as no change has concerned its filter: neither did the stream match
// before nor does it match now. A count is carried on by what each change adds or takes. Both are
// brought up to date when they are asked for, from the log of changes, so a change costs nothing
// here but its place in the log. Whoever made a change finds it in every list from then on.
#pragma once

#include "change_log.hpp"
#include "list_matcher.hpp"
#include "stream_filter.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace streamwall::catalog {

// Safe on every thread; a lock is never held while anything else is called.
class ListCache {
  public:
    using Clock = std::function<std::uint64_t()>;  // monotonic nanoseconds

    // Changes that are told to nobody (a check that learned nothing new, made by another node)
    // show up this late.
    static constexpr std::uint64_t kMaxPageAgeNs = std::uint64_t{60} * 1'000'000'000;
    static constexpr std::uint64_t kMaxCountAgeNs = std::uint64_t{300} * 1'000'000'000;

    ListCache(Clock clock, std::size_t max_bytes)
        : clock_(std::move(clock)), max_bytes_(max_bytes) {}

    void changed(ChangeLog::Change change) { log_.add(std::move(change)); }
    // Whether the change that made this record, or ended it, was told already.
    bool knows(std::string_view record, bool is_end) { return log_.knows(record, is_end); }
    void expect(std::string_view record) { log_.expect(record); }
    bool settle(std::string_view record) { return log_.settle(record); }
    // A change whose outcome is unknown.
    void distrust() { log_.forget(); }

    // The reply of `list`, if it is known; empty: ask the store.
    Buffer find(const StreamQuery& query);

    // A question to the store, and what is known already. Made before the store is asked.
    class Question {
      public:
        // The reply, where it needs no store: a page behind the last record, whose filter may be
        // one that costs long to find nothing. Else empty.
        Buffer known() const;
        // The request of `store.query`.
        Buffer request() const;

      private:
        friend class ListCache;
        struct Shared;
        StreamQuery query_;
        std::shared_ptr<struct KnownList> list_;  // null: nothing of it can be kept
        std::uint64_t position_ = 0;
        std::optional<std::int64_t> count_;
    };
    Question ask(StreamQuery query);
    // The reply of `list` out of the store's, which is kept.
    Result<Buffer> answer(const Question& question, const Buffer& reply);

    std::size_t bytes() const;

  private:
    static constexpr std::size_t kMaxLists = 512;  // of either kind
    static constexpr std::size_t kEntryOverhead = 256;

    struct Page {
        std::string key;
        Buffer reply;
        std::shared_ptr<KnownList> list;
        std::uint64_t position = 0;
        std::uint64_t made_ns = 0;
    };
    using Pages = std::list<Page>;  // what was used last comes first
    using Lists = std::list<std::shared_ptr<KnownList>>;
    struct ListAt {
        Lists::iterator place;
        bool is_asked_again = false;
    };

    std::shared_ptr<KnownList> list_of(const std::string& filter);
    std::shared_ptr<KnownList> found_again(const std::string& filter);
    void drop_oldest();
    void keep(const Question& question, Buffer reply);
    void drop(Pages::iterator page);

    const Clock clock_;
    const std::size_t max_bytes_;
    ChangeLog log_;
    mutable std::mutex mutex_;
    Pages pages_;
    std::unordered_map<std::string_view, Pages::iterator> page_of_;
    // What was asked for last comes first. Searches that are made once push out none but each
    // other: a count that many ask for may cost long.
    Lists asked_once_;
    Lists asked_again_;
    std::unordered_map<std::string_view, ListAt> list_at_;
    std::size_t bytes_ = 0;
};

}  // namespace streamwall::catalog
