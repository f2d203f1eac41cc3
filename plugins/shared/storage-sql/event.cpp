#include "storage-sql/event.hpp"

#include "storage-sql/json_text.hpp"
#include "storage-sql/time_text.hpp"

namespace streamwall::storage {
namespace {

void append_text_or_null(std::string& out, std::string_view text) {
    if (text.empty()) {
        out += "null";
    } else {
        append_json_string(out, text);
    }
}

// "00-<32 hex digits>-<16>-<2>" of W3C Trace Context.
std::string_view trace_id(std::string_view traceparent) {
    return traceparent.size() >= 35 && traceparent[2] == '-' ? traceparent.substr(3, 32)
                                                             : std::string_view();
}

// Cuts the first token off; the rest is empty behind the last one.
std::string_view take_token(std::string_view& text) {
    const auto dot = text.find('.');
    const auto token = text.substr(0, dot);
    text = dot == text.npos ? std::string_view() : text.substr(dot + 1);
    return token;
}

}  // namespace

std::string render_metadata(const Origin& origin) {
    constexpr std::size_t kUsualSize = 300;
    std::string out;
    out.reserve(kUsualSize);
    out += R"({"correlationId":)";
    append_text_or_null(out, origin.correlation_id);
    out += R"(,"traceId":)";
    append_text_or_null(out, trace_id(origin.traceparent));
    out += R"(,"causationId":)";
    append_text_or_null(out, origin.causation_id);
    out += R"(,"actor":{"type":)";
    append_text_or_null(out, origin.principal_type);
    out += R"(,"id":)";
    append_text_or_null(out, origin.principal_id);
    out += R"(,"name":)";
    append_text_or_null(out, origin.principal_name);
    out += "}}";
    return out;
}

Origin parse_metadata(std::string_view metadata, std::string_view producer) {
    Origin origin;
    origin.producer = producer;
    const auto document = Document::parse(std::string(metadata));
    if (!document) return origin;
    const auto& root = (*document)->root();
    origin.correlation_id = text_member(root, "correlationId");
    origin.causation_id = text_member(root, "causationId");
    if (const auto* actor = root.if_contains("actor"); actor != nullptr && actor->is_object()) {
        origin.principal_type = text_member(actor->get_object(), "type");
        origin.principal_id = text_member(actor->get_object(), "id");
        origin.principal_name = text_member(actor->get_object(), "name");
    }
    return origin;
}

void append_envelope(std::string& out, const Event& event) {
    out += R"({"id":)";
    append_json_string(out, event.id);
    out += R"(,"type":)";
    append_json_string(out, event.type);
    out += R"(,"version":)";
    append_json_string(out, event.version);
    out += R"(,"timestamp":")";
    append_time(out, event.timestamp_ms);
    out += R"(","producer":)";
    append_json_string(out, event.producer);
    out += R"(,"subject":)";
    append_json_string(out, event.subject);
    out += R"(,"sequence":)";
    append_integer(out, event.sequence);
    out += R"(,"epoch":)";
    append_json_string(out, event.epoch);
    out += R"(,"data":)";
    if (event.changes.empty()) {
        out += event.data;
    } else {
        out += event.data.substr(0, event.data.size() - 1);
        if (out.back() != '{') out += ',';
        out += R"("changes":)";
        out += event.changes;
        out += '}';
    }
    out += R"(,"metadata":)";
    out += event.metadata;
    out += '}';
}

bool matches_type(std::string_view pattern, std::string_view type) {
    while (!pattern.empty() && !type.empty()) {
        const auto expected = take_token(pattern);
        if (expected == ">") return true;
        const auto token = take_token(type);
        if (expected != "*" && expected != token) return false;
    }
    return pattern.empty() && type.empty();
}

bool is_type_pattern(std::string_view pattern) {
    if (pattern.empty() || pattern.back() == '.') return false;
    while (!pattern.empty()) {
        const auto token = take_token(pattern);
        if (token == "*") continue;
        if (token == ">") return pattern.empty();
        if (!is_event_type(token)) return false;
    }
    return true;
}

bool is_event_type(std::string_view type) {
    if (type.empty() || type.front() == '.' || type.back() == '.' || type.size() > 200)
        return false;
    char before = 0;
    for (const char c : type) {
        const bool valid =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        if (!valid || (c == '.' && before == '.')) return false;
        before = c;
    }
    return true;
}

}  // namespace streamwall::storage
