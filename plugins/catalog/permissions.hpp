// Who may change a stream. What a route lets in is decided before; here is what depends on the
// record.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <span>
#include <string>
#include <string_view>

namespace streamwall::catalog {

// The host's own plugins, administrators, and the stream's owner.
bool may_remove(const sw_context& context, std::string_view record);

// Those, holders of the scope streams:write, and of status:write for the fields that checks set.
bool may_update(const sw_context& context, std::string_view record,
                std::span<const std::string> changed_fields);

Error change_forbidden();

// The user's id for a record that the caller creates; 0 where no user asks.
std::int64_t owner_id(const sw_context& context);

}  // namespace streamwall::catalog
