// The schemas of everything in the file that is the kernel's own.
#pragma once

#include <boost/json/value.hpp>

#include "config/schema.hpp"

namespace streamwall::config {

const Schema& structure_schema();  // the top level and nodes.*
const Schema& reserved_schema();   // the reserved keys of plugins.<instance>

// As they are written, for editors.
boost::json::value structure_schema_source();
boost::json::value reserved_schema_source();
boost::json::value kernel_schema_source();

}  // namespace streamwall::config
