// Times that follow from what becomes of a stream: when it was checked, was seen live, began,
// ended.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string_view>

namespace streamwall::catalog {

// The times that a step of the status, or one into or out of the archive, brings with it; none of
// those that `values` name. `record` is the text of the record before, empty for a new one: there,
// what is null in `values` is not named.
//
// A step to what a check finds (live, offline, error, unknown) is a check, at the time that
// `values` give for it, or now. With the first one to live a stream begins. It ends where what has
// been live is found offline, or with the archive, and goes on where it is live again. Coming back
// from the archive counts as a check: the archive rule would take it again at once.
boost::json::object times_of_step(std::string_view record, const boost::json::object& values,
                                  std::int64_t now_ms);

}  // namespace streamwall::catalog
