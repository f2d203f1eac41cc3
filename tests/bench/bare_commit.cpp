// The peer of a durable PATCH or POST: a bare Beast listener in front of one thread that commits in
// groups with SQLite's own interface. It works on a copy of a database that the host has made, so
// tables and indexes are the same, the full-text index too where the copy has one: which words a
// change is about is found with the store's own functions. Each request updates or inserts one
// record, writes one row of the journal as long as the host's, and is answered with the host's
// bytes once the commit is on the disk. It checks, renders and tells nobody anything.
//
//   bare_commit PORT DATABASE BODY_FILE      GET answers "COMMITS CHANGES", what was done so far
#include <sqlite3.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sqlite-store/search_index.hpp"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait;

namespace {

struct Change {
    std::int64_t id;  // 0: a new record
    std::string url, title;
    std::move_only_function<void()> done;
};

class Committer {
  public:
    Committer(const char* path, asio::io_context& context) : context_(context) {
        check(sqlite3_open(path, &database_));
        for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                                   "PRAGMA wal_autocheckpoint = 4000", "PRAGMA cache_size = -8192",
                                   "PRAGMA temp_store = MEMORY"}) {
            check(sqlite3_exec(database_, pragma, nullptr, nullptr, nullptr));
        }
        streamwall::sqlite::register_search_functions(database_, words_);
        begin_ = prepare("BEGIN IMMEDIATE");
        commit_ = prepare("COMMIT");
        update_ = prepare(
            "UPDATE record_streams SET title = ?1, updated_at = updated_at + 1,"
            " version = version + 1 WHERE id = ?2 RETURNING *");
        insert_ = prepare(copy_of_newest().c_str());
        event_ = prepare(
            "INSERT INTO events (sequence, type, subject, id, version, timestamp, producer,"
            " changes, metadata, data) VALUES (?1, ?8, ?2, ?3, '1.0', ?4, 'catalog@main', ?5, ?6,"
            " ?7)");
        if (number("SELECT count(*) FROM sqlite_schema WHERE name = 'search_streams'") > 0) {
            forget_ = prepare(
                "INSERT INTO search_streams (search_streams, rowid, words) VALUES ('delete', ?1, "
                "?2)");
            learn_ = prepare("INSERT INTO search_streams (rowid, words) VALUES (?1, ?2)");
        }
        read_last_event();
        thread_ = std::thread([this] { run(); });
    }
    ~Committer() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
        for (auto* statement : {begin_, commit_, update_, insert_, event_, forget_, learn_})
            sqlite3_finalize(statement);
        sqlite3_close(database_);
    }

    // `done` runs on the context once the change is durable.
    void submit(Change change) {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(std::move(change));
            if (queue_.size() > 1) return;
        }
        wake_.notify_one();
    }
    std::uint64_t commits() const { return commits_; }
    std::uint64_t changes() const { return changes_; }

  private:
    void check(int code) const {
        if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
            throw std::runtime_error(sqlite3_errmsg(database_));
        }
    }
    sqlite3_stmt* prepare(const char* sql) const {
        sqlite3_stmt* statement = nullptr;
        check(
            sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
        return statement;
    }
    std::int64_t number(const char* sql) const {
        auto* statement = prepare(sql);
        check(sqlite3_step(statement));
        const auto out = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return out;
    }
    void step(sqlite3_stmt* statement) const {
        int code = SQLITE_ROW;
        while (code == SQLITE_ROW)
            code = sqlite3_step(statement);
        check(code);
        sqlite3_reset(statement);
    }
    static void bind(sqlite3_stmt* to, int at, const std::string& value) {
        sqlite3_bind_text(to, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    }

    // The insertion of a record like the host's newest, but for its URL and title.
    std::string copy_of_newest() const {
        std::string names, values;
        auto* columns = prepare("SELECT name FROM pragma_table_info('record_streams')");
        while (sqlite3_step(columns) == SQLITE_ROW) {
            const std::string name(reinterpret_cast<const char*>(sqlite3_column_text(columns, 0)));
            if (name == "id") continue;
            const char* comma = names.empty() ? "" : ", ";
            names += comma + name;
            values += comma + (name == "url" ? "?1" : name == "title" ? "?2" : name);
        }
        sqlite3_finalize(columns);
        return "INSERT INTO record_streams (" + names + ") SELECT " + values +
               " FROM record_streams WHERE id = ?3 RETURNING *";
    }

    // What the host wrote last is the sample of every row written here.
    void read_last_event() {
        auto* last = prepare(
            "SELECT sequence, timestamp, changes, metadata, data, type FROM events"
            " ORDER BY sequence DESC LIMIT 1");
        if (sqlite3_step(last) != SQLITE_ROW) throw std::runtime_error("no change in the journal");
        newest_ = number("SELECT max(id) FROM record_streams");
        const auto text = [&](int at) {
            return std::string(reinterpret_cast<const char*>(sqlite3_column_text(last, at)),
                               static_cast<std::size_t>(sqlite3_column_bytes(last, at)));
        };
        sequence_ = sqlite3_column_int64(last, 0);
        time_ = sqlite3_column_int64(last, 1);
        event_changes_ = text(2);
        event_metadata_ = text(3);
        event_data_ = text(4);
        event_type_ = text(5);
        sqlite3_finalize(last);
    }

    void run() {
        for (;;) {
            std::vector<Change> batch;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (queue_.empty()) return;
                batch.swap(queue_);
            }
            step(begin_);
            for (const auto& change : batch)
                apply(change);
            write_words();
            step(commit_);
            ++commits_;
            changes_ += batch.size();
            asio::post(context_, [batch = std::move(batch)]() mutable {
                for (auto& change : batch)
                    change.done();
            });
        }
    }
    void apply(const Change& change) {
        if (change.id != 0) {
            bind(update_, 1, change.title);
            sqlite3_bind_int64(update_, 2, change.id);
            step(update_);
        } else {
            bind(insert_, 1, change.url);
            bind(insert_, 2, change.title);
            sqlite3_bind_int64(insert_, 3, newest_);
            step(insert_);
        }
        const auto id_now = change.id != 0 ? change.id : sqlite3_last_insert_rowid(database_);
        const std::string subject = "stream/" + std::to_string(id_now);
        const std::string id = "evt-0123456789abcdef-" + std::to_string(++sequence_);
        sqlite3_bind_int64(event_, 1, sequence_);
        bind(event_, 2, subject);
        bind(event_, 3, id);
        sqlite3_bind_int64(event_, 4, time_);
        bind(event_, 5, event_changes_);
        bind(event_, 6, event_metadata_);
        bind(event_, 7, event_data_);
        bind(event_, 8, event_type_);
        step(event_);
    }

    void write_words() {
        for (const auto& change : words_.take()) {
            if (change.rows == 0) write(forget_, change.id, change.lost);
            write(learn_, change.id, change.gained);
        }
    }
    void write(sqlite3_stmt* to, std::int64_t id, const std::vector<std::string>& tokens) {
        std::string words;
        for (const auto& token : tokens)
            words.append(token).append(" ");
        sqlite3_bind_int64(to, 1, id);
        bind(to, 2, words);
        step(to);
    }

    asio::io_context& context_;
    streamwall::sqlite::SearchChanges words_;
    sqlite3* database_ = nullptr;
    sqlite3_stmt *begin_ = nullptr, *commit_ = nullptr, *update_ = nullptr, *insert_ = nullptr,
                 *event_ = nullptr, *forget_ = nullptr, *learn_ = nullptr;
    std::int64_t sequence_ = 0;
    std::int64_t time_ = 0;
    std::int64_t newest_ = 0;
    std::string event_changes_, event_metadata_, event_data_, event_type_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Change> queue_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> commits_{0}, changes_{0};
    std::thread thread_;
};

