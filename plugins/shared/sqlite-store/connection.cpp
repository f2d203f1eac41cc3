#include "sqlite-store/connection.hpp"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Data/Statement.h>

#include "storage-sql/text_match.hpp"

namespace streamwall::sqlite {
namespace {

constexpr std::size_t kCachedStatements = 128;

std::string_view argument(sqlite3_value* value) {
    const auto* text = sqlite3_value_text(value);
    if (text == nullptr) return {};
    return {reinterpret_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

// The functions behind the operators contains, prefix and words. Null matches nothing.
template <bool (*kMatch)(std::string_view, std::string_view)>
void match_function(sqlite3_context* context, int, sqlite3_value** arguments) {
    const bool null = sqlite3_value_type(arguments[0]) == SQLITE_NULL;
    sqlite3_result_int(context, !null && kMatch(argument(arguments[0]), argument(arguments[1])));
}

void words_function(sqlite3_context* context, int count, sqlite3_value** arguments) {
    std::string_view words = argument(arguments[0]);
    while (!words.empty()) {
        const auto space = words.find(' ');
        const auto word = words.substr(0, space);
        words = space == words.npos ? std::string_view() : words.substr(space + 1);
        bool found = false;
        for (int i = 1; i < count && !found; ++i) {
            found = storage::has_word_prefix(argument(arguments[i]), word);
        }
        if (!found) return sqlite3_result_int(context, 0);
    }
    sqlite3_result_int(context, 1);
}

}  // namespace

void rethrow_as_failure(const std::string& doing) {
    namespace poco = Poco::Data::SQLite;
    try {
        throw;
    } catch (const Failure&) {
        throw;
    } catch (const poco::CorruptImageException& error) {
        throw Failure(SQLITE_CORRUPT, doing + ": " + error.displayText());
    } catch (const poco::DatabaseFullException& error) {
        throw Failure(SQLITE_FULL, doing + ": " + error.displayText());
    } catch (const poco::IOErrorException& error) {
        throw Failure(SQLITE_IOERR, doing + ": " + error.displayText());
    } catch (const poco::ReadOnlyException& error) {
        throw Failure(SQLITE_READONLY, doing + ": " + error.displayText());
    } catch (const poco::ConstraintViolationException& error) {
        throw Failure(SQLITE_CONSTRAINT, doing + ": " + error.displayText());
    } catch (const poco::CantOpenDBFileException& error) {
        throw Failure(SQLITE_CANTOPEN, doing + ": " + error.displayText());
    } catch (const Poco::Data::ConnectionFailedException& error) {
        throw Failure(SQLITE_CANTOPEN, doing + ": " + error.displayText());
    } catch (const Poco::Exception& error) {
        throw Failure(SQLITE_ERROR, doing + ": " + error.displayText());
    }
}

Cursor::~Cursor() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Cursor& Cursor::bind(int parameter, const storage::Value& value, std::int64_t now_ms) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        // An empty view may have no address, which SQLite would take for null.
        sqlite3_bind_text64(statement_, parameter, text->empty() ? "" : text->data(), text->size(),
                            SQLITE_STATIC, SQLITE_UTF8);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        sqlite3_bind_int64(statement_, parameter, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
        sqlite3_bind_double(statement_, parameter, *real);
    } else if (std::holds_alternative<storage::Now>(value)) {
        sqlite3_bind_int64(statement_, parameter, now_ms);
    } else {
        sqlite3_bind_null(statement_, parameter);
    }
    return *this;
}

Cursor& Cursor::bind_all(const std::vector<storage::Value>& values, std::int64_t now_ms) {
    int parameter = 0;
    for (const auto& value : values)
        bind(++parameter, value, now_ms);
    return *this;
}

bool Cursor::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw Failure(sqlite3_extended_errcode(database_), sqlite3_errmsg(database_));
}

void Cursor::finish() {
    while (step()) {
    }
}

bool Cursor::is_null(std::size_t column) const {
    return sqlite3_column_type(statement_, static_cast<int>(column)) == SQLITE_NULL;
}

std::int64_t Cursor::integer(std::size_t column) const {
    return sqlite3_column_int64(statement_, static_cast<int>(column));
}

double Cursor::real(std::size_t column) const {
    return sqlite3_column_double(statement_, static_cast<int>(column));
}

std::string_view Cursor::text(std::size_t column) const {
    const auto* text = sqlite3_column_text(statement_, static_cast<int>(column));
    if (text == nullptr) return {};
    const int length = sqlite3_column_bytes(statement_, static_cast<int>(column));
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)};
}

Connection::Connection(const std::string& path, Role role) {
    try {
        Poco::Data::SQLite::Connector::registerConnector();
        session_ = std::make_unique<Poco::Data::Session>("SQLite", path);
        database_ = Poco::Data::SQLite::Utility::dbHandle(*session_);
        sqlite3_extended_result_codes(database_, 1);
        apply_pragmas(role);
    } catch (const Poco::Exception&) {
        rethrow_as_failure("can't open \"" + path + "\"");
    }
    register_functions();
}

Connection::~Connection() {
    clear_cache();
}

void Connection::apply_pragmas(Role role) {
    using Poco::Data::Keywords::now;
    sqlite3_busy_timeout(database_, 5000);
    *session_ << "PRAGMA foreign_keys = ON", now;
    *session_ << "PRAGMA temp_store = MEMORY", now;
    if (role == Role::kReader) {
        *session_ << "PRAGMA query_only = ON", now;
        return;
    }
    std::string mode;
    *session_ << "PRAGMA journal_mode = WAL", Poco::Data::Keywords::into(mode), now;
    if (mode != "wal") throw Failure(SQLITE_CANTOPEN, "the file system can't hold a WAL");
    // NORMAL loses acknowledged commits at a power cut.
    *session_ << "PRAGMA synchronous = FULL", now;
    *session_ << "PRAGMA wal_autocheckpoint = 4000", now;
    *session_ << "PRAGMA cache_size = -8192", now;
}

void Connection::register_functions() {
    constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sqlite3_create_function_v2(database_, "streamwall_contains", 2, kFlags, nullptr,
                               match_function<storage::contains_folded>, nullptr, nullptr, nullptr);
    sqlite3_create_function_v2(database_, "streamwall_prefix", 2, kFlags, nullptr,
                               match_function<storage::starts_folded>, nullptr, nullptr, nullptr);
    sqlite3_create_function_v2(database_, "streamwall_words", -1, kFlags, nullptr, words_function,
                               nullptr, nullptr, nullptr);
    register_search_functions(database_, search_changes_);
}

void Connection::clear_cache() {
    for (const auto& cached : by_age_)
        sqlite3_finalize(cached.statement);
    by_text_.clear();
    by_age_.clear();
}

Cursor Connection::prepare(std::string_view sql) {
    if (const auto found = by_text_.find(sql); found != by_text_.end()) {
        by_age_.splice(by_age_.begin(), by_age_, found->second);
        return {database_, found->second->statement};
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
        throw Failure(sqlite3_extended_errcode(database_), sqlite3_errmsg(database_));
    }
    by_age_.push_front({std::string(sql), statement});
    by_text_.emplace(by_age_.front().sql, by_age_.begin());
    if (by_age_.size() > kCachedStatements) {
        sqlite3_finalize(by_age_.back().statement);
        by_text_.erase(by_age_.back().sql);
        by_age_.pop_back();
    }
    return {database_, statement};
}

std::int64_t Connection::number(std::string_view sql) {
    auto cursor = prepare(sql);
    return cursor.step() ? cursor.integer(0) : 0;
}

}  // namespace streamwall::sqlite
