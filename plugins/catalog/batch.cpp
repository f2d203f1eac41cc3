#include "batch.hpp"

#include "batch_items.hpp"
#include "each.hpp"
#include "permissions.hpp"
#include "relations.hpp"
#include "stream_change.hpp"
#include "stream_history.hpp"
#include "update_stream.hpp"

#include <streamwall/contracts/record.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <set>

namespace streamwall::catalog {
namespace {

namespace store = contracts::store;

// A message holds 1 MiB: replies stop short of it. What the store replies stays in this process as
// a rule; where it does not, see is_worth_a_look().
constexpr std::size_t kMaxReply = 900 * 1024;
constexpr std::size_t kMaxStoreReply = std::size_t{4} << 20;
// What the store answers to one event, and to one entry of the history.
constexpr std::size_t kEventReply = 120;
constexpr std::size_t kHistoryReply = 400;
constexpr int kMaxRounds = 100;

using Outcomes = std::vector<Result<Buffer>>;

// What an item's error says over the boundary.
std::string error_json(const Error& error) {
    json::Writer out;
    out.number("code", error.code).text("message", error.message);
    if (!error.where.empty()) out.text("where", error.where);
    if (!error.details.empty()) out.raw("details", error.details);
    return out.take();
}

Buffer results_json(const Outcomes& outcomes) {
    std::string out = R"({"results":[)";
    for (const auto& outcome : outcomes) {
        if (out.back() != '[') out += ',';
        const bool has_room = outcome && out.size() + outcome->size() <= kMaxReply;
        json::Writer result(std::move(out));
        if (!outcome)
            result.raw("error", error_json(outcome.error()));
        else if (has_room)
            result.raw("stream", outcome->view());
        else
            result.number("id", contracts::record_id(outcome->view()))
                .number("version", contracts::record_version(outcome->view()));
        out = result.take();
    }
    return Buffer(out + "]}");
}

// Finds the ids of items that name their stream by its URL.
class Names {
  public:
    Names(StreamRecords& records, Batch& batch, const Context& context)
        : records_(records), batch_(batch), context_(context) {}

    auto look_up(const std::vector<std::size_t>& places) {
        return each(places, [this](std::size_t place, auto finish) {
            auto& item = batch_.items[place];
            if (item.error || item.id != 0) return finish();
            records_.load_by_url(item.url, context_.raw(), [&item, finish](Result<Buffer> record) {
                if (record)
                    item.id = contracts::record_id(record->view());
                else
                    item.error = std::move(record).error();
                finish();
            });
        });
    }

