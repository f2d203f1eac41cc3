// The operators' routes: /api/v1/nodes and what lies below, over the service kernel.nodes.
#pragma once

#include "deeds.hpp"
#include "routes.hpp"

#include <streamwall/sdk/services.hpp>

namespace streamwall::rest_api {

// The methods of kernel.nodes that the routes use.
class NodesClient {
  public:
    static Result<NodesClient> resolve(const Services& services);

    // `done(Result<Buffer>)` as Services::call.
    template <class Done>
    void call(std::size_t method, const Buffer& request, const sw_context& context,
              Done done) const {
        services_->call(methods_[method], request, context, std::move(done));
    }

    enum Index : std::size_t {
        kList,
        kPlugins,
        kSchemas,
        kDeadLetters,
        kDeadLetter,
        kRetryDeadLetter,
        kDropDeadLetter,
        kFirstOrder
    };
    static constexpr auto kMethods = std::to_array<std::string_view>(
        {"list", "plugins", "schemas", "dead_letters", "dead_letter", "dead_letter_retry",
         "dead_letter_drop", "enable", "disable", "restart", "reset", "reconfigure"});

  private:
    const Services* services_ = nullptr;
    std::array<Method, kMethods.size()> methods_;
};

// `client` and `deeds` outlive the routes. An order is answered 200 with the plugin once it is
// carried out; 202 where the answer has to pass through that very plugin: then it is carried out a
// moment later.
void add_node_routes(Routes& routes, const NodesClient& client, Deeds& deeds);

}  // namespace streamwall::rest_api
