#include "update_stream.hpp"

#include "permissions.hpp"
#include "relations.hpp"
#include "stream_change.hpp"
#include "stream_history.hpp"

#include <streamwall/contracts/events.hpp>
#include <streamwall/contracts/record.hpp>

#include <memory>

namespace streamwall::catalog {
namespace {

namespace store = contracts::store;
constexpr auto kCollection = contracts::streams::kCollection;

// More than callers can race for one record within their deadlines; it bounds the stack where a
// store answers inside the call.
constexpr int kMaxRounds = 500;

Error version_differs(std::int64_t version) {
    return {SW_FAILED_PRECONDITION, "The stream has another version.", "version",
            json::Writer().number("version", version).take()};
}

// Read, plan, write with the version that was read; again where somebody was faster.
class Attempt : public std::enable_shared_from_this<Attempt> {
  public:
    Attempt(StreamRecords& records, StreamTarget target, const sw_context& context, Reply reply)
        : records_(records),
          target_(std::move(target)),
          context_(context),
          reply_(std::move(reply)) {}
    virtual ~Attempt() = default;

    void run() {
        records_.load(target_.id, context_.raw(),
                      [self = shared_from_this()](Result<Buffer> record) {
                          self->loaded(std::move(record));
                      });
    }

  protected:
    struct Plan {
        Buffer changes;  // empty: nothing to write
        bool removes = false;
        bool moves = true;  // see StreamRecords::Commit
    };
    virtual Result<Plan> plan(std::string_view record) = 0;

    StreamRecords& records() { return records_; }
    const sw_context& context() const { return context_.raw(); }

  private:
    void loaded(Result<Buffer> record) {
        if (!record) return reply_(std::move(record));
        const auto version = contracts::record_version(record->view());
        if (!target_.accepts(version)) return reply_(version_differs(version));
        auto planned = plan(record->view());
        if (!planned) return reply_(std::move(planned).error());
        if (!planned->changes) return reply_(std::move(record));
        StreamRecords::Commit commit{.changes = std::move(planned->changes),
                                     .before = *record,
                                     .removes = planned->removes,
                                     .moves = planned->moves};
        records_.commit(std::move(commit), context_.raw(),
                        [self = shared_from_this(), record = *record](Result<Buffer> after) {
                            self->committed(record, std::move(after));
                        });
    }

    void committed(const Buffer& before, Result<Buffer> after) {
        if (after.code() != SW_ABORTED) {
            if (after.code() == SW_NOT_FOUND) return reply_(stream_not_found());
            return reply_(std::move(after));
        }
        records_.outdated(before.view());
        if (++rounds_ == kMaxRounds || !records_.has_time(context_.raw())) {
            return reply_(std::move(after));
        }
        run();
    }

    StreamRecords& records_;
    StreamTarget target_;
    Context context_;
    Reply reply_;
    int rounds_ = 0;
};

class Update final : public Attempt {
  public:
    Update(StreamRecords& records, StreamTarget target, boost::json::object values, Check check,
           std::string_view reason, const sw_context& context, Reply reply)
        : Attempt(records, std::move(target), context, std::move(reply)),
          values_(std::move(values)),
          check_(check),
          reason_(reason) {}

  private:
    Result<Plan> plan(std::string_view record) override {
        const auto change = plan_change(record, values_, records().wall_ms());
        static const std::vector<std::string> kNoFields;
        const auto& fields = change ? change->fields : kNoFields;
        if (check_ == Check::kRights && !may_update(context(), record, fields)) {
            return change_forbidden();
        }
        if (!change) return Plan{};
        const auto id = contracts::record_id(record);
        store::Changes changes;
        changes.update(kCollection, id, contracts::record_version(record), change->set_json);
        if (is_remembered(*change)) {
            changes.insert(kHistoryCollection, history_entry(record, *change, context(), reason_));
        }
        announces_ = announces_ || !change->is_touch || records().may_announce_touch(id);
        if (announces_) {
            changes.event_of(0, change->event_type, stream_subject(id), change->changes_json);
        }
        return Plan{.changes = changes.buffer(), .moves = change->moves};
    }

    boost::json::object values_;
    Check check_;
    std::string_view reason_;
    bool announces_ = false;  // granted once, kept over further attempts
};

class Removal final : public Attempt {
  public:
    using Attempt::Attempt;

  private:
    Result<Plan> plan(std::string_view record) override {
        if (!may_remove(context(), record)) return change_forbidden();
        const auto id = contracts::record_id(record);
        store::Changes changes;
        changes.erase(kCollection, id, contracts::record_version(record));
        changes.event_of(0, contracts::events::kStreamDeleted, stream_subject(id));
        return Plan{.changes = changes.buffer(), .removes = true};
    }
};

// Whether the change would be made: else nothing is found or made for it.
bool would_change(std::string_view record, const StreamTarget& target,
                  const boost::json::object& values, Check check, const Context& context) {
    const auto fields = changed_fields(record, values);
    if (fields.empty() || !target.accepts(contracts::record_version(record))) return false;
    return check == Check::kNone || may_update(context.raw(), record, fields);
}

Flow<> settle_and_set(StreamRecords& records, StreamTarget target, boost::json::object values,
                      Check check, Context context) {
    const auto record = co_await asked(
        [&](Reply reply) { records.load(target.id, context.raw(), std::move(reply)); });
    if (!record) co_return record.error();
    if (would_change(record->view(), target, values, check, context)) {
        auto settled = co_await records.relations()->settle(std::move(values), *record, context);
        if (!settled) co_return std::move(settled).error();
        values = std::move(*settled);
    }
    co_return co_await asked([&](Reply reply) {
        set_in_stream(records, target, values, check, context.raw(), std::move(reply));
    });
}

}  // namespace

void update_stream(StreamRecords& records, StreamTarget target, boost::json::object values,
                   Check check, const sw_context& context, Reply reply) {
    if (records.relations() != nullptr && Relations::concern(values)) {
        run(settle_and_set(records, std::move(target), std::move(values), check, Context(context)),
            std::move(reply));
        return;
    }
    set_in_stream(records, std::move(target), std::move(values), check, context, std::move(reply));
}

void set_in_stream(StreamRecords& records, StreamTarget target, boost::json::object values,
                   Check check, const sw_context& context, Reply reply) {
    std::make_shared<Update>(records, std::move(target), std::move(values), check, "", context,
                             std::move(reply))
        ->run();
}

void update_by_rule(StreamRecords& records, StreamTarget target, boost::json::object values,
                    const sw_context& context, Reply reply) {
    std::make_shared<Update>(records, std::move(target), std::move(values), Check::kNone, kRule,
                             context, std::move(reply))
        ->run();
}

void remove_stream(StreamRecords& records, StreamTarget target, const sw_context& context,
                   Reply reply) {
    std::make_shared<Removal>(records, std::move(target), context, std::move(reply))->run();
}

}  // namespace streamwall::catalog
