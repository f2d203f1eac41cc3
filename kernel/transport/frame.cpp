// Encoding and decoding of frames.
//
// Every frame begins with 'S', the version, its kind and the hops so far; then, little-endian:
//   call     u64 remaining ns · u64 boot · u64 call · text origin, target, service, method ·
//            context · optional body
//   reply    u64 status · optional body, or text message, where, details
//   event    text origin · event
//   journal  text origin, epoch · u64 last · u32 count · events
//   cancel   u64 boot · u64 call · text origin
// A text or body is a u32 length and its bytes; an absent body has the length 0xffffffff. A context
// is a u16 mask of its texts and those that are there. An event is its texts, a u64 sequence, its
// data as a text, and its context.
#include "transport/frame.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace streamwall::transport {

static_assert(std::endian::native == std::endian::little,
              "frames are written as memory holds them");

namespace {

constexpr std::uint8_t kMark = 'S';
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHopsAt = 3, kRemainingAt = 4;
constexpr std::uint32_t kAbsent = 0xffffffff;

constexpr sw_str sw_context::* kContextTexts[] = {
    &sw_context::principal_type, &sw_context::principal_id,   &sw_context::principal_name,
    &sw_context::role,           &sw_context::scopes,         &sw_context::request_id,
    &sw_context::traceparent,    &sw_context::correlation_id, &sw_context::causation_id,
    &sw_context::caller};

constexpr sw_str sw_event::* kEventTexts[] = {
    &sw_event::id,        &sw_event::type,     &sw_event::version,
    &sw_event::timestamp, &sw_event::producer, &sw_event::subject,
    &sw_event::epoch,     &sw_event::changes,  &sw_event::cause};

// Writers: the same fields are measured first, so that a frame is one allocation of its exact size.
struct Measure {
    std::size_t size = 0;
    void bytes(const void*, std::size_t length) { size += length; }
};
struct Fill {
    char* at;
    void bytes(const void* from, std::size_t length) {
        if (length) std::memcpy(at, from, length);
        at += length;
    }
};
template <class Number, class Out>
void put(Out& out, Number number) {
    out.bytes(&number, sizeof number);
}
template <class Out>
void put_text(Out& out, std::string_view text) {
    put<std::uint32_t>(out, static_cast<std::uint32_t>(text.size()));
    out.bytes(text.data(), text.size());
}
template <class Out>
void put_body(Out& out, const sw_buffer* body) {
    if (body)
        put_text(out, view(body));
    else
        put<std::uint32_t>(out, kAbsent);
}
template <class Out>
void put_head(Out& out, FrameKind kind, std::uint8_t hops) {
    put<std::uint8_t>(out, kMark);
    put<std::uint8_t>(out, kVersion);
    put<std::uint8_t>(out, static_cast<std::uint8_t>(kind));
    put<std::uint8_t>(out, hops);
}
template <class Out>
void put_context(Out& out, const sw_context& context) {
    std::uint16_t mask = 0;
    for (std::size_t n = 0; n < std::size(kContextTexts); ++n) {
        if ((context.*kContextTexts[n]).length) mask = static_cast<std::uint16_t>(mask | 1u << n);
    }
    put(out, mask);
    for (const auto text : kContextTexts) {
        if ((context.*text).length) put_text(out, view(context.*text));
    }
}
template <class Out>
void put_event(Out& out, const sw_event& event) {
    for (const auto text : kEventTexts)
        put_text(out, view(event.*text));
    put<std::uint64_t>(out, event.sequence);
    put_text(out, view(event.data));
    put_context(out, event.context ? *event.context : sw_context{});
}

template <class Fields>
BufferRef build(const Fields& fields) {
    Measure measure;
    fields(measure);
    char* into = nullptr;
    auto made = BufferRef::adopt(buffer_create(measure.size, &into));
    Fill fill{into};
    fields(fill);
    return made;
}

// Reads until something does not fit; from then on everything is empty and `ok` false.
struct Reader {
    std::string_view left;
    bool ok = true;

