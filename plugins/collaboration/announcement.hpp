// What an owner tells everybody at a place, whatever session they are in.
#pragma once

#include "person.hpp"

#include <streamwall/sdk/result.hpp>

#include <boost/json/object.hpp>

namespace streamwall::collaboration {

// {"action":"announcement",…}, with the members of `from.message` and who it is from. An error
// names the field that is wrong.
Result<boost::json::object> make_announcement(const boost::json::object& from, const Person& by);

// "user:5": whose connections are left out; empty where nobody's.
Result<std::string> read_except(const boost::json::object& from);

}  // namespace streamwall::collaboration