Awaitable<void> commit(Committer& committer, std::int64_t id, std::string url, std::string title) {
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
        [&committer, id](auto handler, std::string link, std::string text) {
            committer.submit({id, std::move(link), std::move(text), std::move(handler)});
        },
        kAwait, std::move(url), std::move(title));
}

std::int64_t id_of(std::string_view target) {
    target.remove_prefix(target.rfind('/') + 1);
    std::int64_t id = 0;
    std::from_chars(target.data(), target.data() + target.size(), id);
    return id;
}

// Of {"url":"…","title":"…"}, without escapes.
std::string member_of(std::string_view body, std::string_view name) {
    const auto begin = body.find(name);
    if (begin == body.npos) return {};
    const auto value = body.substr(begin + name.size());
    return std::string(value.substr(0, value.find('"')));
}

Awaitable<void> serve(Socket socket, Committer& committer, const std::string& body) {
    beast::flat_buffer buffer(16 * 1024);
    try {
        for (;;) {
            http::request<http::string_body> request;
            co_await http::async_read(socket, buffer, request, kAwait);
            const auto status =
                request.method() == http::verb::post ? http::status::created : http::status::ok;
            http::response<http::string_body> response(status, request.version());
            response.set(http::field::content_type, "application/json");
            if (request.method() == http::verb::get) {
                response.body() =
                    std::to_string(committer.commits()) + " " + std::to_string(committer.changes());
            } else {
                const auto id = request.method() == http::verb::post ? 0 : id_of(request.target());
                co_await commit(committer, id, member_of(request.body(), R"("url":")"),
                                member_of(request.body(), R"("title":")"));
                response.body() = body;
            }
            response.keep_alive(request.keep_alive());
            response.prepare_payload();
            co_await http::async_write(socket, response, kAwait);
            if (!response.keep_alive()) break;
        }
    } catch (const std::exception&) {
        // The client went.
    }
}

Awaitable<void> accept(Acceptor& acceptor, asio::io_context& context, Committer& committer,
                       const std::string& body) {
    for (;;) {
        Socket socket(context);
        co_await acceptor.async_accept(socket, kAwait);
        socket.set_option(asio::ip::tcp::no_delay(true));
        asio::co_spawn(context.get_executor(), serve(std::move(socket), committer, body),
                       asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "usage: bare_commit PORT DATABASE BODY_FILE\n");
        return 2;
    }
    std::ifstream file(argv[3], std::ios::binary);
    const std::string body(std::istreambuf_iterator<char>(file), {});
    asio::io_context context(1);
    Committer committer(argv[2], context);
    const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
    Acceptor acceptor(context, {asio::ip::address_v4::loopback(), port});
    asio::co_spawn(context.get_executor(), accept(acceptor, context, committer, body),
                   asio::detached);
    context.run();
}
