// Streams as other systems write them down, read row by row: a PostgreSQL dump or JSON of
// StreamSource, the JSON feed of Streamwall, its TOML, CSV. Pure.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::catalog {

// Ids of the other system; 0 where there is none.
struct OldIds {
    std::int64_t own = 0;
    std::int64_t user = 0;
    std::int64_t streamer = 0;
    std::int64_t location = 0;
};

struct ImportRow {
    std::size_t number = 0;  // of its line, or of its item in a JSON list; from 1
    boost::json::object body;
    OldIds old = {};  // in a dump
};

// A row that was not taken, and why.
struct RefusedRow {
    std::size_t number = 0;
    std::string reason;
    std::string_view table = "streams";
};

// What a dump holds beside streams; bodies are those of our own records.
struct ImportBeside {
    std::vector<ImportRow> users;  // with `password_hash`
    std::vector<ImportRow> locations;
    std::vector<ImportRow> streamers;   // with their accounts
    std::vector<ImportRow> timestamps;  // their streams have the other system's ids
    std::vector<ImportRow> ignore_lists;
    // Tables that mean nothing here.
    struct PassedOver {
        std::string table;
        std::size_t rows = 0;
    };
    std::vector<PassedOver> passed_over;

    std::size_t rows() const {
        return users.size() + locations.size() + streamers.size() + timestamps.size() +
               ignore_lists.size();
    }
};

struct Import {
    std::string_view format;  // "postgresql", "json", "feed", "toml" or "csv"
    std::vector<ImportRow> rows;
    std::vector<RefusedRow> refused;  // rows that could not even be read
    std::optional<ImportBeside> beside = {};
};

// Finds the format by itself. INVALID_ARGUMENT where it is none of them. Bodies have names of a
// stream's fields or synonyms; ids and times of the other system are left out.
Result<Import> read_import(std::string_view text);

}  // namespace streamwall::catalog
