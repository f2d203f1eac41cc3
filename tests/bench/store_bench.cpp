// Durable updates a second: the store against the least that a group committer on SQLite must do.
//
//   store_bench [clients] [seconds] [rounds] [folder]
//
// Both sides serve the same closed-loop clients (each waits for its answer before it asks again),
// have the same tables, indexes and PRAGMAs, and drain their queue without waiting for more. The
// bare one gets numbers instead of JSON, runs UPDATE … RETURNING and INSERT INTO events, COMMIT,
// and wakes its clients; it renders nothing and checks nothing. The rounds of both alternate,
// medians are printed.
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "sqlite-store/store.hpp"
#include "store_load.hpp"

namespace {

using namespace streamwall::bench;
using streamwall::storage::Method;

void check(int code, sqlite3* database) {
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        throw std::runtime_error(sqlite3_errmsg(database));
    }
}

// The floor: one thread, prepared statements, group commit.
class BareCommitter {
  public:
    explicit BareCommitter(const std::string& path) {
        check(sqlite3_open(path.c_str(), &database_), database_);
        for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                                   "PRAGMA wal_autocheckpoint = 4000", "PRAGMA cache_size = -8192",
                                   "PRAGMA temp_store = MEMORY", "PRAGMA foreign_keys = ON"}) {
            check(sqlite3_exec(database_, pragma, nullptr, nullptr, nullptr), database_);
        }
        begin_ = prepare("BEGIN IMMEDIATE");
        commit_ = prepare("COMMIT");
        update_ = prepare(
            "UPDATE record_streams SET status = ?1, viewer_count = ?2, updated_at = ?3,"
            " version = version + 1 WHERE id = ?4 RETURNING *");
        event_ = prepare(
            "INSERT INTO events (sequence, type, subject, id, version, timestamp, producer, "
            "changes,"
            " metadata, data) VALUES (?1, 'stream.updated', ?2, ?3, '1.0', ?4, 'bench@main', ?5, "
            "?6,"
            " ?7)");
        auto* newest = prepare("SELECT max(sequence) FROM events");
        sqlite3_step(newest);
        sequence_ = sqlite3_column_int64(newest, 0);
        sqlite3_finalize(newest);
        thread_ = std::thread([this] { run(); });
    }
    ~BareCommitter() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
        for (auto* statement : {begin_, commit_, update_, event_})
            sqlite3_finalize(statement);
        sqlite3_close(database_);
    }

    void update(std::int64_t id, std::int64_t viewers) {
        std::binary_semaphore done(0);
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back({id, viewers, &done});
        }
        wake_.notify_one();
        done.acquire();
    }
    std::uint64_t commits() const { return commits_; }

  private:
    struct Item {
        std::int64_t id;
        std::int64_t viewers;
        std::binary_semaphore* done;
    };

    sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        check(
            sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
            database_);
        return statement;
    }
    void step(sqlite3_stmt* statement) {
        int code = SQLITE_ROW;
        while (code == SQLITE_ROW)
            code = sqlite3_step(statement);
        check(code, database_);
        sqlite3_reset(statement);
    }
    void run() {
        while (true) {
            std::vector<Item> batch;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (queue_.empty()) return;
                batch.swap(queue_);
            }
            step(begin_);
            for (const auto& item : batch)
                apply(item);
            step(commit_);
            ++commits_;
            for (const auto& item : batch)
                item.done->release();
        }
    }
    void apply(const Item& item) {
        const auto text = [](sqlite3_stmt* to, int at, const std::string& value) {
            sqlite3_bind_text(to, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
        };
        sqlite3_bind_text(update_, 1, "live", 4, SQLITE_STATIC);
        sqlite3_bind_int64(update_, 2, item.viewers);
        sqlite3_bind_int64(update_, 3, now_);
        sqlite3_bind_int64(update_, 4, item.id);
        step(update_);
        const std::string subject = "stream/" + std::to_string(item.id);
        const std::string id = "evt-0123456789abcdef-" + std::to_string(++sequence_);
        sqlite3_bind_int64(event_, 1, sequence_);
        text(event_, 2, subject);
        text(event_, 3, id);
        sqlite3_bind_int64(event_, 4, now_);
        text(event_, 5, changes_);
        text(event_, 6, metadata_);
        text(event_, 7, data_);
        step(event_);
    }

    const std::int64_t now_ = 1'769'862'896'789;
    // As long as what the store writes.
    const std::string changes_ = R"({"viewer_count":{"from":1,"to":2}})";
    const std::string metadata_ = std::string(150, 'm');
    const std::string data_ = std::string(620, 'd');
    sqlite3* database_ = nullptr;
    sqlite3_stmt* begin_ = nullptr;
    sqlite3_stmt* commit_ = nullptr;
    sqlite3_stmt* update_ = nullptr;
    sqlite3_stmt* event_ = nullptr;
    std::int64_t sequence_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Item> queue_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> commits_{0};
    std::thread thread_;
};

std::unique_ptr<streamwall::sqlite::Store> open_store(const std::string& path) {
    streamwall::sqlite::Options options;
    options.path = path;
    streamwall::sqlite::Hooks hooks;
    hooks.wall_ms = [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    };
    auto store = streamwall::sqlite::Store::open(options, hooks);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
}

}  // namespace

int main(int argc, char** argv) {
    const int clients = argc > 1 ? std::atoi(argv[1]) : 64;
    const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
    const std::filesystem::path folder = argc > 4 ? argv[4] : std::filesystem::current_path();
    const auto path = (folder / ("store_bench-" + std::to_string(::getpid()) + ".db")).string();
    const auto bare_path = path + ".bare";

    std::vector<Round> bare_rounds;
    std::vector<Round> store_rounds;
    open_store(path).reset();
    fill(*open_store(path));
    std::filesystem::copy_file(path, bare_path);
    for (int round = 0; round < rounds; ++round) {
        {
            BareCommitter bare(bare_path);
            bare_rounds.push_back(drive(
                clients, seconds,
                [&](int client, int count) {
                    bare.update(record_of(client, count, clients), count);
                },
                [&] { return bare.commits(); }));
        }
        const auto store = open_store(path);
        store_rounds.push_back(drive(
            clients, seconds,
            [&](int client, int count) {
                call(*store, Method::kApply, update(record_of(client, count, clients), count));
            },
            [&] { return store->commits(); }));
    }
    const Round bare = median(bare_rounds);
    const Round store = median(store_rounds);
    std::printf("%d clients, median of %d rounds of %.1f s\n", clients, rounds, seconds);
    print("bare", bare);
    print("store", store);
    std::printf("ratio  %8.1f %%\n", 100 * store.per_second / bare.per_second);
    for (const auto& file : {path, bare_path}) {
        for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
            std::error_code ignored;
            std::filesystem::remove(file + suffix, ignored);
        }
    }
    return 0;
}
