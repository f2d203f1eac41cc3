#include "replay.hpp"

#include <streamwall/contracts/streams.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::hub {

namespace {

constexpr std::string_view kStreamEvents = R"(["stream.*"])";
constexpr std::size_t kPieceBytes = 16 * 1024;  // then the client has to have read it
constexpr std::int64_t kJournalPage = 200;
constexpr std::int64_t kSnapshotPage = 100;

}  // namespace

void Replay::request(std::optional<HistoryRequest> history) {
    if (!std::exchange(is_held_, false)) {
        next_wish_ = ReplayWish{.history = std::move(history)};
        return;
    }
    wish_.history = std::move(history);
    step();
}

void Replay::step() {
    if (is_asking_) return;
    if (phase_ == Phase::kBegin && !begin()) return;
    switch (phase_) {
        case Phase::kAhead:
            return check_ahead();
        case Phase::kSince:
            return find_time();
        case Phase::kSnapshot:
            return ask_for_streams();
        case Phase::kHistory:
            return go_on();
        case Phase::kBegin:
        case Phase::kOver:
            return;
    }
}

// False until it is known where the journal was when this hub began.
bool Replay::begin() {
    bool is_ready = false;
    bool is_found = true;
    parts_.timeline.look(connection_, [&](const History& history) {
        is_ready = history.has_begun();
        if (is_ready) is_found = choose_place(history);
        return is_ready;
    });
    if (!is_ready) return false;
    if (std::exchange(wish_.confirm, false)) send_answer("confirm_subscription");
    if (!is_found) refuse();
    return true;
}

// False where the place that the client knows is none of this journal.
bool Replay::choose_place(const History& history) {
    epoch_ = history.epoch();
    place_ = start_ = high_ = history.head();
    phase_ = wish_.snapshot ? Phase::kSnapshot : Phase::kHistory;
    if (!wish_.history) return true;
    const auto& places = wish_.history->places;
    const auto known =
        std::ranges::find(places, topic_->stream_id(), &HistoryRequest::Place::stream);
    if (known != places.end()) {
        if (known->at.epoch != epoch_) return false;
        phase_ = known->at.sequence > place_ ? Phase::kAhead : Phase::kHistory;
        place_ = known->at.sequence;
        wish_.snapshot = false;  // it has one, and what came since
    } else if (const auto since = wish_.history->since_ms; since && !wish_.snapshot) {
        phase_ = history.knows_time(*since) ? Phase::kHistory : Phase::kSince;
        if (phase_ == Phase::kHistory) place_ = history.before_time(*since);
    }
    return true;
}

// The client was told more than this node knows: by a node that is ahead, or by a journal that has
// lost its end since.
void Replay::check_ahead() {
    const bool is_certain = probes_++ > 0;
    bool is_here = false;
    parts_.timeline.look(connection_, [&](const History& history) {
        is_here = history.head() >= place_ || history.epoch() != epoch_;
        return is_here || !is_certain;
    });
    if (is_here) {
        phase_ = Phase::kHistory;
        return go_on();
    }
    if (!is_certain) {
        ask(parts_.timeline.sources().events, journal_request(place_, 1), &Replay::took_ahead);
    }
}

void Replay::took_ahead(const Result<Buffer>& answer) {
    const auto page = answer ? parse_journal_page(answer->view()) : std::nullopt;
    if (!page || page->newest.epoch != epoch_ || page->newest.sequence < place_) refuse();
    step();
}

// The last event before a time, by halving: events are in the order of their times.
void Replay::find_time() {
    if (low_ >= high_) {
        place_ = low_;
        phase_ = Phase::kHistory;
        return go_on();
    }
    // Most ask for a moment ago: the newest is looked at first, then the oldest that is kept.
    const auto probe = probes_ == 0 ? high_ - 1 : probes_ == 1 ? 0 : low_ + (high_ - low_) / 2;
    ++probes_;
    ask(parts_.timeline.sources().events, journal_request(probe, 1), &Replay::took_time);
}

void Replay::took_time(const Result<Buffer>& answer) {
    const auto page = answer ? parse_journal_page(answer->view()) : std::nullopt;
    if (!page || page->newest.epoch != epoch_) {
        refuse();
        return step();
    }
    // What was trimmed away can't be given to anybody.
    if (page->first > 0) low_ = std::max(low_, page->first - 1);
    if (page->events.empty()) {
        low_ = high_;
    } else if (const auto& event = page->events.front(); event.time_ms < *wish_.history->since_ms) {
        low_ = std::max(low_, event.sequence);
    } else {
        high_ = std::min(high_, event.sequence - 1);
    }
    step();
}

void Replay::ask_for_streams() {
    contracts::streams::List list;
    for (const std::size_t field : {StreamFilter::kStatus, StreamFilter::kPlatform}) {
        const auto& wanted = topic_->filter().wanted(field);
        if (wanted.empty()) continue;
        contracts::streams::Filter filter{std::string(kFilterFields[field]), {}};
        for (const auto& value : wanted) {
            std::string text;
            json::append_string(text, value);
            filter.values_json.push_back(std::move(text));
        }
        list.filters.push_back(std::move(filter));
    }
    list.sort = "created_at";
    list.limit = kSnapshotPage;
    list.cursor = cursor_;
    list.count = false;
    ask(parts_.timeline.sources().streams, list.request(), &Replay::send_snapshot_page);
}

