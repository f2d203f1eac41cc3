// Events of the journal: who caused them, and the envelope of the contract.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage-sql/result.hpp"

namespace streamwall::storage {

// Who asks, and in which chain of causes.
struct Origin {
    std::string principal_type;
    std::string principal_id;
    std::string principal_name;
    std::string role;
    std::string scopes;
    std::string request_id;
    std::string traceparent;
    std::string correlation_id;
    std::string causation_id;
    std::string producer;  // instance@node
};

// {"correlationId","traceId","causationId","actor":{"type","id","name"}}; unknown is null.
std::string render_metadata(const Origin& origin);
Origin parse_metadata(std::string_view metadata, std::string_view producer);

// An event as the journal holds it.
struct Event {
    std::string_view id;
    std::string_view type;
    std::string_view version;
    std::string_view subject;
    std::int64_t timestamp_ms = 0;
    std::string_view producer;
    std::int64_t sequence = 0;
    std::string_view epoch;
    std::string_view data;      // JSON object
    std::string_view changes;   // JSON object or empty
    std::string_view metadata;  // JSON object
};

// `changes` becomes the last member of `data`.
void append_envelope(std::string& out, const Event& event);

// NATS's grammar: tokens between dots, `*` one token, `>` one or more at the end.
bool matches_type(std::string_view pattern, std::string_view type);
bool is_type_pattern(std::string_view pattern);
bool is_event_type(std::string_view type);  // lower-case tokens between dots

}  // namespace streamwall::storage
