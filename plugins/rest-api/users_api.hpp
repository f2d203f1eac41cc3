// The routes of accounts: signing up, logging in and out, users and service keys.
#pragma once

#include "routes.hpp"

#include <streamwall/contracts/accounts.hpp>
#include <streamwall/sdk/services.hpp>

#include <map>
#include <string>

namespace streamwall::rest_api {

// The methods of the services of accounts that the routes use.
class AccountsClient {
  public:
    static Result<AccountsClient> resolve(const Services& services);

    // `done(Result<Buffer>)` as Services::call.
    template <class Done>
    void call(std::string_view service, std::string_view method, const Buffer& request,
              const sw_context& context, Done done) const {
        services_->call(methods_.at(name_of(service, method)), request, context, std::move(done));
    }

  private:
    static std::string name_of(std::string_view service, std::string_view method) {
        return std::string(service).append("/").append(method);
    }
    const Services* services_ = nullptr;
    std::map<std::string, Method> methods_;
};

// What the errors of accounts mean over HTTP, beside the common table.
Problem to_account_problem(const Error& error);

// `client` outlives the routes.
void add_account_routes(Routes& routes, const AccountsClient& client);

}  // namespace streamwall::rest_api
