// From the filters of `catalog.streams.list` to a query of the store. Pure.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <string>
#include <string_view>

namespace streamwall::catalog {

// The request of `store.query` for a request of `list`; INVALID_ARGUMENT names what is wrong with
// it.
Result<std::string> to_store_query(std::string_view list_request);

}  // namespace streamwall::catalog
