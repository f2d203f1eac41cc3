// The services of the catalog beside `catalog.streams`.
#pragma once

#include "ignore_lists.hpp"

#include <streamwall/sdk/services.hpp>

#include <string>
#include <vector>

namespace streamwall::catalog {

class Resources {
  public:
    explicit Resources(StorePort& store) : ignore_lists_(store) {}

    Result<> offer(Services& services);
    std::vector<const Resource*> all() const { return {&ignore_lists_}; }
    // The request of `store.declare`.
    static std::string declaration();

  private:
    IgnoreLists ignore_lists_;
};

}  // namespace streamwall::catalog