// The last page says that it is the last. Changes that came while pages were read follow, whether
// the records had them already or not: their versions tell.
void Replay::send_snapshot_page(const Result<Buffer>& answer) {
    if (!answer) {
        connection_.close(1011, "the streams could not be read");
        return abandon();
    }
    std::string streams;
    json::scan_items(json::find_member(answer->view(), "records"), [&](std::string_view record) {
        const auto facts = read_facts(record, {});
        if (!facts || !topic_->filter().matches(*facts)) return;
        if (!streams.empty()) streams += ',';
        streams += record;
    });
    const auto next = json::find_member(answer->view(), "next_cursor");
    cursor_ = json::to_plain_text(next).value_or("");
    std::string message = R"({"identifier":)" + topic_->identifier_json() +
                          R"(,"message":{"action":"snapshot","streams":[)" + streams +
                          R"(],"complete":)" + (cursor_.empty() ? "true}}" : "false}}");
    connection_.send(Buffer(message));
    if (cursor_.empty()) {
        wish_.snapshot = false;
        phase_ = Phase::kHistory;
    }
    connection_.ask_when_written();
}

void Replay::go_on() {
    if (!backlog_.empty()) return send_backlog();
    enum class Next { kWait, kMore, kJournal, kRefuse, kJoined } next = Next::kWait;
    parts_.timeline.look(connection_, [&](const History& history) {
        if (history.epoch() != epoch_) {
            next = Next::kRefuse;
        } else if (!history.covers(place_)) {
            next = Next::kJournal;
        } else if (history.head() < read_) {
            return false;  // the journal is ahead of the bus: what was read is still to come here
        } else {
            const auto page = history.after(place_, kPieceBytes);
            for (const auto* event : page.events)
                send(*event);
            place_ = page.through;
            const bool joins = page.reaches_head && !next_wish_;
            next = joins ? Next::kJoined : Next::kMore;
            // Under the lock that the next event is broadcast under.
            if (joins) join();
            if (page.reaches_head && !joins) begin_again();
        }
        return true;
    });
    if (next == Next::kMore) connection_.ask_when_written();
    if (next == Next::kJournal) read_journal();
    if (next == Next::kRefuse) {
        refuse();
        step();
    }
}

void Replay::send_backlog() {
    for (std::size_t bytes = 0; !backlog_.empty() && bytes < kPieceBytes; backlog_.pop_front())
        bytes += send(backlog_.front());
    if (backlog_.empty()) place_ = backlog_through_;
    connection_.ask_when_written();
}

void Replay::read_journal() {
    if (start_ > place_ && start_ - place_ > parts_.max_events) {
        refuse();
        return step();
    }
    ask(parts_.timeline.sources().events, journal_request(place_, kJournalPage, kStreamEvents),
        &Replay::take_page);
}

void Replay::take_page(const Result<Buffer>& answer) {
    auto page = answer ? parse_journal_page(answer->view()) : std::nullopt;
    if (!page || page->newest.epoch != epoch_ || page->through < place_) {
        refuse();
        return step();
    }
    backlog_through_ = page->through;
    if (!page->events.empty()) read_ = page->events.back().sequence;
    std::ranges::move(page->events, std::back_inserter(backlog_));
    if (backlog_.empty()) place_ = backlog_through_;
    step();
}

// Nothing of the past, then, but everything since the subscription, behind a snapshot where one was
// wanted. Where that can't be had either, everything from now on.
void Replay::refuse() {
    if (wish_.history) {
        parts_.refused.add();
        send_answer("reject_history");
    }
    wish_.history.reset();
    backlog_.clear();
    place_ = start_;
    phase_ = wish_.snapshot ? Phase::kSnapshot : Phase::kHistory;
    if (!std::exchange(has_given_up_, true)) return;
    parts_.timeline.look(connection_, [this](const History& history) {
        epoch_ = history.epoch();
        place_ = history.head();
        return true;
    });
}

void Replay::join() {
    phase_ = Phase::kOver;
    if (wish_.history) send_answer("confirm_history");
    topic_->topic().join(connection_);
}

void Replay::begin_again() {
    if (wish_.history) send_answer("confirm_history");
    wish_ = *std::exchange(next_wish_, std::nullopt);
    phase_ = Phase::kBegin;
    probes_ = 0;
    has_given_up_ = false;
}

std::size_t Replay::send(const PastEvent& event) {
    const auto action = choose_action(event.type, event.changes);
    const auto facts =
        action.empty() ? std::nullopt : read_facts(event.record.view(), event.changes);
    if (!facts || !topic_->filter().matches(*facts)) return 0;
    const auto message = render_message(topic_->identifier_json(),
                                        make_broadcast(action, event.record.view(), event.changes),
                                        topic_->stream_id(), {epoch_, event.sequence});
    connection_.send(Buffer(message));
    return message.size();
}

void Replay::send_answer(std::string_view type) {
    connection_.send(
        json::Writer().text("identifier", topic_->identifier()).text("type", type).buffer());
}

// The answer comes on the connection's loop, as everything of the connection does: where it finds
// the replay alive, connection and hub are, too.
void Replay::ask(const Ask& service, const Buffer& request,
                 void (Replay::*then)(const Result<Buffer>& answer)) {
    is_asking_ = true;
    service(request, home_, [self = shared_from_this(), then](Result<Buffer> answer) {
        self->is_asking_ = false;
        if (self->is_over()) return;
        const Gate::Stay stay(self->parts_.gate);
        if (stay) (self.get()->*then)(answer);
    });
}

}  // namespace streamwall::hub
