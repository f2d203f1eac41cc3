#include "import_dump.hpp"

#include "import_cells.hpp"
#include "streamer_accounts.hpp"

#include <streamwall/model/platform.hpp>
#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::string_view kHead = "COPY ";
constexpr std::string_view kTail = " FROM stdin;";

// The text format of COPY: \N is null, and the usual escapes.
std::optional<std::string> copied(std::string_view cell) {
    if (cell == "\\N") return std::nullopt;
    std::string out;
    for (std::size_t at = 0; at < cell.size(); ++at) {
        if (cell[at] != '\\' || at + 1 == cell.size()) {
            out += cell[at];
            continue;
        }
        constexpr std::string_view kFrom = "tnrbfv", kTo = "\t\n\r\b\f\v";
        const auto known = kFrom.find(cell[++at]);
        out += known == kFrom.npos ? cell[at] : kTo[known];
    }
    return out;
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> out;
    for (;;) {
        const auto end = text.find(by);
        out.push_back(text.substr(0, end));
        if (end == text.npos) return out;
        text.remove_prefix(end + 1);
    }
}

std::string_view unquoted(std::string_view name) {
    name = model::trim(name);
    const bool is_quoted = name.size() > 1 && name.starts_with('"') && name.ends_with('"');
    return is_quoted ? name.substr(1, name.size() - 2) : name;
}

// What a line `COPY public.streams (id, link) FROM stdin;` begins.
struct Block {
    std::string table;  // without its schema where that is the usual one
    std::vector<std::string> columns;

    static std::optional<Block> begun_by(std::string_view line) {
        const auto open = line.find('(');
        const auto close = line.find(')');
        if (!line.starts_with(kHead) || !line.ends_with(kTail)) return std::nullopt;
        if (open == line.npos || close == line.npos || close < open) return std::nullopt;
        Block out;
        auto table = model::trim(line.substr(kHead.size(), open - kHead.size()));
        constexpr std::string_view kPublic = "public.";
        if (table.starts_with(kPublic)) table.remove_prefix(kPublic.size());
        out.table = unquoted(table);
        for (const auto column : split(line.substr(open + 1, close - open - 1), ','))
            out.columns.emplace_back(unquoted(column));
        return out;
    }
};

// One row under the names of its columns.
class Columns {
  public:
    Columns(const Block& block, const Cells& cells) : block_(block), cells_(cells) {}

    // Empty where there is none.
    std::string text(std::string_view name) const {
        const auto at = std::ranges::find(block_.columns, name) - block_.columns.begin();
        const auto place = static_cast<std::size_t>(at);
        return place < cells_.size() ? cells_[place].value_or("") : std::string();
    }
    std::int64_t id(std::string_view name) const { return number(name).value_or(0); }
    std::optional<std::int64_t> number(std::string_view name) const {
        const auto digits = text(name);
        std::int64_t out = 0;
        const auto* end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, out);
        if (digits.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
        return out;
    }
    bool flag(std::string_view name) const { return text(name) == "t"; }
    OldIds old() const {
        return {.own = id("id"),
                .user = id("user_id"),
                .streamer = id("streamer_id"),
                .location = id("location_id")};
    }
    void put(bj::object& into, std::string_view member, std::string_view column) const {
        if (auto value = text(column); !value.empty()) into[member] = value;
    }

  private:
    const Block& block_;
    const Cells& cells_;
};

bj::object user_of(const Columns& row) {
    const auto role = model::to_lower(row.text("role"));
    bj::object out{{"email", row.text("email")}};
    out["role"] = role.empty() || role == "default" ? "viewer" : role;
    out["service"] = row.flag("is_service_account");
    row.put(out, "password_hash", "encrypted_password");
    row.put(out, "password_hash", "password_digest");
    return out;
}

bj::object location_of(const Columns& row) {
    bj::object out{{"known_city", row.flag("is_known_city")}};
    for (const std::string_view name : {"city", "state_province", "region", "country"})
        row.put(out, name, name);
    for (const std::string_view name : {"latitude", "longitude"}) {
        const auto text = row.text(name);
        double number = 0;
        const auto* end = text.data() + text.size();
        if (text.empty()) continue;
        const auto read = std::from_chars(text.data(), end, number);
        out[name] = read.ptr == end ? bj::value(number) : bj::value(text);
    }
    return out;
}

bj::object streamer_of(const Columns& row) {
    bj::object out{{"name", row.text("name")}};
    row.put(out, "notes", "notes");
    return out;
}

bj::object timestamp_of(const Columns& row) {
    bj::object out{{"title", row.text("title")}};
    const auto moment = row.text("event_timestamp");
    if (!moment.empty()) out["event_at"] = time_text(moment);
    row.put(out, "description", "description");
    return out;
}

bj::object ignored_of(const Columns& row) {
    bj::object out{{"list_type", row.text("list_type")}, {"value", row.text("value")}};
    row.put(out, "notes", "notes");
    return out;
}

class DumpReader {
  public:
    Import read(std::string_view text) {
        std::optional<Block> block;
        for (std::size_t number = 1; !text.empty(); ++number) {
            const auto end = std::min(text.find('\n'), text.size());
            auto line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (!block) {
                block = Block::begun_by(line);
                if (block) begin(*block);
            } else if (line == "\\.") {
                block.reset();
            } else {
                take(*block, number, line);
            }
        }
        join();
        return std::move(out_);
    }

  private:
    using Reader = std::function<void(DumpReader&, std::size_t number, const Columns& row)>;

