// Commands of a wall's control page, as changes of the wall's record.
//
//   show {space, stream_id | pin | neither}   what a cell shows; neither empties it
//   listen {space | null}                     one cell is heard, the others are muted or background
//   background {space, on}                    it is heard whatever else is
//   blur {space, on}, rotate {space, rotation}, volume {space, volume}
//   spotlight {space | null}                  one cell fills the wall
//   grid {columns, rows}
//   swap {space, with}
//   arrange {columns, rows, cells, spotlight} the whole of it, as a saved layout has it
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <string_view>

namespace streamwall::collaboration {

// The body of an update of `wall`. An error names the member that is wrong; what the catalog checks
// (which streams there are, how large a grid may be) is left to it.
Result<boost::json::object> plan_command(const boost::json::object& wall, std::string_view command,
                                         const boost::json::object& data);

}  // namespace streamwall::collaboration
