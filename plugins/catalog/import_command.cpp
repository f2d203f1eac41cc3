#include "import_command.hpp"

#include "create_stream.hpp"
#include "each.hpp"
#include "import_rows.hpp"
#include "input.hpp"

#include <streamwall/records/command_line.hpp>

#include <numeric>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::size_t kAtOnce = 100;
constexpr std::size_t kMostShown = 1'000;

struct Outcome {
    std::int64_t created = 0;
    std::int64_t known = 0;
    std::vector<Import::Refused> refused;
    std::size_t stopped_at = 0;  // the row that there was no time for; 0: all are done
};

std::string report(const Outcome& outcome, const Import& import, bool is_dry) {
    std::string out(is_dry ? "Would make " : "Made ");
    out += std::to_string(outcome.created) + " streams of " + std::to_string(import.rows.size()) +
           " rows (" + std::string(import.format) + "); " + std::to_string(outcome.known) +
           " were known, " + std::to_string(outcome.refused.size()) + " refused.\n";
    for (std::size_t i = 0; i < outcome.refused.size() && i < kMostShown; ++i) {
        const auto& [number, reason] = outcome.refused[i];
        out += "  row " + std::to_string(number) + ": " + reason + "\n";
    }
    if (outcome.refused.size() > kMostShown) {
        out += "  and " + std::to_string(outcome.refused.size() - kMostShown) + " more\n";
    }
    if (outcome.stopped_at != 0) {
        out += "Time ran out. Go on with --from " + std::to_string(outcome.stopped_at) + ".\n";
    }
    return out;
}

std::string report_json(const Outcome& outcome, const Import& import, bool is_dry) {
    bj::array refused;
    for (const auto& [number, reason] : outcome.refused)
        refused.push_back({{"row", number}, {"reason", reason}});
    bj::object out{{"format", import.format},    {"dry_run", is_dry},
                   {"rows", import.rows.size()}, {"created", outcome.created},
                   {"known", outcome.known},     {"refused", std::move(refused)}};
    out["go_on_with"] =
        outcome.stopped_at == 0 ? bj::value(nullptr) : bj::value(outcome.stopped_at);
    return bj::serialize(out) + "\n";
}

// What became of one row.
struct Row {
    std::size_t number;
    Result<bj::object> values;
    Result<Buffer> reply = Error::internal("was not carried out");
};

void count(Outcome& into, const Row& row, bool is_dry) {
    if (!row.values) return into.refused.push_back({row.number, row.values.error().message});
    if (is_dry) {
        ++into.created;
        return;
    }
    if (!row.reply) return into.refused.push_back({row.number, row.reply.error().message});
    const bool is_new = json::find_member(row.reply->view(), "created") == "true";
    ++(is_new ? into.created : into.known);
}

std::vector<Row> read_rows(const std::vector<ImportRow>& rows, std::size_t begin) {
    std::vector<Row> out;
    for (auto at = begin; at < rows.size() && out.size() < kAtOnce; ++at) {
        auto body = rows[at].body;
        if (!body.contains("source")) body["source"] = "import";
        out.push_back({rows[at].number, read_fields(body, model::InputMode::kCreate, false)});
    }
    return out;
}

Flow<> create_rows(StreamRecords& records, std::vector<Row>& rows, const Context& context) {
    std::vector<std::size_t> places(rows.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    (void)co_await each(places, [&](std::size_t place, auto finish) {
        auto& row = rows[place];
        if (!row.values) return finish();
        create_stream(records, *row.values, context.raw(), [&row, finish](Result<Buffer> reply) {
            row.reply = std::move(reply);
            finish();
        });
    });
    co_return Buffer();
}

Flow<> read_text(const ReadFile& read_file, const records::CommandLine& given) {
    const std::string path(given.positional(0));
    if (path.empty()) co_return Error::invalid("name the file to read, or - for standard input");
    if (path == "-") co_return Buffer(given.input);
    co_return co_await asked([&](Reply reply) { read_file(path, std::move(reply)); });
}

}  // namespace

Flow<> import_streams(StreamRecords& records, ReadFile read_file, TellProgress tell,
                      std::string request, Context context) {
    const auto given = records::CommandLine::read(request);
    if (!given) co_return given.error();
    const auto* dry = given->arguments.if_contains("dry-run");
    const bool is_dry = dry != nullptr && dry->is_bool() && dry->get_bool();
    const auto* from = given->arguments.if_contains("from");
    const auto first = from != nullptr && from->is_int64() ? from->get_int64() : 1;
    auto text = co_await read_text(read_file, *given);
    if (!text) co_return std::move(text).error();
    auto import = read_import(text->view());
    if (!import) co_return std::move(import).error();
    std::erase_if(import->rows,
                  [first](const ImportRow& row) { return std::cmp_less(row.number, first); });
    Outcome outcome{.created = 0, .known = 0, .refused = std::move(import->refused)};
    for (std::size_t at = 0; at < import->rows.size(); at += kAtOnce) {
        if (!records.has_time(context.raw())) {
            outcome.stopped_at = import->rows[at].number;
            break;
        }
        if (!given->progress.empty()) {
            tell("command/" + given->progress, static_cast<std::int64_t>(at),
                 static_cast<std::int64_t>(import->rows.size()));
        }
        auto rows = read_rows(import->rows, at);
        if (!is_dry) (void)co_await create_rows(records, rows, context);
        for (const auto& row : rows)
            count(outcome, row, is_dry);
    }
    std::ranges::sort(outcome.refused, {}, &Import::Refused::number);
    co_return records::printed(given->wants_json() ? report_json(outcome, *import, is_dry)
                                                   : report(outcome, *import, is_dry));
}

}  // namespace streamwall::catalog
