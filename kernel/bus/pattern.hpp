// Patterns over dotted names, in NATS's grammar: `*` is one token, `>` one or more at the end.
// Source: https://docs.nats.io/nats-concepts/subjects
#pragma once

#include <string_view>

namespace streamwall::bus {

bool is_type(std::string_view text);     // tokens of [a-z0-9_-], no wildcard
bool is_pattern(std::string_view text);  // tokens, `*`, `>` last
bool matches(std::string_view pattern, std::string_view type);
// Every type that `inner` matches is matched by `outer`.
bool covers(std::string_view outer, std::string_view inner);

}  // namespace streamwall::bus
