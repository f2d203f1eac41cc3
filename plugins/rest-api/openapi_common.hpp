// What the descriptions of all routes have in common, added to each where it does not say itself.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>

namespace streamwall::rest_api::openapi {

// A route as the listener lists it.
struct RouteView {
    std::string_view method;  // upper case
    std::string_view path;
    std::string_view access;  // open, viewer, editor, admin
    std::string_view scope;  // or several, separated by blanks
};

// The scopes one by one.
boost::json::array scopes_of(const RouteView& route);

// Adds who may call, parameters of the path, Idempotency-Key, tags, headers of answers, the problem
// that any call may end in, and examples of everything.
void complete_operation(boost::json::object& operation, const RouteView& route,
                        const boost::json::object& schemas);

// The tags of all operations, with descriptions.
boost::json::array tags_of(const boost::json::object& paths);

// Headers of answers that complete_operation() refers to.
boost::json::object common_headers();

// Takes out the schemas that nothing in `paths` refers to.
void drop_unused(boost::json::object& schemas, const boost::json::object& paths);

}  // namespace streamwall::rest_api::openapi
