// The services that may sign tokens of their own, and what they may do: a list that the operator
// keeps, in the setting `services`.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace streamwall::accounts {

struct KnownService {
    std::string name;
    std::string role;  // viewer, editor, admin or empty
    std::vector<std::string> scopes;
    std::string rate_class = "service";
};

// How a setting of this type is read, found by its argument.
void read(const boost::json::value& from, KnownService& to);

// Null where it is not on the list.
const KnownService* find_service(const std::vector<KnownService>& services, std::string_view name);

// Whether the list can be worked with: each name once, each with something that it may do.
Result<> check_services(const std::vector<KnownService>& services);

}  // namespace streamwall::accounts
