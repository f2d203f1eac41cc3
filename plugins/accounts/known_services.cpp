#include "known_services.hpp"

#include <streamwall/sdk/settings.hpp>

#include <algorithm>

namespace streamwall::accounts {

void read(const boost::json::value& from, KnownService& to) {
    using detail::read;
    const auto& object = from.as_object();
    const auto member = [&](std::string_view name, auto& into) {
        if (const auto* value = object.if_contains(name)) read(*value, into);
    };
    member("name", to.name);
    member("role", to.role);
    member("scopes", to.scopes);
    member("rate_class", to.rate_class);
}

const KnownService* find_service(const std::vector<KnownService>& services, std::string_view name) {
    const auto found = std::ranges::find(services, name, &KnownService::name);
    return found == services.end() ? nullptr : &*found;
}

Result<> check_services(const std::vector<KnownService>& services) {
    for (const auto& service : services) {
        if (find_service(services, service.name) != &service) {
            return Error::invalid("names " + service.name + " twice", "services");
        }
        if (service.role.empty() && service.scopes.empty()) {
            return Error::invalid("gives " + service.name + " neither a role nor scopes",
                                  "services");
        }
    }
    return ok();
}

}  // namespace streamwall::accounts
