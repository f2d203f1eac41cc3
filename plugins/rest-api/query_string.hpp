// The query part of a request's target, as pairs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::rest_api {

struct QueryParameter {
    std::string name;
    std::string value;
    std::string_view raw_value;  // still encoded
    std::string_view raw;        // the whole "name=value", as sent
};

// Decodes percent escapes and '+'. Nothing where an escape is broken, or where the result is no
// UTF-8 or contains control characters. The views point into `query`.
std::optional<std::vector<QueryParameter>> parse_query(std::string_view query);

std::optional<std::string> decode_query_value(std::string_view raw);

// The value as a part of a query: everything but letters, digits and -._~ is escaped.
std::string encode_query_value(std::string_view value);

}  // namespace streamwall::rest_api
