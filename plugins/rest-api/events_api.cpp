#include "events_api.hpp"

#include "media_types.hpp"
#include "openapi_parts.hpp"
#include "query_string.hpp"

#include <streamwall/contracts/store.hpp>
#include <streamwall/sdk/json.hpp>
#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <expected>
#include <string>

namespace streamwall::rest_api {
namespace {

namespace bj = boost::json;

constexpr std::string_view kMethod = "events";
constexpr std::int64_t kUsualLimit = 100;
constexpr std::int64_t kMaxLimit = 1000;
constexpr std::size_t kMaxTypes = 50;
constexpr std::size_t kLongestType = 255;
// Longer than the silence after which a part is given anyway.
constexpr std::uint32_t kTimeoutMs = 30'000;
constexpr std::string_view kStreamType = "text/event-stream";

struct Wanted {
    std::string epoch;  // empty: any
    std::int64_t after = 0;
    std::int64_t limit = kUsualLimit;
    std::string types;  // a JSON array; empty: all
    bool has_place = false;
    bool has_limit = false;
};

Problem bad(std::string_view name, std::string_view message) {
    const auto error =
        json::Writer().text("field", name).text("code", "invalid").text("message", message).take();
    return invalid_query("[" + error + "]",
                         "The parameter " + std::string(name) + " " + std::string(message) + ".");
}

Problem gone(std::string_view why) {
    return {.status = 410, .code = "events_gone", .detail = std::string(why), .errors_json = {}};
}

// As the kernel's subscriptions take them: words of a type, `*` for one, `>` for the rest.
bool is_pattern(std::string_view text) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '*' || c == '>';
    };
    return !text.empty() && text.size() <= kLongestType && std::ranges::all_of(text, is_part);
}

std::optional<Problem> read_types(std::string_view list, std::string& out) {
    out = "[";
    std::size_t count = 0;
    for (bool more = true; more;) {
        const auto comma = list.find(',');
        more = comma != list.npos;
        const auto type = list.substr(0, comma);
        if (!is_pattern(type) || ++count > kMaxTypes)
            return bad("types", "must be 1 to 50 patterns of types, with commas between");
        if (out.size() > 1) out += ',';
        json::append_string(out, type);
        list.remove_prefix(more ? comma + 1 : list.size());
    }
    out += ']';
    return std::nullopt;
}

// EPOCH:SEQUENCE
bool read_place(std::string_view text, Wanted& out) {
    const auto colon = text.rfind(':');
    if (colon == text.npos || colon == 0) return false;
    const auto sequence = json::to_integer(text.substr(colon + 1));
    if (!sequence || *sequence < 0) return false;
    out.epoch = text.substr(0, colon);
    out.after = *sequence;
    out.has_place = true;
    return true;
}

std::expected<Wanted, Problem> read_query(std::string_view query) {
    const auto parameters = parse_query(query);
    if (!parameters) return std::unexpected(invalid_query({}, "The query is malformed."));
    Wanted out;
    for (const auto& [name, value, raw_value, raw] : *parameters) {
        if (name == "after") {
            if (!read_place(value, out))
                return std::unexpected(bad("after", "must be EPOCH:SEQUENCE"));
        } else if (name == "limit") {
            const auto limit = json::to_integer(value);
            if (!limit || *limit < 1 || *limit > kMaxLimit)
                return std::unexpected(bad("limit", "must be 1 to 1000"));
            out.limit = *limit;
            out.has_limit = true;
        } else if (name == "types") {
            if (auto problem = read_types(value, out.types))
                return std::unexpected(std::move(*problem));
        } else {
            return std::unexpected(bad(name, "is not known here"));
        }
    }
    return out;
}

bool is_admin(const sw_context& context) {
    const auto scopes = " " + std::string(to_view(context.scopes)) + " ";
    return to_view(context.role) == "admin" || scopes.find(" admin ") != std::string::npos;
}

Buffer page_of(std::string_view reply, bool shows_users) {
    std::string events = "[";
    json::scan_items(json::find_member(reply, "events"), [&](std::string_view event) {
        if (!shows_users && is_about_users(event)) return;
        if (events.size() > 1) events += ',';
        events += event;
    });
    const auto epoch = json::to_plain_text(json::find_member(reply, "epoch")).value_or("");
    const auto number = [&](std::string_view name) {
        return json::to_integer(json::find_member(reply, name)).value_or(0);
    };
    const auto meta =
        json::Writer()
            .text("epoch", epoch)
            .number("first", number("first"))
            .number("last", number("last"))
            .text("next", std::string(epoch) + ":" + std::to_string(number("through")))
            .take();
    return json::Writer().raw("events", events + "]").raw("meta", meta).buffer();
}

