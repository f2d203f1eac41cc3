// A numbered log in memory, with the positions and dead letters of its readers.
#include "memory_journal.hpp"

#include "bus/envelope.hpp"
#include "bus/pattern.hpp"
#include "telemetry/log_render.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::testing {

namespace json = boost::json;

namespace {

constexpr std::string_view kEpoch = "memory";

std::string text_of(const json::value& from, std::string_view name) {
    const auto* found = from.as_object().if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::uint64_t number_of(const json::value& from, std::string_view name, std::uint64_t otherwise) {
    const auto* found = from.as_object().if_contains(name);
    return found && found->is_number() ? found->to_number<std::uint64_t>() : otherwise;
}

bool is_wanted(const json::array* patterns, std::string_view type) {
    return patterns == nullptr || std::ranges::any_of(*patterns, [&](const json::value& pattern) {
               return bus::matches(pattern.as_string(), type);
           });
}

}  // namespace

void MemoryJournal::offer_through(Peer& peer) {
    const auto serve = [&](const char* method, Answer (MemoryJournal::*member)(const Call&)) {
        peer.serve("journal", method, [this, member](const Call& call, const sw_context&) {
            return (this->*member)(call);
        });
    };
    peer.serve("journal", "append", [this, &peer](const Call& call, const sw_context& context) {
        return append(peer, call, context);
    });
    peer.serve("journal", "lease",
               [this, &peer](const Call& call, const sw_context&) { return lease(peer, call); });
    serve("read", &MemoryJournal::read);
    serve("position", &MemoryJournal::position);
    serve("save_positions", &MemoryJournal::save_positions);
    serve("dead_letter_add", &MemoryJournal::add_dead_letter);
    serve("dead_letters", &MemoryJournal::list_dead_letters);
    serve("dead_letter_take", &MemoryJournal::take_dead_letter);
    serve("trim", &MemoryJournal::trim);
}

Answer MemoryJournal::append(Peer& peer, const Call& call, const sw_context& context) {
    const auto request = json::parse(call.body);
    json::array results;
    for (const auto& draft : request.at("events").as_array()) {
        const auto id = bus::make_event_id();
        const auto type = text_of(draft, "type");
        const auto version = text_of(draft, "version");
        const auto subject = text_of(draft, "subject");
        const auto* changes = draft.as_object().if_contains("changes");
        const auto changes_text = changes ? json::serialize(*changes) : std::string();
        const BufferRef data(json::serialize(draft.at("data")));
        const auto time = telemetry::format_time(peer.wall_ms());
        sw_event event{};
        event.size = sizeof event;
        event.attempt = 1;
        event.id = str(id);
        event.type = str(type);
        event.version = str(version);
        event.timestamp = str(time);
        event.producer = str(call.caller);
        event.subject = str(subject);
        event.epoch = str(kEpoch);
        event.data = data.get();
        event.changes = str(changes_text);
        event.context = &context;
        {
            std::lock_guard lock(mutex_);
            event.sequence = ++last_;
            events_.push_back({event.sequence, type, subject, bus::render(event)});
        }
        peer.committed(event);
        results.push_back({{"id", id}, {"sequence", event.sequence}, {"epoch", kEpoch}});
    }
    return Answer::ok(json::serialize(json::object{{"results", results}}));
}

Answer MemoryJournal::read(const Call& call) {
    const auto request = json::parse(call.body);
    const auto after = number_of(request, "after", 0);
    const auto limit = number_of(request, "limit", 1000);
    const auto subject = text_of(request, "subject");
    const auto* types = request.as_object().if_contains("types");
    std::lock_guard lock(mutex_);
    const auto first = events_.empty() ? last_ + 1 : events_.front().sequence;
    if (after > 0 && after + 1 < first) {
        return Answer::error(SW_OUT_OF_RANGE, "the log begins behind that",
                             fmt::format(R"({{"first":{},"last":{}}})", first, last_));
    }
    std::string events;
    auto through = last_;
    std::uint64_t count = 0;
    for (const auto& event : events_) {
        if (event.sequence <= after || (!subject.empty() && event.subject != subject) ||
            !is_wanted(types ? types->if_array() : nullptr, event.type)) {
            continue;
        }
        if (count == limit) {
            through = event.sequence - 1;
            break;
        }
        events += (count++ ? "," : "") + event.envelope;
    }
    return Answer::ok(
        fmt::format(R"({{"epoch":"{}","first":{},"last":{},"through":{},"events":[{}]}})", kEpoch,
                    first, last_, through, events));
}

Answer MemoryJournal::position(const Call& call) {
    const auto name = text_of(json::parse(call.body), "name");
    std::lock_guard lock(mutex_);
    const auto found = positions_.find(name);
    if (found == positions_.end()) return Answer::error(SW_NOT_FOUND, "no position of that name");
    return Answer::ok(found->second);
}

Answer MemoryJournal::save_positions(const Call& call) {
    const auto request = json::parse(call.body);
    std::lock_guard lock(mutex_);
    if (const auto* proof = request.as_object().if_contains("lease")) {
        const auto found = leases_.find(text_of(*proof, "name"));
        if (found == leases_.end() || found->second.owner.empty() ||
            found->second.token != number_of(*proof, "token", 0)) {
            return Answer::error(SW_ABORTED, "the lease has passed to another");
        }
    }
    for (const auto& position : request.at("positions").as_array()) {
        auto kept = position.as_object();
        kept.erase("name");
        positions_[text_of(position, "name")] = json::serialize(kept);
    }
    return Answer::ok();
}

Answer MemoryJournal::lease(Peer& peer, const Call& call) {
    const auto request = json::parse(call.body);
    const auto owner = text_of(request, "owner");
    const auto token = number_of(request, "token", 0);
    const auto ttl = static_cast<std::int64_t>(number_of(request, "ttl_ms", 0));
    const auto now = peer.monotonic_ms();
    std::lock_guard lock(mutex_);
    auto& lease = leases_[text_of(request, "name")];
    const bool is_owner = lease.owner == owner && (token == 0 || token == lease.token);
    if (request.as_object().contains("release")) {
        if (is_owner) lease.owner.clear();
        return Answer::ok();
    }
    const bool granted = is_owner || (token == 0 && (lease.owner.empty() || lease.ends_ms <= now));
    if (granted) lease = {owner, token == 0 ? lease.token + 1 : token, now + ttl};
    return Answer::ok(json::serialize(
        json::object{{"granted", granted},
                     {"owner", lease.owner},
                     {"token", lease.token},
                     {"expires_in_ms", std::max<std::int64_t>(lease.ends_ms - now, 0)}}));
}

Answer MemoryJournal::add_dead_letter(const Call& call) {
    const auto request = json::parse(call.body);
    const auto name = text_of(request, "name");
    const auto event = json::serialize(request.at("event"));
    std::lock_guard lock(mutex_);
    auto found = std::ranges::find_if(dead_letters_, [&](const DeadLetter& letter) {
        return letter.name == name && letter.event == event;
    });
    if (found == dead_letters_.end()) {
        found = dead_letters_.insert(
            found, {++last_letter_, name, event, json::serialize(request.at("error")),
                    request.at("attempts").to_number<std::int64_t>()});
    }
    return Answer::ok(fmt::format(R"({{"id":{}}})", found->id));
}

std::string MemoryJournal::render(const DeadLetter& letter) {
    return fmt::format(R"({{"id":{},"name":{},"event":{},"error":{},"attempts":{}}})", letter.id,
                       json::serialize(json::value(letter.name)), letter.event, letter.error,
                       letter.attempts);
}

Answer MemoryJournal::list_dead_letters(const Call& call) {
    const auto request = json::parse(call.body);
    const auto after = static_cast<std::int64_t>(number_of(request, "after", 0));
    const auto limit = number_of(request, "limit", 100);
    auto offset = number_of(request, "offset", 0);
    std::lock_guard lock(mutex_);
    std::string list;
    std::uint64_t listed = 0;
    for (const auto& letter : dead_letters_) {
        if (letter.id <= after || listed == limit) continue;
        if (offset > 0) {
            --offset;
            continue;
        }
        list += (listed++ ? "," : "") + render(letter);
    }
    return Answer::ok(
        fmt::format(R"({{"dead_letters":[{}],"count":{}}})", list, dead_letters_.size()));
}

Answer MemoryJournal::take_dead_letter(const Call& call) {
    const auto id = static_cast<std::int64_t>(number_of(json::parse(call.body), "id", 0));
    std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(dead_letters_, id, &DeadLetter::id);
    if (found == dead_letters_.end()) return Answer::error(SW_NOT_FOUND, "no such dead letter");
    auto text = render(*found);
    dead_letters_.erase(found);
    return Answer::ok(std::move(text));
}

Answer MemoryJournal::trim(const Call& call) {
    const auto keep = number_of(json::parse(call.body), "keep_events", 0);
    std::lock_guard lock(mutex_);
    const auto removed = events_.size() > keep ? events_.size() - keep : 0;
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(removed));
    const auto first = events_.empty() ? last_ + 1 : events_.front().sequence;
    return Answer::ok(fmt::format(R"({{"removed":{},"first":{}}})", removed, first));
}

}  // namespace streamwall::testing
