// Examples made from schemas, so that none of them can contradict its schema.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string_view>

namespace streamwall::rest_api::openapi {

// Something that `schema` describes: its own example, else one by enum, default, format, the usual
// value of a field of that `name`, or type. References are looked up in `schemas`.
boost::json::value example_of(const boost::json::value& schema, const boost::json::object& schemas,
                              std::string_view name = {});

// What a problem of that status looks like.
boost::json::object problem_example(int status);

}  // namespace streamwall::rest_api::openapi
