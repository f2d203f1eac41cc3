// streamwall.http/1 over a Server: the C table that plugins mount through.
#pragma once

#include "server.hpp"

#include <streamwall/ext/http.h>

namespace streamwall::http_server {

// `self` of every call is a Server.
const sw_http_table* http_table();

}  // namespace streamwall::http_server
