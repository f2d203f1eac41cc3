#include "import_command.hpp"

#include "create_stream.hpp"
#include "each.hpp"
#include "input.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/records/command_line.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::size_t kAtOnce = 100;

// What became of one row.
struct Row {
    std::size_t number;
    std::int64_t old_id;
    Result<bj::object> values;
    Result<Buffer> reply = Error::internal("was not carried out");
};

// What the options of the command say.
struct Options {
    bool is_dry = false;
    std::int64_t first = 1;

    static Options read(const bj::object& arguments) {
        const auto* dry = arguments.if_contains("dry-run");
        const auto* from = arguments.if_contains("from");
        Options out;
        out.is_dry = dry != nullptr && dry->is_bool() && dry->get_bool();
        if (from != nullptr && from->is_int64()) out.first = from->get_int64();
        return out;
    }
};

// A flow's worth of an import; the flow's frame holds it.
class Importing {
  public:
    Importing(ImportDoors doors, TellProgress tell, std::string onlooker, Options options,
              Import import, Context context)
        : doors_(std::move(doors)),
          tell_(std::move(tell)),
          onlooker_(std::move(onlooker)),
          options_(options),
          import_(std::move(import)),
          context_(std::move(context)) {
        if (import_.beside) {
            total_ = import_.beside->rows();
            outcome_.passed_over = std::move(import_.beside->passed_over);
            beside_.emplace(doors_, std::move(*import_.beside), outcome_, options_.is_dry,
                            [this](std::size_t rows) { return go_on(rows); });
        }
        std::erase_if(import_.rows, [this](const ImportRow& row) {
            return std::cmp_less(row.number, options_.first);
        });
        total_ += import_.rows.size();
        outcome_.streams.rows = import_.rows.size();
        for (auto& row : import_.refused) {
            if (row.table == "streams") ++outcome_.streams.refused;
            outcome_.refused.push_back(std::move(row));
        }
    }

    Flow<> run() {
        const auto done = co_await take_all();
        if (!done) co_return done.error();
        if (!*done && outcome_.stopped_at == 0) outcome_.stopped_at = next_row_;
        std::ranges::sort(outcome_.refused, {}, &RefusedRow::number);
        co_return Buffer();
    }
    const ImportOutcome& outcome() const { return outcome_; }

  private:
    // False where time ran out.
    Flow<bool> take_all() {
        next_row_ = import_.rows.empty() ? 1 : import_.rows.front().number;
        if (beside_) {
            const auto done = co_await beside_->before_streams(context_);
            if (!done || !*done) co_return done;
        }
        for (std::size_t at = 0; at < import_.rows.size(); at += kAtOnce) {
            const auto count = std::min(kAtOnce, import_.rows.size() - at);
            next_row_ = import_.rows[at].number;
            if (!go_on(count)) co_return false;
            const auto taken = co_await take_streams(at, count);
            if (!taken) co_return taken.error();
        }
        if (!beside_) co_return true;
        next_row_ = import_.rows.empty() ? first_row() : import_.rows.back().number + 1;
        co_return co_await beside_->after_streams(context_);
    }
    std::size_t first_row() const { return static_cast<std::size_t>(options_.first); }

    // Before the next rows; false where there is no time for them.
    bool go_on(std::size_t rows) {
        if (!doors_.records.has_time(context_.raw())) return false;
        if (!onlooker_.empty()) {
            tell_("command/" + onlooker_, static_cast<std::int64_t>(done_),
                  static_cast<std::int64_t>(total_));
        }
        done_ += rows;
        return true;
    }

