// Durable updates a second: the PostgreSQL store against the least that a group committer must do.
//
//   postgres_bench [clients] [seconds] [rounds]
//
// Starts a server of its own with fsync on. Both sides serve the same closed-loop clients, on
// tables that the store has made. The bare one is a thread with libpq in pipeline mode: what waits
// together becomes one transaction of UPDATE … RETURNING, the journal's lock, one INSERT of all
// events and COMMIT. It gets numbers instead of JSON, renders nothing, checks nothing and survives
// nothing. The rounds of both alternate, medians are printed.
#include <libpq-fe.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <postgres_server.hpp>

#include "../../plugins/storage-postgres/pipeline.hpp"
#include "../../plugins/storage-postgres/store.hpp"
#include "store_load.hpp"

namespace {

using namespace streamwall::bench;
using streamwall::postgres::ArrayValue;
using streamwall::testing::PostgresServer;

constexpr const char* kSchema = "bench";

constexpr const char* kUpdate =
    "UPDATE record_streams SET status = $1, viewer_count = $2, updated_at = $3,"
    " version = version + 1 WHERE id = $4 RETURNING *";
constexpr const char* kAddEvents =
    "WITH head AS (UPDATE journal SET last = last + $1 RETURNING last - $1 AS base)"
    " INSERT INTO events (sequence, type, subject, version, timestamp, producer, changes, metadata,"
    " data) SELECT base + place, 'stream.updated', subject, '1.0', 1769862896789, 'bench@main',"
    " '{\"viewer_count\":{\"from\":1,\"to\":2}}', metadata, data FROM head,"
    " unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS new (subject, metadata, data,"
    " place)";

// The floor: one thread, one connection, prepared statements, group commit.
class BareCommitter {
  public:
    explicit BareCommitter(const std::string& url)
        : connection_(PQconnectdb((url + "?options=-csearch_path%3D" + kSchema).c_str())) {
        for (const auto& [name, sql] : std::initializer_list<std::pair<const char*, const char*>>{
                 {"update", kUpdate},
                 {"events", kAddEvents},
                 {"begin", "BEGIN"},
                 {"lock", "SELECT pg_advisory_xact_lock(1)"},
                 {"commit", "COMMIT"}}) {
            PGresult* result = PQprepare(connection_, name, sql, 0, nullptr);
            if (PQresultStatus(result) != PGRES_COMMAND_OK) {
                throw std::runtime_error(PQresultErrorMessage(result));
            }
            PQclear(result);
        }
        PQenterPipelineMode(connection_);
        thread_ = std::thread([this] { run(); });
    }
    ~BareCommitter() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
        PQfinish(connection_);
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

    void run() {
        while (true) {
            std::vector<Item> batch;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
                if (queue_.empty()) return;
                batch.swap(queue_);
            }
            send("begin", {});
            for (const auto& item : batch) {
                send("update", {"live", std::to_string(item.viewers), "1769862896789",
                                std::to_string(item.id)});
            }
            finish();
            send("lock", {});
            add_events(batch);
            send("commit", {});
            finish();
            ++commits_;
            for (const auto& item : batch)
                item.done->release();
        }
    }

    void send(const char* name, const std::vector<std::string>& values) {
        std::vector<const char*> texts;
        for (const auto& value : values)
            texts.push_back(value.c_str());
        PQsendQueryPrepared(connection_, name, static_cast<int>(texts.size()), texts.data(),
                            nullptr, nullptr, 0);
    }

    void add_events(const std::vector<Item>& batch) {
        ArrayValue subjects(ArrayValue::Element::kText);
        ArrayValue metadata(ArrayValue::Element::kText);
        ArrayValue data(ArrayValue::Element::kText);
        for (const auto& item : batch) {
            subjects.add(std::string_view("stream/" + std::to_string(item.id)));
            metadata.add(std::string_view(metadata_));
            data.add(std::string_view(data_));
        }
        const std::string count = std::to_string(batch.size());
        const char* values[] = {count.c_str(), subjects.value().data(), metadata.value().data(),
                                data.value().data()};
        const int lengths[] = {0, static_cast<int>(subjects.value().size()),
                               static_cast<int>(metadata.value().size()),
                               static_cast<int>(data.value().size())};
        const int formats[] = {0, 1, 1, 1};
        PQsendQueryPrepared(connection_, "events", 4, values, lengths, formats, 0);
    }

    // Reads every answer.
    void finish() {
        PQpipelineSync(connection_);
        while (true) {
            PGresult* result = PQgetResult(connection_);
            const auto status = PQresultStatus(result);
            if (result != nullptr && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK &&
                status != PGRES_PIPELINE_SYNC) {
                std::fprintf(stderr, "%s\n", PQresultErrorMessage(result));
                std::exit(1);
            }
            PQclear(result);
            if (status == PGRES_PIPELINE_SYNC) return;
        }
    }

    // As long as what the store writes.
    const std::string metadata_ = std::string(150, 'm');
    const std::string data_ = std::string(620, 'd');
    PGconn* connection_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Item> queue_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> commits_{0};
    std::thread thread_;
};

std::unique_ptr<streamwall::postgres::Store> open_store(const std::string& url) {
    streamwall::postgres::Options options;
    options.connection.url = url;
    options.connection.schema = kSchema;
    streamwall::storage::Hooks hooks;
    hooks.wall_ms = [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    };
    auto store = streamwall::postgres::Store::open(options, hooks);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
}

}  // namespace

int main(int argc, char** argv) {
    const int clients = argc > 1 ? std::atoi(argv[1]) : 64;
    const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
    const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
    const PostgresServer server;
    std::vector<Round> bare_rounds;
    std::vector<Round> store_rounds;
    fill(*open_store(server.url()));
    for (int round = 0; round < rounds; ++round) {
        {
            BareCommitter bare(server.url());
            bare_rounds.push_back(drive(
                clients, seconds,
                [&](int client, int count) {
                    bare.update(record_of(client, count, clients), count);
                },
                [&] { return bare.commits(); }));
        }
        const auto store = open_store(server.url());
        store_rounds.push_back(drive(
            clients, seconds,
            [&](int client, int count) {
                call(*store, streamwall::storage::Method::kApply,
                     update(record_of(client, count, clients), count));
            },
            [&] { return store->commits(); }));
    }
    const Round bare = median(bare_rounds);
    const Round store = median(store_rounds);
    std::printf("%d clients, median of %d rounds of %.1f s\n", clients, rounds, seconds);
    print("bare", bare);
    print("store", store);
    std::printf("ratio  %8.1f %%, %.0f commits/s against %.0f\n",
                100 * store.per_second / bare.per_second, store.per_second / store.per_commit,
                bare.per_second / bare.per_commit);
    return 0;
}
