// The schemas of everything in the file that is the kernel's own.
#pragma once

#include "config/schema.hpp"

namespace streamwall::config {

const Schema& structure_schema();  // the top level and nodes.*
const Schema& reserved_schema();   // the reserved keys of plugins.<instance>

}  // namespace streamwall::config
