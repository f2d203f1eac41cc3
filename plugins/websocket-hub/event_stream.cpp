#include "event_stream.hpp"

#include "command.hpp"
#include "stream_broadcast.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <boost/url/parse_query.hpp>

#include <utility>

namespace streamwall::hub {

namespace {

constexpr std::size_t kPartBytes = 16 * 1024;
constexpr std::int64_t kJournalPage = 200;
constexpr std::chrono::seconds kLongestSilence{10};
constexpr std::string_view kStreamEvents = R"(["stream.*"])";
constexpr std::string_view kReset =
    "event: reset\ndata: {\"reason\":\"what was missed is not known any more\"}\n\n";

class StreamSource final : public http::Source {
  public:
    explicit StreamSource(std::shared_ptr<EventStream> stream) : stream_(std::move(stream)) {}
    void next(http::Part part) override { stream_->next(std::move(part)); }

  private:
    const std::shared_ptr<EventStream> stream_;
};

}  // namespace

std::optional<StreamFilter> parse_event_query(std::string_view query) {
    const auto pairs = boost::urls::parse_query(query);
    if (!pairs) return std::nullopt;
    boost::json::object params;
    for (const auto& pair : *pairs) {
        const std::string name = pair.key.decode();
        const std::string value = pair.value.decode();
        if (name == "identifier") {
            const auto parsed = parse_identifier(value);
            if (!parsed || parsed->channel != "StreamsChannel") return std::nullopt;
            return StreamFilter::parse(parsed->params);
        }
        params[name] = value;
    }
    const auto* channel = params.if_contains("channel");
    if (channel != nullptr && *channel != "StreamsChannel") return std::nullopt;
    return StreamFilter::parse(params);
}

std::string_view describe_event_stream() {
    return R"json({
"operationId":"streamChanges",
"summary":"Follow changes of streams as server-sent events",
"tags":["events"],
"parameters":[
{"name":"status","in":"query","description":"One or several of unknown, checking, live, offline, error.","schema":{"type":"string"}},
{"name":"platform","in":"query","description":"One or several platforms.","schema":{"type":"string"}},
{"name":"city","in":"query","description":"One or several cities.","schema":{"type":"string"}},
{"name":"state","in":"query","description":"One or several states or provinces.","schema":{"type":"string"}},
{"name":"ids","in":"query","description":"Ids of streams.","schema":{"type":"string"}},
{"name":"identifier","in":"query","description":"In place of these, what one subscribes to StreamsChannel with.","schema":{"type":"string"}},
{"name":"token","in":"query","description":"The key, for those who can set no headers.","schema":{"type":"string"}},
{"name":"Last-Event-ID","in":"header","description":"EPOCH:SEQUENCE of the last event that the client has: what it missed comes first.","schema":{"type":"string"}}],
"responses":{
"200":{"description":"Messages of StreamsChannel, each with its id, until the client goes. An event `reset` says that what was missed is not known any more.","content":{"text/event-stream":{"schema":{"type":"string"},"example":"id: 5e1c:57\ndata: {\"action\":\"updated\",\"stream\":{\"id\":5},\"changes\":{}}\n\n"}}},
"400":{"description":"No stream can match this filter.","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}},
"401":{"description":"Unauthorized","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}},
"403":{"description":"Forbidden","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}}})json";
}

std::optional<Position> parse_event_id(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const auto sequence = json::to_integer(text.substr(colon + 1));
    if (!sequence || *sequence < 0) return std::nullopt;
    return Position{std::string(text.substr(0, colon)), static_cast<std::uint64_t>(*sequence)};
}

std::unique_ptr<http::Source> EventStream::as_source(std::shared_ptr<EventStream> stream) {
    return std::make_unique<StreamSource>(std::move(stream));
}

void EventStream::next(http::Part part) {
    part_.emplace(std::move(part));
    const Gate::Stay stay(gate_);
    if (!stay) return part_.reset();  // ends the answer
    step();
}

void EventStream::step() {
    auto next = Next::kWait;
    timeline_.look(
        [&](const History& history) {
            next = look_at(history);
            return next != Next::kWait;
        },
        [self = shared_from_this()] {
            const Gate::Stay stay(self->gate_);
            if (!stay) return self->part_.reset();
            self->step();
        });
    // Where it waits it may be somebody else's already.
    if (next == Next::kGive) give();
    if (next == Next::kJournal) read_journal();
}

EventStream::Next EventStream::look_at(const History& history) {
    if (!history.has_begun()) return Next::kWait;
    if (!std::exchange(has_begun_, true)) begin(history);
    if (history.epoch() != epoch_) go_on_now(history);
    const bool is_far_behind =
        history.head() > place_ && history.head() - place_ > max_events_ && !history.covers(place_);
    if (is_far_behind) go_on_now(history);
    if (!history.covers(place_)) return Next::kJournal;
    // A node may be behind what the client was told elsewhere.
    if (place_ <= history.head()) {
        const auto page = history.after(place_, kPartBytes);
        for (const auto* event : page.events)
            append(*event);
        place_ = page.through;
    }
    const auto silence = std::chrono::steady_clock::now() - given_at_;
    if (text_.empty() && silence >= kLongestSilence) text_ = ":\n\n";
    return text_.empty() ? Next::kWait : Next::kGive;
}

void EventStream::begin(const History& history) {
    epoch_ = after_ ? after_->epoch : history.epoch();
    place_ = after_ ? after_->sequence : history.head();
}

void EventStream::go_on_now(const History& history) {
    text_ += kReset;
    epoch_ = history.epoch();
    place_ = history.head();
}

void EventStream::read_journal() {
    timeline_.sources().events(journal_request(place_, kJournalPage, kStreamEvents), home_,
                               [self = shared_from_this()](const Result<Buffer>& answer) {
                                   const Gate::Stay stay(self->gate_);
                                   if (!stay) return self->part_.reset();
                                   self->take_page(answer);
                               });
}

void EventStream::take_page(const Result<Buffer>& answer) {
    const auto page = answer ? parse_journal_page(answer->view()) : std::nullopt;
    // The client comes back by itself, with the id of what it has.
    if (!page || page->newest.epoch != epoch_ || page->through <= place_) return part_.reset();
    for (const auto& event : page->events)
        append(event);
    place_ = page->through;
    if (text_.empty()) return step();
    give();
}

void EventStream::append(const PastEvent& event) {
    const auto action = choose_action(event.type, event.changes);
    const auto facts =
        action.empty() ? std::nullopt : read_facts(event.record.view(), event.changes);
    if (!facts || !filter_.matches(*facts)) return;
    text_.append("id: ").append(epoch_).append(":").append(std::to_string(event.sequence));
    text_.append("\ndata: ");
    text_ += render_payload(make_broadcast(action, event.record.view(), event.changes));
    text_ += "\n\n";
}

void EventStream::give() {
    given_at_ = std::chrono::steady_clock::now();
    const Buffer bytes(std::exchange(text_, {}));
    // The next one may be asked for before this returns.
    auto part = std::move(*part_);
    part_.reset();
    part.give(bytes, false);
}

}  // namespace streamwall::hub
