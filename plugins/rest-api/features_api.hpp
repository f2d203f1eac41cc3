// The routes of feature flags.
#pragma once

#include "routes.hpp"

#include <streamwall/contracts/features.hpp>
#include <streamwall/sdk/services.hpp>

#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

// The methods of features.flags that the routes use. [any thread]
class FeaturesClient {
  public:
    // Told of each flag that a change came to, before its answer is sent.
    using Learn = std::function<void(std::string_view record)>;

    static Result<FeaturesClient> resolve(const Services& services, Learn learn);

    // `done(Result<Buffer>)` as Services::call.
    template <class Done>
    void call(std::string_view method, const Buffer& request, const sw_context& context,
              Done done) const {
        services_->call(methods_.find(method)->second, request, context, std::move(done));
    }
    void learn(std::string_view record) const {
        if (learn_) learn_(record);
    }

  private:
    const Services* services_ = nullptr;
    std::map<std::string, Method, std::less<>> methods_;
    Learn learn_;
};

// `client` outlives the routes.
void add_feature_routes(Routes& routes, const FeaturesClient& client);

namespace openapi {
// Feature, FeatureInput, NewFeature, FeatureNodes: for `components.schemas`.
boost::json::object feature_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
