#include "import_report.hpp"

#include <boost/json.hpp>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMostShown = 1'000;

std::string counts_text(const ImportCounts& counts) {
    return std::to_string(counts.known) + " were known, " + std::to_string(counts.refused) +
           " refused.\n";
}

bj::object counts_json(const ImportCounts& counts) {
    return {{"rows", counts.rows},
            {"created", counts.created},
            {"known", counts.known},
            {"refused", counts.refused}};
}

std::string place_of(const RefusedRow& row) {
    const bool is_stream = row.table == "streams";
    return "row " + std::to_string(row.number) +
           (is_stream ? std::string() : " (" + std::string(row.table) + ")");
}

}  // namespace

std::string import_report(const ImportOutcome& outcome, std::string_view format, bool is_dry) {
    const std::string made(is_dry ? "Would make " : "Made ");
    std::string out = made + std::to_string(outcome.streams.created) + " streams of " +
                      std::to_string(outcome.streams.rows) + " rows (" + std::string(format) +
                      "); " + counts_text(outcome.streams);
    for (const auto& [table, counts] : outcome.tables) {
        out += made + std::to_string(counts.created) + " " + std::string(table) + " of " +
               std::to_string(counts.rows) + " rows; " + counts_text(counts);
    }
    for (const auto& [what, count] : outcome.left_out)
        out += "Left out: " + what + ", " + std::to_string(count) + ".\n";
    for (const auto& [table, rows] : outcome.passed_over)
        out += "Passed over: " + table + ", " + std::to_string(rows) + " rows.\n";
    for (std::size_t i = 0; i < outcome.refused.size() && i < kMostShown; ++i)
        out += "  " + place_of(outcome.refused[i]) + ": " + outcome.refused[i].reason + "\n";
    if (outcome.refused.size() > kMostShown) {
        out += "  and " + std::to_string(outcome.refused.size() - kMostShown) + " more\n";
    }
    if (outcome.stopped_at != 0) {
        out += "Time ran out. Go on with --from " + std::to_string(outcome.stopped_at) + ".\n";
    }
    return out;
}

std::string import_report_json(const ImportOutcome& outcome, std::string_view format, bool is_dry) {
    bj::object out{{"format", format},
                   {"dry_run", is_dry},
                   {"rows", outcome.streams.rows},
                   {"created", outcome.streams.created},
                   {"known", outcome.streams.known}};
    bj::array refused;
    for (const auto& [number, reason, table] : outcome.refused)
        refused.push_back({{"row", number}, {"reason", reason}, {"table", table}});
    out["refused"] = std::move(refused);
    bj::object tables;
    for (const auto& [table, counts] : outcome.tables)
        tables[table] = counts_json(counts);
    out["tables"] = std::move(tables);
    bj::object left_out;
    for (const auto& [what, count] : outcome.left_out)
        left_out[what] = count;
    out["left_out"] = std::move(left_out);
    bj::object passed_over;
    for (const auto& [table, rows] : outcome.passed_over)
        passed_over[table] = rows;
    out["passed_over"] = std::move(passed_over);
    out["go_on_with"] =
        outcome.stopped_at == 0 ? bj::value(nullptr) : bj::value(outcome.stopped_at);
    return bj::serialize(out) + "\n";
}

}  // namespace streamwall::catalog
