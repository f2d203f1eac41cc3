// What came of an import, as text for people and as JSON. Pure.
#pragma once

#include "import_rows.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::catalog {

struct ImportCounts {
    std::size_t rows = 0;
    std::int64_t created = 0;
    std::int64_t known = 0;
    std::int64_t refused = 0;
};

struct ImportOutcome {
    ImportCounts streams;
    // Of a dump, in the order in which they were taken.
    std::vector<std::pair<std::string_view, ImportCounts>> tables;
    std::vector<RefusedRow> refused;  // of all tables
    // References that were left out: "users of streams that are not here" → 3.
    std::map<std::string, std::int64_t> left_out;
    std::vector<ImportBeside::PassedOver> passed_over;
    std::size_t stopped_at = 0;  // the row that there was no time for; 0: all are done

    void refuse(RefusedRow row, ImportCounts& of) {
        ++of.refused;
        refused.push_back(std::move(row));
    }
};

std::string import_report(const ImportOutcome& outcome, std::string_view format, bool is_dry);
std::string import_report_json(const ImportOutcome& outcome, std::string_view format, bool is_dry);

}  // namespace streamwall::catalog
