// Sessions of pages: a log-in that the browser keeps as a cookie which no script can read.
//
//   POST   /api/v1/session  {"email","password"} → {"user","expires_at","csrf_token"}, sets the
//   cookie GET    /api/v1/session  → {"user","csrf_token"}: what a page that is loaded again needs
//   DELETE /api/v1/session  → 204: the token ends, the cookie goes
#pragma once

#include "users_api.hpp"

#include <string>
#include <string_view>

namespace streamwall::rest_api {

// `client` outlives the routes.
void add_session_routes(Routes& routes, const AccountsClient& client);

// What the listener wants to see as X-CSRF-Token where this session's cookie authenticates.
std::string csrf_token_of(std::string_view session_token);

}  // namespace streamwall::rest_api
