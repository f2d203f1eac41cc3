// Rendering and reading of envelopes.
#include "bus/envelope.hpp"

#include "telemetry/log_render.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <atomic>
#include <cctype>
#include <random>

namespace streamwall::bus {

EventRecord::EventRecord(Parts parts)
    : data_(std::move(parts.data)), context_(std::move(parts.context)) {
    sw_event from{};
    from.id = str(parts.id);
    from.type = str(parts.type);
    from.version = str(parts.version);
    from.timestamp = str(parts.timestamp);
    from.producer = str(parts.producer);
    from.subject = str(parts.subject);
    from.epoch = str(parts.epoch);
    from.changes = str(parts.changes);
    from.sequence = parts.sequence;
    place(from);
}

EventRecord::EventRecord(const sw_event& raw)
    : data_(BufferRef::share(raw.data)), context_(normalised(raw.context)) {
    place(raw);
}

// Reading the clock twice an event would be a part of what events cost, so one in 16 is timed.
EventRecord::Time EventRecord::birth() {
    thread_local unsigned count = 0;
    return count++ % 16 == 0 ? std::chrono::steady_clock::now() : Time();
}

void EventRecord::place(const sw_event& from) {
    raw_ = {};
    std::memcpy(&raw_, &from, from.size < sizeof raw_ && from.size ? from.size : sizeof raw_);
    raw_.size = sizeof raw_;
    raw_.attempt = 1;
    if (raw_.cause.length == 0) raw_.cause = context_.raw().causation_id;
    sw_str* const texts[] = {&raw_.id,        &raw_.type,     &raw_.version,
                             &raw_.timestamp, &raw_.producer, &raw_.subject,
                             &raw_.epoch,     &raw_.changes,  &raw_.cause};
    std::size_t total = 0;
    for (const auto* text : texts)
        total += text->length;
    texts_ = std::make_unique_for_overwrite<char[]>(total + 1);
    char* at = texts_.get();
    for (auto* text : texts) {
        if (text->length) std::memcpy(at, text->data, text->length);
        text->data = at;
        at += text->length;
    }
    raw_.data = data_.get();
    context_.raw().causation_id = raw_.id;
    context_.raw().home = nullptr;
    raw_.context = &context_.raw();
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    telemetry::append_escaped(out, text);
    out += '"';
}

namespace {

void add(std::string& out, std::string_view name, std::string_view value) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
}
void add_given(std::string& out, std::string_view name, sw_str value) {
    if (value.length) add(out, name, view(value));
}

// trace-id of a W3C traceparent: version "-" 32 hex "-" …
std::string_view trace_id(std::string_view traceparent) {
    return traceparent.size() >= 35 ? traceparent.substr(3, 32) : std::string_view{};
}

std::string render_metadata(const sw_context* context, sw_str cause) {
    std::string out = "{";
    add_given(out, "causationId", cause);
    if (context) {
        const auto& c = *context;
        add_given(out, "correlationId", c.correlation_id.length ? c.correlation_id : c.request_id);
        if (const auto trace = trace_id(view(c.traceparent)); !trace.empty()) {
            add(out, "traceId", trace);
        }
        if (c.principal_type.length) {
            std::string actor = "{";
            add_given(actor, "type", c.principal_type);
            add_given(actor, "id", c.principal_id);
            add_given(actor, "name", c.principal_name);
            out += out.back() == '{' ? "\"actor\":" : ",\"actor\":";
            out += actor + "}";
        }
    }
    return out + "}";
}

// Index behind the JSON value that begins at `at`.
std::size_t skip_value(std::string_view text, std::size_t at) {
    int depth = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"') {
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\\') ++at;
            }
            if (depth == 0) return at + 1;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return at;  // a bare scalar before the end of its parent
            if (--depth == 0) return at + 1;
        } else if (depth == 0 && (c == ',' || std::isspace(static_cast<unsigned char>(c)))) {
            return at;
        }
    }
    return text.size();
}
std::size_t skip_space(std::string_view text, std::size_t at) {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
        ++at;
    return at;
}

std::string unquote(std::string_view value) {
    boost::system::error_code failed;
    const auto parsed = boost::json::parse(value, failed);
    if (failed || !parsed.is_string()) return {};
    return std::string(parsed.get_string());
}

