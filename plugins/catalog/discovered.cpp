#include "discovered.hpp"

#include "continuation.hpp"
#include "relations.hpp"
#include "stream_change.hpp"

#include <streamwall/contracts/events.hpp>
#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/streams.hpp>
#include <streamwall/model/fields.hpp>

#include <array>
#include <memory>
#include <utility>

namespace streamwall::catalog {
namespace {

namespace store = contracts::store;

constexpr std::string_view kConsumer = "catalog";

// Which member of the event gives which field of the record.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kTaken{
    {{"url", "url"},
     {"platform", "platform"},
     {"source", "source"},
     {"user", "posted_by"},
     {"streamer", "streamer_name"},
     {"city", "city"},
     {"state", "state"},
     {"country", "country"}}};

Result<boost::json::object> read_discovered(std::string_view data) {
    auto event = json::parse_object(data);
    if (!event) return std::move(event).error();
    boost::json::object body{{"status", "checking"}};
    for (const auto& [from, to] : kTaken) {
        const auto* value = event->if_contains(from);
        if (value != nullptr && !value->is_null()) body[to] = *value;
    }
    auto input = model::read_stream_input(body, {.mode = model::InputMode::kCreate});
    if (!input.ok()) {
        const auto& first = input.errors.front();
        return Error::invalid("the discovered " + first.field + " " + first.message, first.field);
    }
    return std::move(input.values);
}

// The event's data with the stream's id: who posted it again, and where.
std::string duplicate_json(std::int64_t id, std::string_view data) {
    json::Writer out;
    out.number("id", id);
    for (const std::string_view name : {"url", "source", "user", "message_id"}) {
        if (const auto value = json::find_member(data, name); !value.empty()) out.raw(name, value);
    }
    return out.take();
}

class Intake : public std::enable_shared_from_this<Intake> {
  public:
    Intake(StreamRecords& records, const DiscoveredEvent& event, const sw_context& context,
           Finished finished)
        : records_(records),
          event_id_(event.id),
          data_(event.data),
          context_(context),
          finished_(std::move(finished)) {}

    void run() {
        auto values = read_discovered(data_);
        if (!values) return finished_(std::move(values).error());
        if (records_.resting_stream(*values) == 0) return take(std::move(*values));
        // A second delivery of the event finds a stream that is not archived, as a duplicate would.
        continue_stream(
            records_, *values, context_.raw(),
            [self = shared_from_this(), values = *values](Result<Buffer> record) mutable {
                if (record.code() == SW_NOT_FOUND) return self->take(std::move(values));
                self->finish(false, std::move(record));
            });
    }

  private:
    void take(boost::json::object values) {
        if (records_.relations() == nullptr || !Relations::concern_new(values))
            return insert(values);
        streamwall::catalog::run(settle(std::move(values)),
                                 [self = shared_from_this()](Result<Buffer> settled) {
                                     if (settled) return self->insert(self->settled_);
                                     self->finished_(std::move(settled).error());
                                 });
    }

    Flow<> settle(boost::json::object values) {
        auto settled = co_await records_.relations()->settle_new(
            records_, std::move(values), Relations::From::kDiscovery, context_);
        if (!settled) co_return std::move(settled).error();
        settled_ = std::move(*settled);
        co_return Buffer();
    }

    void insert(const boost::json::object& values) {
        store::Changes changes;
        mark_seen(changes);
        changes.insert(contracts::streams::kCollection,
                       new_record_json(values, 0, records_.wall_ms()));
        // Behind the mark, where there is one.
        const std::size_t index = event_id_.empty() ? 0 : 1;
        changes.event_of(index, contracts::events::kStreamCreated, "stream/{id}");
        records_.commit({.changes = changes.buffer(), .index = index}, context_.raw(),
                        [self = shared_from_this()](Result<Buffer> record) {
                            self->inserted(std::move(record));
                        });
    }

    void inserted(Result<Buffer> record) {
        if (record) return finish(true, std::move(record));
        const auto& error = record.error();
        if (error.code != SW_ALREADY_EXISTS) return finished_(std::move(record).error());
        if (store::has_code(error, store::kInboxSeen)) return finished_(Taken{});
        const auto holder = store::detail_number(error, "id");
        if (holder == 0) return finished_(std::move(record).error());
        announce_duplicate(holder);
    }

    void announce_duplicate(std::int64_t id) {
        store::Changes changes;
        mark_seen(changes);
        changes.event(contracts::events::kStreamDuplicateSeen, stream_subject(id),
                      duplicate_json(id, data_));
        records_.apply(changes.buffer(), context_.raw(),
                       [self = shared_from_this(), id](Result<Buffer> done) {
                           if (!done && done.code() != SW_ALREADY_EXISTS)
                               return self->finished_(std::move(done).error());
                           self->finished_(Taken{.stream_id = id});
                       });
    }

    void mark_seen(store::Changes& changes) const {
        if (!event_id_.empty()) changes.inbox(kConsumer, event_id_);
    }

    void finish(bool created, Result<Buffer> record) {
        if (!record) return finished_(std::move(record).error());
        finished_(Taken{.created = created, .stream_id = contracts::record_id(record->view())});
    }

    StreamRecords& records_;
    std::string event_id_;
    std::string data_;
    boost::json::object settled_;
    Context context_;
    Finished finished_;
};

}  // namespace

bool is_taken_already(std::string_view data) {
    const auto id = json::find_member(data, "stream_id");
    return !id.empty() && id != "null";
}

void answer_discover(StreamRecords& records, std::string_view request, const sw_context& context,
                     Reply reply) {
    take_discovered(records, {.id = {}, .data = json::find_member(request, "data")}, context,
                    [reply = std::move(reply)](Result<Taken> taken) mutable {
                        if (!taken) return reply(std::move(taken).error());
                        reply(json::Writer()
                                  .boolean("created", taken->created)
                                  .number("stream_id", taken->stream_id)
                                  .buffer());
                    });
}

void take_discovered(StreamRecords& records, const DiscoveredEvent& event,
                     const sw_context& context, Finished finished) {
    std::make_shared<Intake>(records, event, context, std::move(finished))->run();
}

}  // namespace streamwall::catalog