    std::string_view bytes(std::size_t length) {
        if (length > left.size()) {
            ok = false;
            left = {};
            return {};
        }
        const auto out = left.substr(0, length);
        left.remove_prefix(length);
        return out;
    }
    template <class Number>
    Number number() {
        Number out{};
        const auto raw = bytes(sizeof out);
        if (raw.size() == sizeof out) std::memcpy(&out, raw.data(), sizeof out);
        return out;
    }
    std::string_view text() { return bytes(number<std::uint32_t>()); }
    BufferRef body() {
        const auto length = number<std::uint32_t>();
        if (length == kAbsent) return {};
        const auto found = bytes(length);
        return ok ? BufferRef(found) : BufferRef();
    }
    // The hops so far; not ok where the frame is of another kind.
    std::uint8_t head(FrameKind kind) {
        const auto raw = bytes(4);
        if (!ok) return 0;
        const auto at = [&](std::size_t n) { return static_cast<std::uint8_t>(raw[n]); };
        if (at(0) != kMark || at(1) != kVersion || at(2) != static_cast<std::uint8_t>(kind)) {
            ok = false;
            left = {};
        }
        return at(kHopsAt);
    }
    // Views into the frame.
    sw_context context() {
        sw_context out{};
        out.size = sizeof out;
        const auto mask = number<std::uint16_t>();
        for (std::size_t n = 0; n < std::size(kContextTexts); ++n) {
            if (mask & 1u << n) out.*kContextTexts[n] = str(text());
        }
        return out;
    }
    bus::EventPtr event() {
        sw_event raw{};
        raw.size = sizeof raw;
        for (const auto field : kEventTexts)
            raw.*field = str(text());
        raw.sequence = number<std::uint64_t>();
        const auto data = text();
        const auto context = this->context();
        if (!ok || raw.id.length == 0 || raw.type.length == 0) {
            ok = false;
            return nullptr;
        }
        const BufferRef owned(data);
        raw.data = owned.get();
        raw.context = &context;
        return std::make_shared<const bus::EventRecord>(raw);
    }
    bool is_done() const { return ok && left.empty(); }
};

std::unexpected<Failure> broken(const char* what) {
    return std::unexpected(
        Failure::of(SW_DATA_LOSS, fmt::format("a {} frame is unreadable", what)));
}

}  // namespace

std::expected<Outline, Failure> outline(std::string_view frame) {
    if (frame.size() < 4) return broken("short");
    Outline out;
    out.kind = static_cast<FrameKind>(frame[2]);
    Reader in{frame};
    out.trail.hops = in.head(out.kind);
    switch (out.kind) {
        case FrameKind::call:
            out.remaining_ns = in.number<std::uint64_t>();
            in.bytes(16);
            out.trail.origin = in.text();
            out.target = in.text();
            out.service = in.text();
            out.method = in.text();
            break;
        case FrameKind::event:
        case FrameKind::journal:
            out.trail.origin = in.text();
            break;
        case FrameKind::cancel:
            in.bytes(16);
            out.trail.origin = in.text();
            break;
        default:
            return broken("nameless");
    }
    if (!in.ok) return broken("short");
    return out;
}

BufferRef forwarded(std::string_view frame, std::uint64_t spent_ns) {
    char* into = nullptr;
    auto made = BufferRef::adopt(buffer_create(frame.size(), &into));
    std::memcpy(into, frame.data(), frame.size());
    into[kHopsAt] = static_cast<char>(into[kHopsAt] + 1);
    if (spent_ns != 0 && static_cast<FrameKind>(frame[2]) == FrameKind::call) {
        std::uint64_t remaining = 0;
        std::memcpy(&remaining, into + kRemainingAt, sizeof remaining);
        remaining = remaining > spent_ns ? remaining - spent_ns : 1;
        std::memcpy(into + kRemainingAt, &remaining, sizeof remaining);
    }
    return made;
}

BufferRef encode_call(const CallHead& head, const sw_buffer* body, const sw_context& context,
                      std::uint64_t now_ns) {
    const auto remaining = context.deadline_ns > now_ns ? context.deadline_ns - now_ns : 1;
    return build([&](auto& out) {
        put_head(out, FrameKind::call, head.trail.hops);
        put<std::uint64_t>(out, remaining);
        put<std::uint64_t>(out, head.boot);
        put<std::uint64_t>(out, head.id);
        put_text(out, head.trail.origin);
        put_text(out, head.target);
        put_text(out, head.service);
        put_text(out, head.method);
        put_context(out, context);
        put_body(out, body);
    });
}

