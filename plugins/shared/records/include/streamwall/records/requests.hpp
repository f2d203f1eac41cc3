// Requests to services that keep records: who asks, for which record, and in which version.
#pragma once

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/json.hpp>

#include <cstdint>
#include <string_view>

namespace streamwall::records {

// The caller's context for calls of our own: answers come on our strand.
Context on_strand(const sw_context& context);

// Administrators, the host and its plugins.
bool is_admin(const Context& context);
Error not_admin();

// `{"id":n}` of a request; 0 where there is none.
std::int64_t id_of(std::string_view request);

// Whether the request's `versions` allow this one; else FAILED_PRECONDITION.
Result<> check_version(std::string_view request, const boost::json::object& record);

}  // namespace streamwall::records
