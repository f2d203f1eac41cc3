#include "stream_records.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>

namespace streamwall::catalog {
namespace {

namespace store = contracts::store;

// Longer than any caller waits: the cache must learn how a change ended even if nobody else does.
constexpr std::uint64_t kCommitTimeNs = std::uint64_t{60} * 1'000'000'000;
constexpr std::uint64_t kTouchGapNs = std::uint64_t{60} * 1'000'000'000;

// A refusal: the store has not applied anything, and says so.
bool is_refusal(sw_status code) {
    switch (code) {
        case SW_INVALID_ARGUMENT:
        case SW_NOT_FOUND:
        case SW_ALREADY_EXISTS:
        case SW_PERMISSION_DENIED:
        case SW_FAILED_PRECONDITION:
        case SW_ABORTED:
        case SW_OUT_OF_RANGE:
        case SW_UNIMPLEMENTED:
            return true;
        default:
            return false;
    }
}

// The number of an event in the results behind `index`: those of a record's change come after it.
std::int64_t sequence_behind(std::string_view reply, std::size_t index) {
    std::int64_t out = 0;
    std::size_t at = 0;
    json::scan_items(json::find_open_member(reply, "results"), [&](std::string_view item) {
        if (at++ <= index) return;
        out = std::max(out, json::to_integer(json::find_member(item, "sequence")).value_or(0));
    });
    return out;
}

// The record as it was before `changes`, which name the old and the new value of each field.
Buffer record_before(std::string_view record, std::string_view changes) {
    json::Writer out;
    json::scan_members(record, [&](std::string_view name, std::string_view value) {
        const auto change = json::find_member(changes, name);
        out.raw(name, change.empty() ? value : json::find_member(change, "from"));
        return true;
    });
    return out.buffer();
}

}  // namespace

Error stream_not_found() {
    return Error::not_found("There is no such stream.");
}

std::optional<Result<Buffer>> StreamRecords::cached(std::int64_t id) {
    auto found = cache_.find(id);
    if (found.state == RecordCache::State::kHeld) return Result<Buffer>(std::move(found.record));
    if (found.state == RecordCache::State::kGone) return Result<Buffer>(stream_not_found());
    return std::nullopt;
}

void StreamRecords::load(std::int64_t id, const sw_context& context, Reply reply) {
    if (auto hit = cached(id)) return reply(std::move(*hit));
    auto request = store::get_request(contracts::streams::kCollection, id);
    store_.call(StorePort::Method::kGet, std::move(request), context,
                [this, reply = std::move(reply)](Result<Buffer> answer) mutable {
                    if (answer) cache_.keep_read(*answer);
                    if (answer.code() == SW_NOT_FOUND) return reply(stream_not_found());
                    reply(std::move(answer));
                });
}

void StreamRecords::query(Buffer request, const sw_context& context, Reply reply) {
    store_.call(StorePort::Method::kQuery, std::move(request), context, std::move(reply));
}

void StreamRecords::list(StreamQuery query, const sw_context& context, Reply reply) {
    auto question = lists_.ask(std::move(query));
    if (auto known = question.known()) return reply(std::move(known));
    auto request = question.request();
    store_.call(StorePort::Method::kQuery, std::move(request), context,
                [this, question = std::move(question),
                 reply = std::move(reply)](Result<Buffer> answer) mutable {
                    if (!answer) return reply(std::move(answer));
                    reply(lists_.answer(question, *answer));
                });
}

void StreamRecords::apply(Buffer changes, const sw_context& context, Reply reply) {
    store_.call(StorePort::Method::kApply, std::move(changes), context, std::move(reply));
}

void StreamRecords::lease(Buffer request, const sw_context& context, Reply reply) {
    store_.call(StorePort::Method::kLease, std::move(request), context, std::move(reply));
}

void StreamRecords::rest(std::string_view record, std::chrono::milliseconds length) {
    const auto now = clock_();
    const auto span = std::chrono::nanoseconds(length).count();
    resting_.add(record, now + static_cast<std::uint64_t>(span), now);
}

void StreamRecords::commit(Commit commit, const sw_context& context, Reply reply) {
    sw_context patient = context;
    patient.deadline_ns = std::max(context.deadline_ns, clock_() + kCommitTimeNs);
    auto changes = commit.changes;
    const bool is_expected = commit.before && !commit.removes;
    if (is_expected) lists_.expect(commit.before.view());
    store_.call(StorePort::Method::kApply, std::move(changes), patient,
                [this, is_expected, commit = std::move(commit),
                 reply = std::move(reply)](Result<Buffer> answer) mutable {
                    auto record = answer ? committed(commit, answer->view()) : std::move(answer);
                    const bool was_heard = is_expected && lists_.settle(commit.before.view());
                    if (!record && (was_heard || !is_refusal(record.code()))) {
                        lists_.distrust();
                        if (commit.before) {
                            cache_.distrust(contracts::record_id(commit.before.view()));
                        }
                    }
                    reply(std::move(record));
                });
}

Result<Buffer> StreamRecords::committed(const Commit& commit, std::string_view reply) {
    const auto text = store::result_at(reply, commit.index);
    if (contracts::record_id(text) == 0) {
        return Error::internal("the store's reply holds no record");
    }
    Buffer record(text);
    lists_.changed({.before = commit.before,
                    .after = commit.removes ? Buffer() : record,
                    .sequence = sequence_behind(reply, commit.index)});
    if (commit.removes)
        cache_.bury(contracts::record_id(text));
    else
        cache_.keep_written(record, commit.moves);
    if (commit.moves) {
        if (commit.before || commit.removes) counts_.remove(commit.before.view());
        if (!commit.removes) counts_.add(text);
    }
    return record;
}

void StreamRecords::commit_all(Buffer changes, std::vector<Member> members,
                               const sw_context& context, Reply reply) {
    sw_context patient = context;
    patient.deadline_ns = std::max(context.deadline_ns, clock_() + kCommitTimeNs);
    store_.call(StorePort::Method::kApply, std::move(changes), patient,
                [this, members = std::move(members),
                 reply = std::move(reply)](Result<Buffer> answer) mutable {
                    if (answer) {
                        all_committed(members, answer->view());
                    } else if (!is_refusal(answer.code())) {
                        lists_.distrust();
                        for (const auto& member : members)
                            cache_.distrust(contracts::record_id(member.before.view()));
                    }
                    reply(std::move(answer));
                });
}

void StreamRecords::all_committed(const std::vector<Member>& members, std::string_view reply) {
    std::size_t index = 0;
    auto member = members.begin();
    // One commit has all of them, or none.
    const auto sequence = members.empty() ? 0 : sequence_behind(reply, members.back().index);
    json::scan_items(json::find_open_member(reply, "results"), [&](std::string_view item) {
        if (member != members.end() && member->index == index++) {
            Buffer record(item);
            lists_.changed({.before = member->before, .after = record, .sequence = sequence});
            cache_.keep_written(record);
            if (member->before) counts_.remove(member->before.view());
            counts_.add(item);
            ++member;
        }
        return member != members.end();
    });
}

void StreamRecords::load_by_url(std::string_view url, const sw_context& context, Reply reply) {
    if (auto hit = cached_by_url(url)) return reply(std::move(hit));
    std::string value;
    json::append_string(value, url);
    store_.call(StorePort::Method::kGet,
                store::find_request(contracts::streams::kCollection, "url", value), context,
                [this, reply = std::move(reply)](Result<Buffer> answer) mutable {
                    if (answer) cache_.keep_read(*answer);
                    if (answer.code() == SW_NOT_FOUND) return reply(stream_not_found());
                    reply(std::move(answer));
                });
}

void StreamRecords::heard(const Heard& change) {
    const auto& record = change.record;
    // What was changed here is known, and most is.
    if (lists_.knows(record.view(), change.removed)) return;
    const auto before = [&] {
        if (change.created) return Buffer();
        if (change.changes.empty()) return record;
        return record_before(record.view(), change.changes);
    };
    lists_.changed({.before = before(),
                    .after = change.removed ? Buffer() : record,
                    .sequence = change.sequence});
    if (change.removed)
        cache_.bury(contracts::record_id(record.view()));
    else
        cache_.keep_written(record, change.moves);
}

std::int64_t StreamRecords::system_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

void StreamRecords::outdated(std::string_view record) {
    cache_.forget(contracts::record_id(record), contracts::record_version(record));
}

bool StreamRecords::may_announce_touch(std::int64_t id) {
    return cache_.may_announce_touch(id, clock_(), kTouchGapNs);
}

}  // namespace streamwall::catalog