    Flow<std::monostate> take_streams(std::size_t begin, std::size_t count) {
        auto rows = read_rows(begin, count);
        if (options_.is_dry) {
            for (const auto& row : rows)
                tally(row);
            co_return ok();
        }
        if (beside_) {
            std::vector<std::int64_t> old_ids;
            for (const auto& row : rows)
                old_ids.push_back(row.old_id);
            const auto found = co_await beside_->find_streams(old_ids, context_);
            if (!found) co_return found.error();
        }
        std::vector<std::size_t> places;
        for (std::size_t place = 0; place < rows.size(); ++place) {
            if (rows[place].values && !is_known(rows[place])) places.push_back(place);
        }
        (void)co_await each(places, [&](std::size_t place, auto finish) {
            auto& row = rows[place];
            create_stream(doors_.records, *row.values, context_.raw(),
                          [&row, finish](Result<Buffer> reply) {
                              row.reply = std::move(reply);
                              finish();
                          });
        });
        for (const auto& row : rows)
            tally(row);
        co_return ok();
    }

    std::vector<Row> read_rows(std::size_t begin, std::size_t count) {
        std::vector<Row> out;
        for (auto at = begin; at < begin + count; ++at) {
            auto& row = import_.rows[at];
            const auto owner = beside_ ? beside_->refer(row) : 0;
            if (!row.body.contains("source")) row.body["source"] = "import";
            auto values = read_fields(row.body, model::InputMode::kCreate, false);
            // Not who imports: who owns it there, or nobody.
            if (values && beside_)
                (*values)["user_id"] = owner == 0 ? bj::value() : bj::value(owner);
            out.push_back({row.number, row.old.own, std::move(values)});
        }
        return out;
    }

    // An import before this one made it: it may be in the archive, where its URL finds nobody.
    bool is_known(Row& row) {
        const auto* found = beside_ ? beside_->stream(row.old_id) : nullptr;
        if (found == nullptr || found->url != std::string_view(row.values->at("url").as_string()))
            return false;
        row.reply = json::Writer().boolean("created", false).number("id", found->id).buffer();
        return true;
    }

    void tally(const Row& row) {
        auto& counts = outcome_.streams;
        if (!row.values) return outcome_.refuse({row.number, row.values.error().message}, counts);
        if (options_.is_dry) {
            ++counts.created;
            return;
        }
        if (!row.reply) return outcome_.refuse({row.number, row.reply.error().message}, counts);
        const bool is_new = json::find_member(row.reply->view(), "created") == "true";
        ++(is_new ? counts.created : counts.known);
        const auto stream = json::find_member(row.reply->view(), "stream");
        if (beside_ && !stream.empty()) {
            beside_->made_stream(row.old_id, contracts::record_id(stream));
        }
    }

    const ImportDoors doors_;
    const TellProgress tell_;
    const std::string onlooker_;
    const Options options_;
    Import import_;
    const Context context_;
    ImportOutcome outcome_;
    std::optional<BesideImport> beside_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
    std::size_t next_row_ = 1;
};

Flow<> read_text(const ReadFile& read_file, const records::CommandLine& given) {
    const std::string path(given.positional(0));
    if (path.empty()) co_return Error::invalid("name the file to read, or - for standard input");
    if (path == "-") co_return Buffer(given.input);
    co_return co_await asked([&](Reply reply) { read_file(path, std::move(reply)); });
}

}  // namespace

Flow<> import_streams(ImportDoors doors, ReadFile read_file, TellProgress tell, std::string request,
                      Context context) {
    auto given = records::CommandLine::read(request);
    if (!given) co_return given.error();
    const auto options = Options::read(given->arguments);
    auto text = co_await read_text(read_file, *given);
    if (!text) co_return std::move(text).error();
    auto import = read_import(text->view());
    if (!import) co_return std::move(import).error();
    const auto format = import->format;
    Importing importing(std::move(doors), std::move(tell), given->progress, options,
                        std::move(*import), std::move(context));
    const auto done = co_await importing.run();
    if (!done) co_return done.error();
    const auto& outcome = importing.outcome();
    co_return records::printed(given->wants_json()
                                   ? import_report_json(outcome, format, options.is_dry)
                                   : import_report(outcome, format, options.is_dry));
}

}  // namespace streamwall::catalog
