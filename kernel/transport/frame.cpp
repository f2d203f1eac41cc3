// Encoding and decoding of frames.
#include "transport/frame.hpp"

#include "bus/envelope.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <cstdlib>

namespace streamwall::transport {

namespace json = boost::json;

namespace {

struct ContextText {
    const char* name;
    sw_str sw_context::* field;
};
constexpr ContextText kTexts[] = {{"principal_type", &sw_context::principal_type},
                                  {"principal_id", &sw_context::principal_id},
                                  {"principal_name", &sw_context::principal_name},
                                  {"role", &sw_context::role},
                                  {"scopes", &sw_context::scopes},
                                  {"request_id", &sw_context::request_id},
                                  {"traceparent", &sw_context::traceparent},
                                  {"correlation_id", &sw_context::correlation_id},
                                  {"causation_id", &sw_context::causation_id},
                                  {"caller", &sw_context::caller}};

std::string encode_context(const sw_context& context) {
    std::string out = "{";
    for (const auto& text : kTexts) {
        const auto value = context.*text.field;
        if (value.length == 0) continue;
        if (out.size() > 1) out += ',';
        bus::append_json_string(out, text.name);
        out += ':';
        bus::append_json_string(out, view(value));
    }
    return out + "}";
}

// Views into `object`, which must outlive the result.
sw_context read_context(const json::object& object) {
    sw_context context{};
    context.size = sizeof context;
    for (const auto& text : kTexts) {
        const auto* found = object.if_contains(text.name);
        if (found && found->is_string()) context.*text.field = str(found->get_string());
    }
    return context;
}

std::unexpected<Failure> broken(const char* what) {
    return std::unexpected(
        Failure::of(SW_DATA_LOSS, fmt::format("a {} frame is unreadable", what)));
}

struct Slices {
    std::string_view body, context, error, head;
};

// Bodies stay the bytes they are: only what surrounds them is parsed.
Slices slice(std::string_view frame) {
    Slices out;
    for (const auto& [name, value] : bus::members(frame)) {
        if (name == "body")
            out.body = value;
        else if (name == "context")
            out.context = value;
        else if (name == "error")
            out.error = value;
        else if (name == "head")
            out.head = value;
    }
    return out;
}

std::expected<json::object, Failure> parse(std::string_view text, const char* what) {
    boost::system::error_code failed;
    auto value = json::parse(text.empty() ? "{}" : text, failed);
    if (failed || !value.is_object()) return broken(what);
    return std::move(value.get_object());
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

std::string encode_call(std::string_view service, std::string_view method, const sw_buffer* body,
                        const sw_context& context, std::uint64_t now_ns) {
    const auto left = context.deadline_ns > now_ns ? context.deadline_ns - now_ns : 1;
    std::string out = "{\"head\":{\"service\":";
    bus::append_json_string(out, service);
    out += ",\"method\":";
    bus::append_json_string(out, method);
    out += fmt::format(",\"remaining_ns\":{}}},\"context\":{},\"body\":", left,
                       encode_context(context));
    out += body && body->length ? view(body) : std::string_view("null");
    return out + "}";
}

std::expected<CallFrame, Failure> decode_call(std::string_view frame, std::uint64_t now_ns) {
    const auto slices = slice(frame);
    const auto head = parse(slices.head, "call");
    const auto context = parse(slices.context, "call");
    if (!head || !context || slices.body.empty()) return broken("call");
    const auto* remaining = head->if_contains("remaining_ns");
    if (remaining == nullptr || !remaining->is_int64()) return broken("call");
    auto raw = read_context(*context);
    raw.deadline_ns = now_ns + static_cast<std::uint64_t>(remaining->get_int64());
    return CallFrame{text_of(*head, "service"), text_of(*head, "method"), BufferRef(slices.body),
                     ContextCopy(raw)};
}

std::string encode_reply(sw_status status, const sw_buffer* body, const Failure& failure) {
    std::string out = fmt::format("{{\"head\":{{\"status\":{}}}", status);
    if (status == SW_OK) {
        out += ",\"body\":";
        out += body && body->length ? view(body) : std::string_view("null");
    } else {
        out += ",\"error\":{\"message\":";
        bus::append_json_string(out, failure.message);
        out += ",\"where\":";
        bus::append_json_string(out, failure.where);
        out += ",\"details\":";
        bus::append_json_string(out, failure.details);
        out += '}';
    }
    return out + "}";
}

std::expected<ReplyFrame, Failure> decode_reply(std::string_view frame) {
    const auto slices = slice(frame);
    const auto head = parse(slices.head, "reply");
    const auto error = parse(slices.error, "reply");
    if (!head || !error || !head->contains("status")) return broken("reply");
    ReplyFrame out;
    out.status = static_cast<sw_status>(head->at("status").as_int64());
    if (out.status == SW_OK) {
        out.body = BufferRef(slices.body);
    } else {
        out.failure = {out.status, text_of(*error, "message"), text_of(*error, "where"),
                       text_of(*error, "details")};
    }
    return out;
}

std::string encode_event(const sw_event& event) {
    return fmt::format("{{\"context\":{},\"body\":{}}}", encode_context(*event.context),
                       bus::render(event));
}

std::expected<bus::EventPtr, Failure> decode_event(std::string_view frame) {
    const auto slices = slice(frame);
    const auto context = parse(slices.context, "event");
    if (!context) return broken("event");
    auto event = bus::parse_envelope(slices.body);
    if (!event) return std::unexpected(std::move(event.error()));
    const auto raw = read_context(*context);
    sw_event whole = (*event)->raw();
    whole.context = &raw;
    return std::make_shared<const bus::EventRecord>(whole);
}

}  // namespace streamwall::transport
