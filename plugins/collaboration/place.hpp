// Where people work together: a resource as a whole or one record of it; and the cells in it.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace streamwall::collaboration {

// {"resource":"stream"}: all of them; with "resource_id" one.
struct Place {
    std::string resource;     // [a-z][a-z0-9-]*, at most 32 characters
    std::string resource_id;  // [A-Za-z0-9-]*, at most 64 characters; empty: all

    std::string name() const {
        return resource_id.empty() ? resource : resource + "/" + resource_id;
    }
    bool covers(const Place& other) const {
        return resource == other.resource &&
               (resource_id.empty() || resource_id == other.resource_id);
    }
    bool operator==(const Place&) const = default;
};

struct Cell {
    Place place;        // with an id
    std::string field;  // [a-z][a-z0-9_]*, at most 64 characters

    // "stream_5_title"
    std::string id() const { return place.resource + "_" + place.resource_id + "_" + field; }
};

// Members `resource` and `resource_id`, text or a number; an error names the one that is wrong.
Result<Place> read_place(const boost::json::object& from);
// By `cell_id`, or by `resource`, `resource_id` and `field`; what is left out is that of `here`,
// within which the cell has to lie.
Result<Cell> read_cell(const boost::json::object& from, const Place& here);

// Adds the members by which messages name a cell.
void describe(const Cell& cell, boost::json::object& message);

}  // namespace streamwall::collaboration
