// From the stream's last message to the journal's last event.
#include "follower.hpp"

#include <algorithm>

namespace streamwall::jetstream {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kPageEvents = 500;
// How soon a stop is seen while answers are awaited.
constexpr auto kAnswerSlice = 50ms;
// Clocks of two machines differ by less.
constexpr std::chrono::nanoseconds kClockSlack = 2s;

// Whether the stream's own limits may have removed everything that `before` saw.
bool is_by_limits(const StreamState& before, const StreamState& after,
                  std::chrono::nanoseconds interval, std::int64_t now) {
    if (after.max_messages > 0 && after.messages >= after.max_messages / 2) return true;
    if (after.max_bytes > 0 && after.bytes >= after.max_bytes / 2) return true;
    if (after.max_age.count() == 0) return false;
    const bool is_aged =
        before.messages > 0 && before.last_time + (after.max_age - kClockSlack).count() <= now;
    return is_aged || after.max_age <= 2 * interval;
}

std::string_view in_words(StreamChange change) {
    switch (change) {
        case StreamChange::none:
            return "";
        case StreamChange::made_anew:
            return "the stream was made anew";
        case StreamChange::went_back:
            return "the stream went back";
        case StreamChange::purged:
            return "the stream was purged";
    }
    return "";
}

}  // namespace

StreamChange change_between(const StreamState& before, const StreamState& after,
                            std::chrono::nanoseconds interval, std::int64_t now) {
    if (after.created != before.created) return StreamChange::made_anew;
    if (after.last < before.last) return StreamChange::went_back;
    // Of a stream that was empty, whether it lost what came since.
    const auto kept_from = before.messages > 0 ? before.last : before.last + 1;
    const bool lost_all = after.first > kept_from;
    if (lost_all && !is_by_limits(before, after, interval, now)) return StreamChange::purged;
    return StreamChange::none;
}

Result<> Follower::run() {
    if (auto found = find_position(); !found) return found;
    check_at_ = Clock::now() + options_.check_interval;
    while (!signals_.is_stopping()) {
        if (auto sent = send_some(); !sent) return sent;
        if (window_->is_empty()) {
            work();
            if (is_at_end()) {
                memory_.refilled.reset();
                signals_.wait(signals_seen_, check_at_);
            }
            if (stream_.is_closed()) return Error::unavailable("the connection was lost");
        } else if (auto taken = take_answers(); !taken) {
            return taken;
        }
        if (Clock::now() < check_at_) continue;
        if (auto checked = check(); !checked) return checked;
    }
    return ok();
}

// ---- where to begin ----

Result<> Follower::find_position() {
    auto state = stream_.open();
    if (!state) return state.error();
    if (!state->differs.empty()) observer_.on_differs(state->differs);
    auto newest = journal_.read(0, 1);
    if (!newest) return newest.error();
    learn_epoch(newest->epoch);
    last_ = newest->last;

    const auto change =
        memory_.seen
            ? change_between(*memory_.seen, *state, options_.check_interval, wall_ms_() * 1'000'000)
            : StreamChange::none;
    std::string_view why = in_words(change);
    // What came behind the purge is in the stream, and stays there: the server knows it by its ids.
    if (change == StreamChange::purged) memory_.refilled = 0;
    if (change == StreamChange::made_anew || change == StreamChange::went_back) {
        memory_.refilled.reset();
    }
    if (memory_.refilled) {
        cursor_ = *memory_.refilled;
    } else {
        auto found = stream_.last_sequence(memory_.epoch);
        if (!found) return found.error();
        cursor_ = *found;
    }
    cursor_ = std::max(cursor_, memory_.too_old);
    if (cursor_ > last_) {
        why = "the journal went back";
        cursor_ = memory_.too_old = 0;
        memory_.refilled.reset();
    }
    memory_.seen = *state;
    max_age_ = state->max_age;
    window_.emplace(options_.window, state->first, state->last, cursor_);
    observer_.on_following(cursor_, last_, why);
    return ok();
}

void Follower::learn_epoch(const std::string& epoch) {
    if (memory_.epoch == epoch) return;
    memory_.epoch = epoch;
    memory_.highest = memory_.too_old = 0;
    memory_.refilled.reset();
}

// ---- from the journal to the stream ----

