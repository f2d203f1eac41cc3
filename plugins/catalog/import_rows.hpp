// Streams as other systems write them down, read row by row: a PostgreSQL dump or JSON of
// StreamSource, the JSON feed of Streamwall, CSV. Pure.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

struct ImportRow {
    std::size_t number = 0;  // of its line, or of its item in a JSON list; from 1
    boost::json::object body;
};

struct Import {
    std::string_view format;  // "postgresql", "json", "feed" or "csv"
    std::vector<ImportRow> rows;
    // Rows that could not even be read.
    struct Refused {
        std::size_t number;
        std::string reason;
    };
    std::vector<Refused> refused;
};

// Finds the format by itself. INVALID_ARGUMENT where it is none of them. Bodies have names of a
// stream's fields or synonyms; ids and times of the other system are left out.
Result<Import> read_import(std::string_view text);

}  // namespace streamwall::catalog