std::string describe() {
    using openapi::object_schema;
    const bj::object text{{"type", "string"}};
    const bj::object number{{"type", "integer"}, {"format", "int64"}};
    const bj::object envelope = object_schema({{"id", text},
                                               {"type", text},
                                               {"version", text},
                                               {"timestamp", openapi::time_schema()},
                                               {"producer", text},
                                               {"subject", text},
                                               {"sequence", number},
                                               {"epoch", text},
                                               {"data", {{"type", "object"}}},
                                               {"metadata", {{"type", "object"}}}},
                                              {"id", "type", "timestamp", "sequence", "data"});
    const bj::object meta =
        object_schema({{"epoch", text}, {"first", number}, {"last", number}, {"next", text}},
                      {"epoch", "first", "last", "next"});
    return openapi::render(
        {.id = "listEvents",
         .summary = "Read the journal of what happened to records",
         .tag = "events",
         .parameters = {openapi::query_parameter("after",
                                                 "EPOCH:SEQUENCE; meta.next of the page "
                                                 "before."),
                        openapi::query_parameter("types", "Patterns, with commas: stream.*"),
                        openapi::query_parameter("limit", "Events a page; at most 1,000."),
                        openapi::header_parameter(
                            "Last-Event-ID",
                            "Of a stream: the id of the last event, in place of "
                            "after.")},
         .answer = object_schema({{"events", openapi::list_schema(envelope)}, {"meta", meta}},
                                 {"events", "meta"}),
         .other_types = {kStreamType},
         .problems = {400, 401, 403, 410, 503}});
}

}  // namespace

Result<> EventsApi::add(Routes& routes, const Services& services) {
    auto found = services.resolve(contracts::store::kService, kMethod);
    if (!found) return std::move(found).error();
    services_ = &services;
    events_ = *found;
    routes.add({.method = "GET",
                .path = "/api/v1/events",
                .access = SW_HTTP_VIEWER,
                .scope = "events:read",
                .timeout_ms = kTimeoutMs,
                .openapi = describe()},
               [this](const http::Request& request, Call call) { read(request, std::move(call)); });
    return ok();
}

void EventsApi::open_streams(const Host& host, std::chrono::nanoseconds lifetime) {
    host_ = &host;
    lifetime_ = lifetime;
    tail_.start(host, *services_, events_);
}

void EventsApi::stream(const http::Request& request, Call call) {
    auto wanted = read_query(request.query());
    if (!wanted) return call.fail(wanted.error());
    if (wanted->has_limit) return call.fail(bad("limit", "is for pages, not for a stream"));
    // What a client that comes back has already goes before where it once began.
    if (request.has_header("last-event-id") &&
        !read_place(request.header("last-event-id"), *wanted)) {
        return call.fail(invalid_query({}, "Last-Event-ID must be EPOCH:SEQUENCE."));
    }
    std::optional<JournalPlace> after;
    if (wanted->has_place) after = JournalPlace{wanted->epoch, wanted->after};
    const auto stream = std::make_shared<JournalStream>(
        *host_, tail_,
        [this](const Buffer& page, const Context& context, auto done) {
            services_->call(events_, page, context.raw(), std::move(done));
        },
        request.context(),
        JournalCursor(std::move(after), std::move(wanted->types), is_admin(request.context())),
        lifetime_);
    http::Response head(200);
    head.header("content-type", kStreamType).header("cache-control", "no-store");
    call.stream(head, JournalStream::as_source(stream));
}

void EventsApi::read(const http::Request& request, Call call) {
    if (host_ != nullptr && names_type(request.header("accept"), kStreamType))
        return stream(request, std::move(call));
    const auto wanted = read_query(request.query());
    if (!wanted) return call.fail(wanted.error());
    json::Writer body;
    body.number("after", wanted->after).number("limit", wanted->limit);
    if (!wanted->types.empty()) body.raw("types", wanted->types);
    services_->call(events_, body.buffer(), request.context(),
                    [call = std::move(call), epoch = wanted->epoch,
                     shows_users = is_admin(request.context())](Result<Buffer> reply) mutable {
                        if (!reply && reply.code() == SW_OUT_OF_RANGE)
                            return call.fail(gone("The journal begins behind that place."));
                        if (!reply) return call.fail(to_query_problem(reply.error()));
                        const auto known =
                            json::to_plain_text(json::find_member(reply->view(), "epoch"));
                        if (!epoch.empty() && known != epoch)
                            return call.fail(gone("That place is of another journal."));
                        http::Response response(200, page_of(reply->view(), shows_users));
                        call.send(response.header("content-type", kJsonType));
                    });
}

}  // namespace streamwall::rest_api