Result<> Follower::send_some() {
    while (!window_->is_full()) {
        if (!has_event()) {
            if (is_at_end_ && signals_.count() == signals_seen_) return ok();
            if (auto read = next_page(); !read) return read;
            if (!has_event()) return ok();
        }
        const auto& event = page_->events[next_];
        if (is_too_old(event)) {
            memory_.too_old = event.sequence;
        } else if (!stream_.fits(event)) {
            observer_.on_left_out(event.sequence, event.sequence, "longer than the server takes");
        } else {
            if (window_->is_empty()) {
                answer_by_ = Clock::now() + options_.request_timeout;
                previous_.clear();
            }
            const auto ticket = window_->send(event.sequence);
            auto sent = stream_.send(ticket, memory_.epoch, event, previous_);
            if (!sent) return sent;
            previous_ = event.id;
        }
        cursor_ = event.sequence;
        ++next_;
    }
    return ok();
}

Result<> Follower::next_page() {
    signals_seen_ = signals_.count();
    auto page = journal_.read(cursor_, kPageEvents);
    if (!page && page.code() == SW_OUT_OF_RANGE) return skip_trimmed();
    if (!page) return page.error();
    if (page->epoch != memory_.epoch) {
        return Error{SW_ABORTED, "the journal was replaced by another", {}, {}};
    }
    if (page->last < cursor_) return Error{SW_ABORTED, "the journal went back", {}, {}};
    last_ = page->last;
    is_at_end_ = page->through >= page->last;
    if (page->events.empty()) cursor_ = std::max(cursor_, page->through);
    page_ = std::move(*page);
    next_ = 0;
    tell_lag();
    return ok();
}

// The journal's own limits removed what was not mirrored yet.
Result<> Follower::skip_trimmed() {
    auto oldest = journal_.read(0, 1);
    if (!oldest) return oldest.error();
    if (oldest->epoch != memory_.epoch || oldest->first <= cursor_ + 1) {
        return Error{SW_ABORTED, "the journal changed while it was read", {}, {}};
    }
    observer_.on_left_out(cursor_ + 1, oldest->first - 1, "the journal has removed them");
    cursor_ = oldest->first - 1;
    page_.reset();
    is_at_end_ = false;
    return ok();
}

bool Follower::is_too_old(const JournalEvent& event) const {
    if (max_age_.count() == 0) return false;
    return event.time_ms +
               std::chrono::duration_cast<std::chrono::milliseconds>(max_age_).count() <=
           wall_ms_();
}

// ---- what the server says ----

Result<> Follower::take_answers() {
    auto answer = stream_.next_answer(kAnswerSlice);
    if (!answer) return answer.error();
    if (!*answer) {
        if (Clock::now() < answer_by_) return ok();
        return Error{SW_DEADLINE_EXCEEDED, "the server does not answer in time", {}, {}};
    }
    while (*answer) {
        if (auto taken = take(std::move(**answer)); !taken) return taken;
        answer = stream_.next_answer(0ms);
        if (!answer) return answer.error();
    }
    answer_by_ = Clock::now() + options_.request_timeout;
    tell_lag();
    return ok();
}

Result<> Follower::take(Stream::Answer answer) {
    const auto stored = window_->stored();
    const auto outcome = window_->answer(answer.token, std::move(answer.ack));
    const auto confirmed = window_->confirmed();
    if (memory_.refilled) memory_.refilled = confirmed;
    if (const auto count = window_->stored() - stored; count > 0) {
        observer_.on_published(count, confirmed <= memory_.highest);
        memory_.highest = std::max(memory_.highest, confirmed);
        work();
    }
    if (outcome == Window::Outcome::failed) return Error{SW_ABORTED, window_->reason(), {}, {}};
    if (outcome == Window::Outcome::send_again) {
        cursor_ = std::max(confirmed, memory_.too_old);
        page_.reset();
        is_at_end_ = false;
    }
    return ok();
}

// Acks tell of a stream that vanished or went back, but not of one that was purged, and nothing is
// acked while there is nothing to send.
Result<> Follower::check() {
    auto state = stream_.look();
    if (!state) return state.error();
    auto change =
        change_between(*memory_.seen, *state, options_.check_interval, wall_ms_() * 1'000'000);
    if (change == StreamChange::none && state->last < window_->tail()) {
        change = StreamChange::went_back;
    }
    if (change != StreamChange::none) {
        return Error{SW_ABORTED, std::string(in_words(change)), {}, {}};
    }
    memory_.seen = *state;
    check_at_ = Clock::now() + options_.check_interval;
    is_at_end_ = false;  // whoever was not woken looks, too
    return ok();
}

void Follower::tell_lag() {
    observer_.on_lag(last_ - (window_->is_empty() ? cursor_ : window_->confirmed()));
}

void Follower::work() {
    if (is_working_ || (!is_at_end() && window_->stored() == 0)) return;
    is_working_ = true;
    observer_.on_working();
}

}  // namespace streamwall::jetstream
