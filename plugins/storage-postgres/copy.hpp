// Copies a SQLite store into an empty PostgreSQL one.
//
// Row by row in pieces, each of which is a transaction that also notes how far it came: where a
// copy is cut short, the next one goes on there. At the end both sides are read again and compared,
// table by table, by count and checksum. Leases are left out: they are of processes that run now.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "sqlite_source.hpp"

namespace streamwall::postgres {

struct CopiedTable {
    std::string name;
    std::int64_t rows = 0;
    std::uint64_t checksum = 0;  // the same on both sides
};

struct CopyReport {
    std::vector<CopiedTable> tables;
    std::int64_t copied = 0;  // rows, by this run
    bool resumed = false;
};

// `told` hears of rows done and to be done, twice each: copied and compared.
using Progress = std::function<void(std::string_view doing, std::int64_t done, std::int64_t all)>;

// Throws SourceError and Failure; the latter refused where the target holds something else, or
// differs in the end.
Task<CopyReport> copy_store(const SqliteSource& source, Connection& target,
                            const std::string& schema, Progress told);

}  // namespace streamwall::postgres
