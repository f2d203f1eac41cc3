#include "sqlite-store/search_index.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <tuple>

#include "sqlite-store/connection.hpp"
#include "sqlite-store/schema.hpp"
#include "storage-sql/text_match.hpp"

namespace streamwall::sqlite {
namespace {

using storage::Tokens;

std::optional<std::string_view> text_of(sqlite3_value* value) {
    const auto* text = sqlite3_value_text(value);
    if (text == nullptr) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(text),
                            static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

std::vector<std::optional<std::string_view>> texts_of(std::span<sqlite3_value*> values) {
    std::vector<std::optional<std::string_view>> fields;
    fields.reserve(values.size());
    for (auto* value : values)
        fields.push_back(text_of(value));
    return fields;
}

char state_of(std::span<sqlite3_value*> beside) {
    int state = 0;
    for (std::size_t i = 0; i < beside.size(); ++i)
        state |= (sqlite3_value_int(beside[i]) != 0 ? 1 : 0) << i;
    return static_cast<char>('0' + state);
}

// Of the fields beside the index, then those that are searched.
Tokens tokens_of(std::span<sqlite3_value*> values, std::size_t beside) {
    return storage::index_tokens(state_of(values.first(beside)),
                                 storage::searched_text(texts_of(values.subspan(beside))));
}

storage::TokenChange change_of(std::span<sqlite3_value*> before, std::span<sqlite3_value*> after,
                               std::size_t beside) {
    const char state = state_of(after.first(beside));
    if (state_of(before.first(beside)) == state) {
        return storage::token_change(state, texts_of(before.subspan(beside)),
                                     texts_of(after.subspan(beside)));
    }
    // Each token begins with the state, so none stays.
    return {tokens_of(before, beside), tokens_of(after, beside)};
}

std::string joined(const Tokens& tokens) {
    std::string out;
    for (const auto& token : tokens)
        out.append(out.empty() ? "" : " ").append(token);
    return out;
}

// (number of fields beside, those, searched fields…) → the tokens, between blanks
void tokens_function(sqlite3_context* context, int count, sqlite3_value** arguments) {
    const std::span values(arguments, static_cast<std::size_t>(count));
    const auto beside = static_cast<std::size_t>(sqlite3_value_int(values[0]));
    const auto text = joined(tokens_of(values.subspan(1), beside));
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// (table, id, rows, number of fields beside, the fields before and/or after)
void note_function(sqlite3_context* context, int count, sqlite3_value** arguments) {
    const std::span values(arguments, static_cast<std::size_t>(count));
    auto& changes = *static_cast<SearchChanges*>(sqlite3_user_data(context));
    SearchChanges::Change change;
    change.table = text_of(values[0]).value_or("");
    change.id = sqlite3_value_int64(values[1]);
    change.rows = sqlite3_value_int(values[2]);
    const auto beside = static_cast<std::size_t>(sqlite3_value_int(values[3]));
    const auto fields = values.subspan(4);
    if (change.rows != 0) {
        (change.rows > 0 ? change.gained : change.lost) = tokens_of(fields, beside);
    } else {
        auto difference =
            change_of(fields.first(fields.size() / 2), fields.subspan(fields.size() / 2), beside);
        change.lost = std::move(difference.lost);
        change.gained = std::move(difference.gained);
    }
    changes.note(std::move(change));
    sqlite3_result_null(context);
}

// (folded words, searched fields…) → whether each is the beginning of a word
void searched_function(sqlite3_context* context, int count, sqlite3_value** arguments) {
    const std::span values(arguments, static_cast<std::size_t>(count));
    const auto text = storage::searched_text(texts_of(values.subspan(1)));
    auto words = text_of(values[0]).value_or("");
    bool found = true;
    while (found && !words.empty()) {
        const auto blank = words.find(' ');
        found = storage::has_word_prefix(text, words.substr(0, blank));
        words = blank == words.npos ? std::string_view() : words.substr(blank + 1);
    }
    sqlite3_result_int(context, found ? 1 : 0);
}

// `, old."archived", old."title"…`
std::string fields_of(const storage::SearchIndex& search, std::string_view row) {
    std::string out;
    for (const auto* list : {&search.beside, &search.fields}) {
        for (const auto& field : *list)
            out += ", " + std::string(row) + storage::quoted_identifier(field);
    }
    return out;
}

struct Trigger {
    std::string name;
    std::string sql;
};

std::array<Trigger, 3> triggers_of(const storage::Collection& collection) {
    const auto& search = *collection.search();
    const std::string& table = collection.search_table();
    std::string fields;
    std::string differ;
    for (const auto* list : {&search.beside, &search.fields}) {
        for (const auto& field : *list) {
            fields += (fields.empty() ? "" : ", ") + storage::quoted_identifier(field);
            differ += (differ.empty() ? "old." : " OR old.") + storage::quoted_identifier(field) +
                      " IS NOT new." + storage::quoted_identifier(field);
        }
    }
    const auto trigger = [&](std::string_view kind, std::string_view head, std::string_view row,
                             int rows, const std::string& values) {
        const std::string name = table + "_" + std::string(kind);
        std::string literal;
        storage::append_literal(literal, table);
        return Trigger{name, "CREATE TRIGGER " + storage::quoted_identifier(name) + " AFTER " +
                                 std::string(head) + " BEGIN SELECT streamwall_note(" + literal +
                                 ", " + std::string(row) + "\"id\", " + std::to_string(rows) +
                                 ", " + std::to_string(search.beside.size()) + values + "); END"};
    };
    const std::string on = " ON " + storage::quoted_identifier(collection.table());
    return {trigger("insert", "INSERT" + on, "new.", 1, fields_of(search, "new.")),
            trigger("delete", "DELETE" + on, "old.", -1, fields_of(search, "old.")),
            trigger("update", "UPDATE OF " + fields + on + " WHEN " + differ, "new.", 0,
                    fields_of(search, "old.") + fields_of(search, "new."))};
}

void build(Connection& writer, const storage::Collection& collection) {
    const auto& search = *collection.search();
    const std::string table = storage::quoted_identifier(collection.search_table());
    const auto triggers = triggers_of(collection);
    for (const auto& trigger : triggers)
        writer.run("DROP TRIGGER IF EXISTS " + storage::quoted_identifier(trigger.name));
    writer.run("DROP TABLE IF EXISTS " + table);
    // No texts (they are in the record), no positions, no lengths: whether a token is there.
    writer.run("CREATE VIRTUAL TABLE " + table +
               " USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii')");
    writer.run("INSERT INTO " + table + " (rowid, words) SELECT \"id\", streamwall_tokens(" +
               std::to_string(search.beside.size()) + fields_of(search, "") + ") FROM " +
               storage::quoted_identifier(collection.table()) + " ORDER BY \"id\"");
    for (const auto& trigger : triggers)
        writer.run(trigger.sql);
}

bool is_there(Connection& writer, const Trigger& trigger) {
    auto found = writer.prepare(
        "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = ?"
        " AND sql = ?");
    found.bind(1, std::string_view(trigger.name)).bind(2, std::string_view(trigger.sql));
    return found.step();
}

using Change = SearchChanges::Change;

// What the changes of one record come to: later ones take back what earlier ones did.
Change sum_of(std::span<const Change> changes) {
    Change out;
    out.table = changes.front().table;
    out.id = changes.front().id;
    std::map<std::string_view, int> tokens;  // +1 gained, −1 lost
    for (const auto& change : changes) {
        out.rows += change.rows;
        for (const auto& token : change.lost)
            --tokens[token];
        for (const auto& token : change.gained)
            ++tokens[token];
    }
    for (const auto& [token, count] : tokens) {
        if (count < 0) out.lost.emplace_back(token);
        if (count > 0) out.gained.emplace_back(token);
    }
    return out;
}

void write_one(Connection& connection, const Change& change) {
    // FTS5 counts rows: an update is one less and one more, whatever it changes.
    const bool is_update = change.rows == 0 && (!change.lost.empty() || !change.gained.empty());
    const std::string table = storage::quoted_identifier(change.table);
    if (change.rows < 0 || is_update) {
        auto remove = connection.prepare("INSERT INTO " + table + " (" + table +
                                         ", rowid, words) VALUES ('delete', ?, ?)");
        const auto words = joined(change.lost);
        remove.bind(1, change.id).bind(2, std::string_view(words)).finish();
    }
    if (change.rows > 0 || is_update) {
        auto add = connection.prepare("INSERT INTO " + table + " (rowid, words) VALUES (?, ?)");
        const auto words = joined(change.gained);
        add.bind(1, change.id).bind(2, std::string_view(words)).finish();
    }
}

}  // namespace

std::vector<Change> SearchChanges::take() {
    const auto record = [](const Change& change) { return std::tie(change.table, change.id); };
    std::ranges::sort(changes_, {}, record);
    std::vector<Change> out;
    for (std::span<Change> left(changes_); !left.empty();) {
        const auto next = std::ranges::find_if(
            left, [&](const Change& change) { return record(change) != record(left.front()); });
        const auto same = left.first(static_cast<std::size_t>(next - left.begin()));
        out.push_back(same.size() == 1 ? std::move(same.front()) : sum_of(same));
        left = left.subspan(same.size());
    }
    changes_.clear();
    return out;
}

void write_search_changes(Connection& writer) {
    for (const auto& change : writer.search_changes().take())
        write_one(writer, change);
}

void register_search_functions(sqlite3* database, SearchChanges& changes) {
    constexpr int kPure = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sqlite3_create_function_v2(database, "streamwall_tokens", -1, kPure, nullptr, tokens_function,
                               nullptr, nullptr, nullptr);
    sqlite3_create_function_v2(database, "streamwall_searched", -1, kPure, nullptr,
                               searched_function, nullptr, nullptr, nullptr);
    sqlite3_create_function_v2(database, "streamwall_note", -1, SQLITE_UTF8, &changes,
                               note_function, nullptr, nullptr, nullptr);
}

void ensure_search_index(Connection& writer, const storage::Collection& collection) {
    if (!collection.search()) return;
    const auto triggers = triggers_of(collection);
    const bool is_same = std::ranges::all_of(
        triggers, [&](const auto& trigger) { return is_there(writer, trigger); });
    if (!is_same) build(writer, collection);
}

void ensure_search_rules(Connection& writer, const storage::Schema& schema) {
    const auto rules = storage::search_rules();
    if (meta_text(writer, "search_rules") == rules) return;
    writer.run("BEGIN IMMEDIATE");
    for (const auto& collection : schema) {
        if (collection->search()) build(writer, *collection);
    }
    set_meta(writer, "search_rules", rules);
    writer.run("COMMIT");
}

}  // namespace streamwall::sqlite
