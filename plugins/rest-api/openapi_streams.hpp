// OpenAPI 3.0.3: the operations on streams, and the schemas that all operations may refer to.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace streamwall::rest_api::openapi {

// Operation objects as JSON text.
std::string list_streams();
std::string create_stream();
std::string get_stream();
std::string update_stream(bool replaces);
std::string batch_streams(bool posts);
std::string stream_action(std::string_view id, std::string_view summary, bool answers_nothing);

// An operation without parameters whose answer is of the content type `type`.
std::string plain_operation(std::string_view id, std::string_view summary, std::string_view type);

// `components.schemas`: Stream, StreamInput, StreamList, Problem.
boost::json::object schemas();

}  // namespace streamwall::rest_api::openapi
