// JSON for people: numbers as they are said, where Boost.JSON writes 0.95 as 9.5E-1.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace streamwall::discovery {

std::string to_readable(const boost::json::value& value);

}  // namespace streamwall::discovery
