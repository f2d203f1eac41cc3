// Pieces of OpenAPI 3.0.3 that the descriptions of several resources are made of.
#pragma once

#include <streamwall/sdk/http.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace streamwall::rest_api::openapi {

// Schemas.
boost::json::object reference(std::string_view schema);
boost::json::object text_schema(std::size_t longest = 255, bool nullable = false);
boost::json::object id_schema();
boost::json::object flag_schema();
boost::json::object time_schema(bool nullable = false);
boost::json::object word_schema(std::initializer_list<std::string_view> words);
boost::json::object list_schema(boost::json::object item);
boost::json::object object_schema(boost::json::object properties, boost::json::array required = {});
// The schema of a record: with the fields that the store sets.
boost::json::object record_schema(boost::json::object properties);
// {NAME:[…],"meta":{…}}
boost::json::object page_schema(std::string_view name, std::string_view item);

// Parameters.
boost::json::object id_parameter();
boost::json::object if_match_parameter();
boost::json::object if_none_match_parameter();
boost::json::object strict_parameter();
boost::json::object header_parameter(std::string_view name, std::string_view description);
boost::json::object query_parameter(std::string_view name, std::string_view description);

struct Operation {
    std::string_view id = {};
    std::string_view summary = {};
    std::string_view tag = {};
    boost::json::array parameters = {};
    std::string_view body = {};  // the name of a schema; empty: no body
    bool needs_body = true;
    std::string_view other_body_type = {};  // text that may be sent instead
    int status = 200;
    int other_status = 0;             // with the same answer
    boost::json::object answer = {};  // the schema of the answer; empty: no body
    std::string_view answer_type = "application/json";
    std::string_view said = {};  // of the answer; empty: what fits each
    std::initializer_list<std::string_view> other_types = {};  // text that one may ask for instead
    std::initializer_list<int> problems = {};
    int further_problem = 0;  // a status
};
// The operation as text. One that takes If-None-Match answers 304, too.
std::string render(Operation operation);

// Whether the route changes something (PATCH, PUT, DELETE) that If-Match guards, as it says itself.
bool takes_if_match(const http::Route& route);
// Makes it say that If-Match must be sent, and what is answered else.
void require_if_match(http::Route& route);

}  // namespace streamwall::rest_api::openapi
