// Conditional requests (RFC 9110, section 13) on records, whose strong tag is their version.
#pragma once

#include <streamwall/contracts/streams.hpp>

#include <string_view>

namespace streamwall::rest_api {

// `If-None-Match`: true where the client has this representation already. `tag` is an entity tag
// with its quotes. Compares weakly.
bool matches_none_match(std::string_view header, std::string_view tag);

// `If-Match`: the versions that the client accepts; nothing where it accepts any (no header, or *).
// Compares strongly: weak tags and tags that are no version match nothing.
contracts::streams::Versions accepted_versions(std::string_view header);

}  // namespace streamwall::rest_api
