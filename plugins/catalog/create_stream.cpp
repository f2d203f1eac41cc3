#include "create_stream.hpp"

#include "continuation.hpp"
#include "permissions.hpp"
#include "relations.hpp"
#include "stream_change.hpp"

#include <streamwall/contracts/events.hpp>
#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/streams.hpp>

#include <memory>

namespace streamwall::catalog {
namespace {

// Each round, the stream in the way would have to be archived between two steps of ours.
constexpr int kMaxRounds = 5;

class Creation : public std::enable_shared_from_this<Creation> {
  public:
    Creation(StreamRecords& records, const boost::json::object& values, const sw_context& context,
             Reply reply)
        : records_(records),
          url_(values.at("url").as_string()),
          context_(context),
          reply_(std::move(reply)) {
        contracts::store::Changes changes;
        changes.insert(contracts::streams::kCollection,
                       new_record_json(values, owner_id(context), records.wall_ms()));
        changes.event_of(0, contracts::events::kStreamCreated, "stream/{id}");
        changes_ = changes.buffer();
    }

    void run() {
        if (auto existing = records_.cached_by_url(url_)) return answer(false, existing);
        insert();
    }
    // Where the values continue a stream that rests.
    void run_on(const boost::json::object& values) {
        continue_stream(records_, values, context_.raw(),
                        [self = shared_from_this()](Result<Buffer> record) {
                            if (record.code() == SW_NOT_FOUND) return self->run();
                            if (!record) return self->reply_(std::move(record));
                            self->answer(false, *record);
                        });
    }

  private:
    void insert() {
        records_.commit({.changes = changes_}, context_.raw(),
                        [self = shared_from_this()](Result<Buffer> record) {
                            self->inserted(std::move(record));
                        });
    }

    void inserted(Result<Buffer> record) {
        if (record) return answer(true, *record);
        const auto holder = contracts::store::detail_number(record.error(), "id");
        if (record.code() != SW_ALREADY_EXISTS || holder == 0) {
            return reply_(std::move(record).error());
        }
        records_.load(holder, context_.raw(), [self = shared_from_this()](Result<Buffer> found) {
            self->found(std::move(found));
        });
    }

    void found(Result<Buffer> record) {
        const bool is_gone = record.code() == SW_NOT_FOUND;
        if (!record && !is_gone) return reply_(std::move(record).error());
        if (record) {
            const auto stream = contracts::glance_at_stream(record->view());
            if (stream.url == url_ && !stream.archived) return answer(false, *record);
        }
        if (++rounds_ >= kMaxRounds) {
            return reply_(Error{SW_ABORTED, "The stream with this URL keeps changing.", {}, {}});
        }
        insert();
    }

    void answer(bool created, const Buffer& record) {
        const std::string_view head =
            created ? R"({"created":true,"stream":)" : R"({"created":false,"stream":)";
        const auto text = record.view();
        reply_(Buffer::make(head.size() + text.size() + 1, [&](char* into) {
            std::memcpy(into, head.data(), head.size());
            std::memcpy(into + head.size(), text.data(), text.size());
            into[head.size() + text.size()] = '}';
        }));
    }

    StreamRecords& records_;
    std::string url_;
    Context context_;
    Buffer changes_;
    Reply reply_;
    int rounds_ = 0;
};

void create_settled(StreamRecords& records, const boost::json::object& values,
                    const sw_context& context, Reply reply) {
    auto creation = std::make_shared<Creation>(records, values, context, std::move(reply));
    if (records.resting_stream(values) != 0) return creation->run_on(values);
    creation->run();
}

Flow<> settle_and_create(StreamRecords& records, boost::json::object values, Context context) {
    auto settled = co_await records.relations()->settle_new(records, std::move(values),
                                                            Relations::From::kPeople, context);
    if (!settled) co_return std::move(settled).error();
    co_return co_await asked(
        [&](Reply reply) { create_settled(records, *settled, context.raw(), std::move(reply)); });
}

}  // namespace

void create_stream(StreamRecords& records, const boost::json::object& values,
                   const sw_context& context, Reply reply) {
    if (records.relations() != nullptr && Relations::concern_new(values)) {
        run(settle_and_create(records, values, Context(context)), std::move(reply));
        return;
    }
    create_settled(records, values, context, std::move(reply));
}

}  // namespace streamwall::catalog