std::expected<CallFrame, Failure> decode_call(std::string_view frame, std::uint64_t now_ns) {
    Reader in{frame};
    CallFrame out;
    out.head.trail.hops = in.head(FrameKind::call);
    const auto remaining = in.number<std::uint64_t>();
    out.head.boot = in.number<std::uint64_t>();
    out.head.id = in.number<std::uint64_t>();
    out.head.trail.origin = in.text();
    out.head.target = in.text();
    out.head.service = in.text();
    out.head.method = in.text();
    auto context = in.context();
    out.body = in.body();
    if (!in.is_done() || out.head.service.empty()) return broken("call");
    // A broken clock at the far side must not wrap ours around.
    context.deadline_ns = remaining < UINT64_MAX - now_ns ? now_ns + remaining : UINT64_MAX;
    out.context = ContextCopy(context);
    return out;
}

BufferRef encode_reply(sw_status status, const sw_buffer* body, const Failure& failure) {
    return build([&](auto& out) {
        put_head(out, FrameKind::reply, 0);
        put<std::uint64_t>(out, static_cast<std::uint64_t>(status));
        if (status == SW_OK) return put_body(out, body);
        put_text(out, failure.message);
        put_text(out, failure.where);
        put_text(out, failure.details);
    });
}

std::expected<ReplyFrame, Failure> decode_reply(std::string_view frame) {
    Reader in{frame};
    ReplyFrame out;
    in.head(FrameKind::reply);
    const auto status = in.number<std::uint64_t>();
    if (!in.ok || status > SW_UNAUTHENTICATED) return broken("reply");
    out.status = static_cast<sw_status>(status);
    if (out.status == SW_OK) {
        out.body = in.body();
    } else {
        out.failure.code = out.status;
        out.failure.message = in.text();
        out.failure.where = in.text();
        out.failure.details = in.text();
    }
    if (!in.is_done()) return broken("reply");
    return out;
}

BufferRef encode_cancel(const CancelFrame& cancel) {
    return build([&](auto& out) {
        put_head(out, FrameKind::cancel, cancel.trail.hops);
        put<std::uint64_t>(out, cancel.boot);
        put<std::uint64_t>(out, cancel.id);
        put_text(out, cancel.trail.origin);
    });
}

std::expected<CancelFrame, Failure> decode_cancel(std::string_view frame) {
    Reader in{frame};
    CancelFrame out;
    out.trail.hops = in.head(FrameKind::cancel);
    out.boot = in.number<std::uint64_t>();
    out.id = in.number<std::uint64_t>();
    out.trail.origin = in.text();
    if (!in.is_done()) return broken("cancel");
    return out;
}

BufferRef encode_event(const Trail& trail, const sw_event& event) {
    return build([&](auto& out) {
        put_head(out, FrameKind::event, trail.hops);
        put_text(out, trail.origin);
        put_event(out, event);
    });
}

std::expected<bus::EventPtr, Failure> decode_event(std::string_view frame) {
    Reader in{frame};
    in.head(FrameKind::event);
    in.text();
    auto event = in.event();
    if (!in.is_done()) return broken("event");
    return event;
}

BufferRef encode_journal(const Trail& trail, std::string_view epoch, std::uint64_t last,
                         std::span<const bus::EventPtr> events) {
    return build([&](auto& out) {
        put_head(out, FrameKind::journal, trail.hops);
        put_text(out, trail.origin);
        put_text(out, epoch);
        put<std::uint64_t>(out, last);
        put<std::uint32_t>(out, static_cast<std::uint32_t>(events.size()));
        for (const auto& event : events)
            put_event(out, event->raw());
    });
}

std::expected<JournalFrame, Failure> decode_journal(std::string_view frame) {
    Reader in{frame};
    JournalFrame out;
    in.head(FrameKind::journal);
    in.text();
    out.epoch = in.text();
    out.last = in.number<std::uint64_t>();
    const auto count = in.number<std::uint32_t>();
    for (std::uint32_t n = 0; n < count && in.ok; ++n)
        out.events.push_back(in.event());
    if (!in.is_done()) return broken("journal");
    return out;
}

std::size_t encoded_size(const sw_event& event) {
    Measure measure;
    put_event(measure, event);
    return measure.size;
}

}  // namespace streamwall::transport