  private:
    StreamRecords& records_;
    Batch& batch_;
    const Context& context_;
};

// From `at` on: what can be named at once.
std::vector<std::size_t> next_named(const Batch& batch, std::size_t at) {
    std::vector<std::size_t> out;
    for (; at < batch.items.size(); ++at) {
        const bool moves = batch.items[at].moves();
        if (moves && !out.empty()) break;
        out.push_back(at);
        if (moves) break;
    }
    return out;
}

// From `at` on, short of `end`: what can be carried out at once, each stream once.
std::vector<std::size_t> next_wave(const Batch& batch, std::size_t at, std::size_t end) {
    std::vector<std::size_t> out;
    std::set<std::int64_t> ids;
    for (; at < end; ++at) {
        if (!batch.items[at].error && !ids.insert(batch.items[at].id).second) break;
        out.push_back(at);
    }
    return out;
}

Flow<> update_each(StreamRecords& records, Batch batch, Context context) {
    Outcomes outcomes(batch.items.size(), Error::internal("was not carried out"));
    Names names(records, batch, context);
    std::size_t named = 0;
    for (std::size_t at = 0; at < batch.items.size();) {
        if (at == named) {
            const auto places = next_named(batch, at);
            (void)co_await names.look_up(places);
            named += places.size();
        }
        const auto wave = next_wave(batch, at, named);
        (void)co_await each(wave, [&](std::size_t place, auto finish) {
            auto& item = batch.items[place];
            if (item.error) {
                outcomes[place] = std::move(*item.error);
                return finish();
            }
            update_stream(records, {.id = item.id, .versions = {}}, std::move(item.values),
                          Check::kRights, context.raw(),
                          [&outcomes, place, finish](Result<Buffer> record) {
                              outcomes[place] = std::move(record);
                              finish();
                          });
        });
        at += wave.size();
    }
    co_return results_json(outcomes);
}

// ---- All or nothing ----

// One stream of the batch, with what all its items make of it.
struct Target {
    std::int64_t id = 0;
    boost::json::object values;
    std::size_t item = 0;  // the last one that names it
    Result<Buffer> record = Error::internal("was not read");
};

// `target_of` gets the place among them for each item.
std::vector<Target> targets_of(const Batch& batch, std::vector<std::size_t>& target_of) {
    std::vector<Target> out;
    std::map<std::int64_t, std::size_t> places;
    for (std::size_t place = 0; place < batch.items.size(); ++place) {
        const auto& item = batch.items[place];
        const auto [known, is_new] = places.try_emplace(item.id, out.size());
        if (is_new) out.emplace_back().id = item.id;
        auto& target = out[known->second];
        for (const auto& [name, value] : item.values)
            target.values[name] = value;
        target.item = place;
        target_of.push_back(known->second);
    }
    return out;
}

void take_records(std::string_view reply, const std::vector<std::size_t>& changed,
                  std::vector<Target>& targets) {
    std::size_t at = 0;
    json::scan_items(json::find_open_member(reply, "results"), [&](std::string_view item) {
        if (at == changed.size()) return false;
        targets[changed[at++]].record = Buffer(item);
        return true;
    });
}

Error too_long() {
    const auto errors = json::Writer()
                            .text("field", "updates")
                            .text("code", "too_long")
                            .text("message", "hold records of more than 4 MiB together")
                            .take();
    return {SW_INVALID_ARGUMENT,
            "updates hold records of more than 4 MiB together: send several batches", "updates",
            json::Writer().raw("errors", "[" + errors + "]").take()};
}

// Whether every record is there and may be changed so.
bool are_allowed(const std::vector<Target>& targets, const sw_context& context) {
    return std::ranges::all_of(targets, [&](const Target& target) {
        if (!target.record) return false;
        const auto record = target.record->view();
        return may_update(context, record, changed_fields(record, target.values));
    });
}

// Finds or makes the streamers and places that the batch names, once nothing else is wrong with it:
// what is wrong then, plan_all() says.
Flow<std::monostate> settle_all(StreamRecords& records, std::vector<Target>& targets,
                                const Context& context) {
    auto* relations = records.relations();
    const bool is_concerned =
        relations != nullptr && std::ranges::any_of(targets, [](const Target& target) {
            return Relations::concern(target.values);
        });
    if (!is_concerned || !are_allowed(targets, context.raw())) co_return ok();
    for (auto& target : targets) {
        if (!Relations::concern(target.values)) continue;
        auto settled = co_await relations->settle(target.values, *target.record, context);
        if (!settled) co_return error_of_item(settled.error(), target.item);
        target.values = std::move(*settled);
    }
    co_return ok();
}

struct Plan {
    store::Changes changes;
    std::vector<StreamRecords::Member> members;
    std::vector<std::size_t> targets;  // of the members
};

// The records in the order of the list, then their events.
Result<Plan> plan_all(StreamRecords& records, const std::vector<Target>& targets,
                      const sw_context& context) {
    Plan out;
    std::vector<StreamChange> events;
    std::size_t reply_size = 0;
    for (std::size_t at = 0; at < targets.size(); ++at) {
        const auto& [id, values, place, record] = targets[at];
        if (!record) return error_of_item(record.error(), place);
        auto change = plan_change(record->view(), values, records.wall_ms());
        const auto fields = change ? change->fields : std::vector<std::string>{};
        if (!may_update(context, record->view(), fields)) {
            return error_of_item(change_forbidden(), place);
        }
        if (!change) continue;
        reply_size += record->size() + change->set_json.size() + kEventReply;
        if (is_remembered(*change)) reply_size += kHistoryReply;
        if (reply_size > kMaxStoreReply) return too_long();
        out.members.push_back({.index = out.members.size(), .before = *record});
        out.targets.push_back(at);
        out.changes.update(contracts::streams::kCollection, id,
                           contracts::record_version(record->view()), change->set_json);
        events.push_back(std::move(*change));
    }
    for (std::size_t at = 0; at < events.size(); ++at) {
        if (!is_remembered(events[at])) continue;
        const auto text = out.members[at].before.view();
        out.changes.insert(kHistoryCollection, history_entry(text, events[at], context));
    }
    for (std::size_t at = 0; at < events.size(); ++at) {
        const auto id = targets[out.targets[at]].id;
        if (events[at].is_touch && !records.may_announce_touch(id)) continue;
        out.changes.event_of(at, events[at].event_type, stream_subject(id),
                             events[at].changes_json);
    }
    return out;
}

// Which of the members the store's error is about ("changes[2].url"), or the first.
std::size_t member_of(const Error& error) {
    constexpr std::string_view kHead = "changes[";
    std::size_t out = 0;
    if (error.where.starts_with(kHead)) {
        const auto* from = error.where.data() + kHead.size();
        std::from_chars(from, error.where.data() + error.where.size(), out);
    }
    return out;
}

// The store's error, as one of the item; its own place in the list of changes says nothing.
Error refusal(Error error, const Plan& plan, const std::vector<Target>& targets) {
    const auto member = member_of(error);
    if (member >= plan.targets.size()) return error;
    const auto dot = error.where.find('.');
    error.where = dot == std::string::npos ? "" : error.where.substr(dot + 1);
    return error_of_item(error, targets[plan.targets[member]].item);
}

// A reply that was too long for its way says nothing about the changes: planned anew, they turn out
// to be made or not.
bool is_worth_a_look(const Error& error, int round) {
    return error.code == SW_RESOURCE_EXHAUSTED && round == 0 &&
           !store::has_code(error, store::kDiskFull);
}

Flow<> update_all(StreamRecords& records, Batch batch, Context context) {
    std::vector<std::size_t> places(batch.items.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    Names names(records, batch, context);
    (void)co_await names.look_up(places);
    for (const auto place : places) {
        const auto& error = batch.items[place].error;
        if (error) co_return error_of_item(*error, place);
    }
    std::vector<std::size_t> target_of;
    auto targets = targets_of(batch, target_of);
    std::vector<std::size_t> all(targets.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (int round = 0;; ++round) {
        (void)co_await each(all, [&](std::size_t at, auto finish) {
            records.load(targets[at].id, context.raw(), [&, at, finish](Result<Buffer> record) {
                targets[at].record = std::move(record);
                finish();
            });
        });
        if (auto settled = co_await settle_all(records, targets, context); !settled) {
            co_return std::move(settled).error();
        }
        auto plan = plan_all(records, targets, context.raw());
        if (!plan) co_return std::move(plan).error();
        auto applied = Result<Buffer>(Buffer(R"({"results":[]})"));
        if (!plan->members.empty()) {
            applied = co_await asked([&](Reply reply) {
                records.commit_all(plan->changes.buffer(), plan->members, context.raw(),
                                   std::move(reply));
            });
        }
        if (!applied) {
            const bool again =
                applied.code() == SW_ABORTED || is_worth_a_look(applied.error(), round);
            if (!again || round == kMaxRounds || !records.has_time(context.raw())) {
                co_return refusal(std::move(applied).error(), *plan, targets);
            }
        }
        if (applied) {
            take_records(applied->view(), plan->targets, targets);
            Outcomes outcomes;
            for (const auto at : target_of)
                outcomes.push_back(targets[at].record);
            co_return results_json(outcomes);
        }
        for (const auto& member : plan->members)
            records.outdated(member.before.view());
    }
}

}  // namespace

void update_batch(StreamRecords& records, std::string_view request, const sw_context& context,
                  Reply reply) {
    auto batch = read_batch(request);
    if (!batch) return reply(std::move(batch).error());
    if (batch->atomic) {
        run(update_all(records, std::move(*batch), Context(context)), std::move(reply));
    } else {
        run(update_each(records, std::move(*batch), Context(context)), std::move(reply));
    }
}

}  // namespace streamwall::catalog
