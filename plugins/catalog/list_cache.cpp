#include "list_cache.hpp"

#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <initializer_list>

namespace streamwall::catalog {

// What is known of the streams that one filter finds.
struct KnownList {
    struct Count {
        std::int64_t sequence = 0;  // of the newest event that the store's count knew of
        std::int64_t value = 0;
        std::uint64_t made_ns = 0;

        void take(const ChangeLog::Change& change, bool was_in, bool is_in) {
            if (change.sequence > sequence) value += (is_in ? 1 : 0) - (was_in ? 1 : 0);
        }
    };

    KnownList(std::string_view filter, std::unique_ptr<const ListMatcher> matcher)
        : filter(filter), matcher(std::move(matcher)) {}

    bool was_in(const ChangeLog::Change& change) const {
        return change.before && matcher->matches(change.before.view());
    }
    bool is_in(const ChangeLog::Change& change) const {
        return change.after && matcher->matches(change.after.view());
    }
    // Takes what has happened meanwhile. With `mutex` held.
    void catch_up(const ChangeLog& log) {
        const auto now = log.position();
        if (through == now) return;
        const auto changes = log.between(through, now);
        if (!changes) {
            changed_at = now;
            count.reset();
            through = now;
            return;
        }
        for (const auto& change : *changes) {
            ++through;
            const bool was = was_in(change);
            const bool is = is_in(change);
            if (was || is) changed_at = through;
            if (was != is && change.sequence == 0) count.reset();
            if (count) count->take(change, was, is);
        }
    }

    const std::string filter;
    const std::unique_ptr<const ListMatcher> matcher;
    std::mutex mutex;
    std::uint64_t through = 0;     // changes of the log that were taken
    std::uint64_t changed_at = 0;  // the last of them that concerned this list
    std::optional<Count> count;
};

namespace {

Buffer join(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts)
        size += part.size();
    return Buffer::make(size, [&](char* into) {
        for (const auto part : parts)
            into = std::copy(part.begin(), part.end(), into);
    });
}

std::string key_of(const StreamQuery& query) {
    return query.has_count ? "#" + query.page : query.page;
}

}  // namespace

Buffer ListCache::find(const StreamQuery& query) {
    Buffer reply;
    std::shared_ptr<KnownList> list;
    std::uint64_t position = 0;
    {
        const auto key = key_of(query);
        const std::lock_guard lock(mutex_);
        const auto found = page_of_.find(key);
        if (found == page_of_.end()) return {};
        const auto page = found->second;
        if (clock_() - page->made_ns > kMaxPageAgeNs) {
            drop(page);
            return {};
        }
        pages_.splice(pages_.begin(), pages_, page);
        reply = page->reply;
        list = page->list;
        position = page->position;
    }
    const std::lock_guard lock(list->mutex);
    list->catch_up(log_);
    return list->changed_at <= position ? reply : Buffer();
}

ListCache::Question ListCache::ask(StreamQuery query) {
    Question question;
    question.list_ = list_of(query.filter);
    question.query_ = std::move(query);
    if (question.list_ == nullptr) return question;
    auto& list = *question.list_;
    const std::lock_guard lock(list.mutex);
    list.catch_up(log_);
    question.position_ = list.through;
    if (list.count && clock_() - list.count->made_ns > kMaxCountAgeNs) list.count.reset();
    if (list.count && question.query_.has_count) question.count_ = list.count->value;
    return question;
}

Buffer ListCache::Question::known() const {
    const bool is_behind = count_ && !query_.has_cursor && query_.offset >= *count_;
    if (!is_behind) return {};
    return Buffer(R"({"records":[],"count":)" + std::to_string(*count_) +
                  R"(,"next_cursor":null})");
}

Buffer ListCache::Question::request() const {
    if (list_ == nullptr || !query_.has_count) return Buffer(query_.request());
    if (!count_) return Buffer(query_.request(R"(,"sequence":true)"));
    StreamQuery uncounted = query_;
    uncounted.has_count = false;
    return Buffer(uncounted.request());
}

