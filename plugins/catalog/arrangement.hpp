// What a wall shows, and a layout keeps: a grid, and what is in its cells.
//
//   columns, rows   1 to 16
//   cells           [{"space","stream_id","pin","audio","blur","rotation","volume"}], each space
//                   once; those that are left out are empty. A space is counted row by row from 0.
//                   A cell shows a stream, or the one that is pinned at place `pin` (from 1). Equal
//                   neighbours are one tile. `audio` is muted, listening (one cell at most) or
//                   background; `rotation` 0, 90, 180 or 270; `volume` 0 to 100
//   spotlight       the space of the cell that fills the wall, or null
#pragma once

#include "resource.hpp"

namespace streamwall::catalog {

// Reads what a body says of it into `values`.
void read_arrangement(const Body& body, boost::json::object& values, records::FieldErrors& errors);

// Whether `values`, laid over `before` (null for a new record), fit together.
Result<> check_arrangement(const boost::json::object& values, const boost::json::object* before);

// Ids of the streams that `values` set, each once.
boost::json::array streams_in(const boost::json::object& values);

// Fields of a collection, as a part of its declaration; each with a comma behind it.
inline constexpr std::string_view kArrangementFields =
    R"({"name":"columns","type":"integer","default":3},{"name":"rows","type":"integer","default":3},)"
    R"({"name":"cells","type":"json","default":[]},{"name":"spotlight","type":"integer"},)";

}  // namespace streamwall::catalog
