// One JSON value in, one checked column value out.
#pragma once

#include <boost/json/value.hpp>
#include <expected>
#include <string_view>

#include "streamwall/model/fields.hpp"

namespace streamwall::model {

// `shown_as` is the name that the body used, for messages.
std::expected<boost::json::value, FieldError> read_field(const FieldSpec& spec,
                                                         std::string_view shown_as,
                                                         const boost::json::value& value);

FieldError field_error(std::string_view field, std::string_view code, std::string message);

}  // namespace streamwall::model