// The context that an envelope's metadata stands for.
ContextCopy context_of(const boost::json::object& metadata) {
    const auto text = [](const boost::json::object& from, std::string_view name) -> sw_str {
        const auto* found = from.if_contains(name);
        if (found == nullptr || !found->is_string()) return {nullptr, 0};
        return {found->get_string().data(), found->get_string().size()};
    };
    sw_context context{};
    context.size = sizeof context;
    context.correlation_id = text(metadata, "correlationId");
    context.causation_id = text(metadata, "causationId");
    std::string traceparent;
    if (const auto trace = text(metadata, "traceId"); trace.length == 32) {
        traceparent = fmt::format("00-{}-0000000000000001-01", view(trace));
        context.traceparent = str(traceparent);
    }
    if (const auto* actor = metadata.if_contains("actor"); actor && actor->is_object()) {
        context.principal_type = text(actor->get_object(), "type");
        context.principal_id = text(actor->get_object(), "id");
        context.principal_name = text(actor->get_object(), "name");
    }
    return ContextCopy(context);
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> members(std::string_view object) {
    std::vector<std::pair<std::string_view, std::string_view>> out;
    auto at = skip_space(object, 0);
    if (at >= object.size() || object[at] != '{') return out;
    for (at = skip_space(object, at + 1); at < object.size() && object[at] == '"';) {
        const auto key_end = skip_value(object, at);
        const auto key = object.substr(at + 1, key_end - at - 2);
        at = skip_space(object, key_end);
        if (at >= object.size() || object[at] != ':') return {};
        at = skip_space(object, at + 1);
        const auto end = skip_value(object, at);
        out.emplace_back(key, object.substr(at, end - at));
        at = skip_space(object, end);
        if (at < object.size() && object[at] == ',') at = skip_space(object, at + 1);
    }
    return out;
}

std::vector<std::string_view> elements(std::string_view array) {
    std::vector<std::string_view> out;
    auto at = skip_space(array, 0);
    if (at >= array.size() || array[at] != '[') return out;
    for (at = skip_space(array, at + 1); at < array.size() && array[at] != ']';) {
        const auto end = skip_value(array, at);
        out.push_back(array.substr(at, end - at));
        at = skip_space(array, end);
        if (at < array.size() && array[at] == ',') at = skip_space(array, at + 1);
    }
    return out;
}

std::string render(const sw_event& event) {
    std::string out = "{";
    add(out, "id", view(event.id));
    add(out, "type", view(event.type));
    add(out, "version", view(event.version));
    add(out, "timestamp", view(event.timestamp));
    add(out, "producer", view(event.producer));
    add(out, "subject", view(event.subject));
    if (event.sequence) {
        out += fmt::format(",\"sequence\":{}", event.sequence);
        add(out, "epoch", view(event.epoch));
    }
    out += ",\"data\":";
    auto data = view(event.data);
    if (event.changes.length && data.ends_with('}')) {
        data.remove_suffix(1);
        out += data;
        out += data.ends_with('{') ? "\"changes\":" : ",\"changes\":";
        out += view(event.changes);
        out += '}';
    } else {
        out += data.empty() ? "{}" : data;
    }
    out += ",\"metadata\":" +
           render_metadata(event.context, SW_HAS(&event, cause) ? event.cause : sw_str{}) + "}";
    return out;
}

std::expected<EventPtr, Failure> parse_envelope(std::string_view text) {
    EventRecord::Parts parts;
    std::string_view data;
    for (const auto& [name, value] : members(text)) {
        if (name == "id")
            parts.id = unquote(value);
        else if (name == "type")
            parts.type = unquote(value);
        else if (name == "version")
            parts.version = unquote(value);
        else if (name == "timestamp")
            parts.timestamp = unquote(value);
        else if (name == "producer")
            parts.producer = unquote(value);
        else if (name == "subject")
            parts.subject = unquote(value);
        else if (name == "epoch")
            parts.epoch = unquote(value);
        else if (name == "changes" && value != "null")
            parts.changes = value;
        else if (name == "sequence")
            parts.sequence = std::strtoull(std::string(value).c_str(), nullptr, 10);
        else if (name == "data")
            data = value;
        else if (name == "metadata") {
            boost::system::error_code failed;
            const auto metadata = boost::json::parse(value, failed);
            if (!failed && metadata.is_object()) parts.context = context_of(metadata.get_object());
        }
    }
    if (parts.id.empty() || parts.type.empty() || !data.starts_with('{')) {
        return std::unexpected(Failure::of(SW_DATA_LOSS, "an envelope lacks id, type or data"));
    }
    const auto inside = members(data);
    if (parts.changes.empty() && !inside.empty() && inside.back().first == "changes" &&
        inside.back().second.starts_with('{')) {
        parts.changes = inside.back().second;
        const auto* key = inside.back().first.data() - 1;  // its opening quote
        auto head = data.substr(0, static_cast<std::size_t>(key - data.data()));
        head = head.substr(0, head.find_last_not_of(" \t\r\n,") + 1);
        parts.data = BufferRef(std::string(head) + "}");
    } else {
        parts.data = BufferRef(data);
    }
    return std::make_shared<const EventRecord>(std::move(parts));
}

std::string make_event_id() {
    static const std::uint64_t process = [] {
        std::random_device random;
        return (std::uint64_t{random()} << 32) | random();
    }();
    static std::atomic<std::uint32_t> count{0};
    return fmt::format("evt-{:016x}{:08x}", process, count.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace streamwall::bus