    template <class Convert>
    static Reader row_into(std::vector<ImportRow> ImportBeside::* rows, Convert convert) {
        return [rows, convert](DumpReader& self, std::size_t number, const Columns& row) {
            ((*self.out_.beside).*rows)
                .push_back({.number = number, .body = convert(row), .old = row.old()});
        };
    }

    static const std::map<std::string_view, Reader>& readers() {
        static const std::map<std::string_view, Reader> kReaders = {
            {"users", row_into(&ImportBeside::users, user_of)},
            {"locations", row_into(&ImportBeside::locations, location_of)},
            {"streamers", row_into(&ImportBeside::streamers, streamer_of)},
            {"timestamps", row_into(&ImportBeside::timestamps, timestamp_of)},
            {"ignore_lists", row_into(&ImportBeside::ignore_lists, ignored_of)},
            {"streamer_accounts", &DumpReader::take_account},
            {"timestamp_streams", &DumpReader::take_pair},
        };
        return kReaders;
    }

    void begin(const Block& block) {
        fields_.clear();
        if (block.table == "streams") {
            for (const auto& column : block.columns)
                fields_.push_back(stream_field_of(column));
        } else if (!readers().contains(block.table)) {
            out_.beside->passed_over.push_back({.table = block.table});
        }
    }

    void take(const Block& block, std::size_t number, std::string_view line) {
        const auto reader = readers().find(block.table);
        if (block.table != "streams" && reader == readers().end()) {
            ++out_.beside->passed_over.back().rows;
            return;
        }
        Cells cells;
        for (const auto cell : split(line, '\t'))
            cells.push_back(copied(cell));
        if (block.table == "streams") return take_stream(block, number, cells);
        if (cells.size() != block.columns.size()) {
            return refuse(number,
                          "has " + std::to_string(cells.size()) + " columns, not " +
                              std::to_string(block.columns.size()),
                          reader->first);
        }
        reader->second(*this, number, Columns(block, cells));
    }

    void take_stream(const Block& block, std::size_t number, const Cells& cells) {
        const auto before = out_.rows.size();
        add_row(out_, number, fields_, cells);
        if (out_.rows.size() > before) out_.rows.back().old = Columns(block, cells).old();
    }

    // One account that is wrong is no reason to lose its streamer.
    void take_account(std::size_t number, const Columns& row) {
        const auto platform = model::parse_platform(row.text("platform"));
        const auto username = normal_username(row.text("username"));
        if (!platform || !is_username(username)) {
            return refuse(number,
                          platform ? "username is no name of an account" : "platform is unknown",
                          "streamer_accounts");
        }
        const std::string name(model::platform_name(*platform));
        const auto streamer = row.id("streamer_id");
        if (!seen_.emplace(streamer, name + "/" + username).second) return;
        bj::object account{{"platform", name}, {"username", username}};
        row.put(account, "url", "profile_url");
        accounts_[streamer].push_back(std::move(account));
    }

    void take_pair(std::size_t, const Columns& row) {
        bj::object stream{{"stream_id", row.id("stream_id")}};
        const auto offset = row.number("stream_timestamp_seconds");
        stream["offset_seconds"] = offset ? bj::value(*offset) : bj::value();
        streams_[row.id("timestamp_id")].push_back(std::move(stream));
    }

    // Rows of one table come before or behind those that they belong to.
    void join() {
        for (auto& row : out_.beside->streamers)
            row.body["accounts"] = std::move(accounts_[row.old.own]);
        for (auto& row : out_.beside->timestamps)
            row.body["streams"] = std::move(streams_[row.old.own]);
    }

    void refuse(std::size_t number, std::string reason, std::string_view table) {
        out_.refused.push_back({.number = number, .reason = std::move(reason), .table = table});
    }

    Import out_{.format = "postgresql", .rows = {}, .refused = {}, .beside = ImportBeside()};
    std::vector<std::string> fields_;
    std::map<std::int64_t, bj::array> accounts_;  // by streamer
    std::map<std::int64_t, bj::array> streams_;   // by timestamp
    std::set<std::pair<std::int64_t, std::string>> seen_;
};

constexpr std::string_view kCustomFormat = "PGDMP";
constexpr std::string_view kInsert = "INSERT INTO public.streams ";

bool has_line_that_begins(std::string_view text, std::string_view head) {
    for (auto at = text.find(head); at != text.npos; at = text.find(head, at + 1)) {
        if (at == 0 || text[at - 1] == '\n') return true;
    }
    return false;
}

}  // namespace

bool is_dump(std::string_view text) {
    if (text.starts_with(kCustomFormat) || has_line_that_begins(text, kInsert)) return true;
    for (auto at = text.find(kHead); at != text.npos; at = text.find(kHead, at + 1)) {
        if (at != 0 && text[at - 1] != '\n') continue;
        auto line = text.substr(at, text.find('\n', at) - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (Block::begun_by(line)) return true;
    }
    return false;
}

Result<Import> read_dump(std::string_view text) {
    if (text.starts_with(kCustomFormat)) {
        return Error::invalid(
            "this dump is not plain SQL: turn it into that with pg_restore -f dump.sql");
    }
    auto out = DumpReader().read(text);
    if (out.rows.empty() && out.beside->rows() == 0 && has_line_that_begins(text, kInsert)) {
        return Error::invalid("this dump holds INSERTs: write it without --inserts");
    }
    return out;
}

}  // namespace streamwall::catalog