Result<Buffer> ListCache::answer(const Question& question, const Buffer& reply) {
    if (question.list_ == nullptr) return reply;
    std::string_view records;
    std::string_view cursor;
    std::optional<std::int64_t> count = question.count_;
    std::optional<std::int64_t> sequence;
    json::scan_members(reply.view(), [&](std::string_view key, std::string_view value) {
        if (key == "records") records = value;
        if (key == "next_cursor") cursor = value;
        if (key == "count") count = json::to_integer(value);
        if (key == "sequence") sequence = json::to_integer(value);
        return true;
    });
    if (!records.starts_with('[') || (question.query_.has_count && !count)) {
        return Error::internal("the store's reply is no list");
    }
    if (sequence && count) {
        auto& list = *question.list_;
        const std::lock_guard lock(list.mutex);
        KnownList::Count fresh{*sequence, *count, clock_()};
        // Others may have brought the list further than the question was.
        const auto changes = log_.between(question.position_, list.through);
        for (const auto& change : changes.value_or(std::vector<ChangeLog::Change>()))
            fresh.take(change, list.was_in(change), list.is_in(change));
        if (changes) list.count = fresh;
    }
    const auto counted =
        question.query_.has_count ? R"(,"count":)" + std::to_string(*count) : std::string();
    auto out = join({R"({"records":)", records, counted, R"(,"next_cursor":)", cursor, "}"});
    keep(question, out);
    return out;
}

std::shared_ptr<KnownList> ListCache::list_of(const std::string& filter) {
    if (auto list = found_again(filter)) return list;
    auto matcher = ListMatcher::make(filter);
    if (matcher == nullptr) return nullptr;
    auto list = std::make_shared<KnownList>(filter, std::move(matcher));
    list->through = list->changed_at = log_.position();
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = list_at_.try_emplace(list->filter);
    if (!is_new) return *known->second.place;
    asked_once_.push_front(std::move(list));
    known->second.place = asked_once_.begin();
    drop_oldest();
    return asked_once_.front();
}

std::shared_ptr<KnownList> ListCache::found_again(const std::string& filter) {
    const std::lock_guard lock(mutex_);
    const auto found = list_at_.find(filter);
    if (found == list_at_.end()) return nullptr;
    auto& at = found->second;
    asked_again_.splice(asked_again_.begin(), at.is_asked_again ? asked_again_ : asked_once_,
                        at.place);
    at.is_asked_again = true;
    if (asked_again_.size() > kMaxLists) {
        list_at_.at(asked_again_.back()->filter).is_asked_again = false;
        asked_once_.splice(asked_once_.begin(), asked_again_, std::prev(asked_again_.end()));
        drop_oldest();
    }
    return *at.place;
}

void ListCache::drop_oldest() {
    if (asked_once_.size() <= kMaxLists) return;
    list_at_.erase(asked_once_.back()->filter);
    asked_once_.pop_back();
}

void ListCache::keep(const Question& question, Buffer reply) {
    auto key = key_of(question.query_);
    const std::lock_guard lock(mutex_);
    if (const auto found = page_of_.find(key); found != page_of_.end()) {
        if (found->second->position > question.position_) return;
        drop(found->second);
    }
    bytes_ += key.size() + reply.size() + kEntryOverhead;
    pages_.push_front(
        {std::move(key), std::move(reply), question.list_, question.position_, clock_()});
    page_of_.emplace(pages_.front().key, pages_.begin());
    while (bytes_ > max_bytes_ && !pages_.empty())
        drop(std::prev(pages_.end()));
}

void ListCache::drop(Pages::iterator page) {
    bytes_ -= page->key.size() + page->reply.size() + kEntryOverhead;
    page_of_.erase(page->key);
    pages_.erase(page);
}

std::size_t ListCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace streamwall::catalog
