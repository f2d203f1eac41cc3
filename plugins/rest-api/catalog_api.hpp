// Routes of all kinds of records that the catalog keeps beside streams.
#pragma once

#include "resource_api.hpp"

#include <optional>

namespace streamwall::rest_api {

// Outlives its routes.
class CatalogApi {
  public:
    Result<> add(Routes& routes, const Services& services);

  private:
    std::optional<ResourceClient> ignore_lists_, streamers_, locations_, timestamps_, walls_,
        layouts_;
};

namespace openapi {
// What those routes take and answer: for `components.schemas`.
boost::json::object catalog_schemas();
}  // namespace openapi

}  // namespace streamwall::rest_api
