// Accounts of streamers on platforms, as clients write them. Pure.
#pragma once

#include <streamwall/records/input.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace streamwall::catalog {

// Where an account is found; empty for platforms whose addresses don't follow from the name.
std::string account_url(std::string_view platform, std::string_view username);

// The one spelling of an account's name: in lower case, without `@`.
std::string normal_username(std::string_view given);
// Whether a name in that spelling can be an account's.
bool is_username(std::string_view name);

// The accounts that `body` names, as [{"platform","username","url"}] under `accounts` in `values`;
// nothing where it names none.
void read_accounts(const boost::json::object& body, boost::json::object& values,
                   records::FieldErrors& errors);

}  // namespace streamwall::catalog
