// The services `store` and `journal` on a PostgreSQL database. Knows nothing of the plugin
// boundary.
//
// call() may be used from every thread; it parses and checks there, and never blocks. Everything
// else happens on one I/O thread, which never waits for the server either.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "condition.hpp"
#include "pool.hpp"
#include "schema.hpp"
#include "storage-sql/call.hpp"
#include "storage-sql/requests.hpp"
#include "tail.hpp"
#include "writer.hpp"

namespace streamwall::postgres {

struct Options {
    ConnectionOptions connection;
    PoolOptions pool;
    std::size_t max_queued = 4096;  // writes, and again reads
    std::optional<std::int64_t> keep_events;
    std::optional<std::int64_t> keep_days;
    std::chrono::milliseconds start_within{20'000};  // for a server that isn't there yet
    WriterOptions writer;                            // max_queued is taken from above
    TailOptions tail;
};

class Store {
  public:
    // Waits for the server, and brings the tables up to date. Blocks; an error says in its message
    // what to do. `hooks` are called on the I/O thread.
    static storage::Result<std::unique_ptr<Store>> open(Options options, storage::Hooks hooks);
    ~Store();  // answers everything that is queued, writes the positions
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // The answer, or nothing where `defer` was called and its Call gets the answer.
    std::optional<storage::Answer> call(storage::Method method, std::string_view body,
                                        storage::Origin origin, const storage::Defer& defer);

    const std::string& epoch() const { return head_.epoch; }
    std::uint64_t commits() const { return writer_->commits(); }
    bool reachable() const { return condition_.reachable(); }

  private:
    using Inline = std::optional<storage::Answer>;
    using DocumentPtr = std::unique_ptr<storage::Document>;
    using Work = std::move_only_function<Task<storage::Answer>(Connection&)>;

    Store(Options options, storage::Hooks hooks);

    Task<> open_database();
    void start();
    void stop();
    void learn(Declarations declarations);
    std::shared_ptr<const storage::Schema> schema() const;

    Inline declare(const storage::Document& document, const storage::Defer& defer);
    Inline get(DocumentPtr document, const storage::Defer& defer);
    Inline query(DocumentPtr document, const storage::Defer& defer);
    Inline apply(storage::Result<storage::ChangeList> list, DocumentPtr document,
                 storage::Origin origin, const storage::Defer& defer);
    Inline read(const storage::Document& document, const storage::Defer& defer);
    Inline position(const storage::Document& document, const storage::Defer& defer);
    Inline save_positions(const storage::Document& document, const storage::Defer& defer);
    Inline lease(std::string_view service, const storage::Document& document,
                 const storage::Defer& defer);
    Inline dead_letter(storage::Method method, const storage::Document& document,
                       const storage::Defer& defer);
    Inline trim(const storage::Document& document, const storage::Defer& defer);

    Inline write(std::unique_ptr<SmallJob> job, const storage::Defer& defer);
    Inline write(WriteJob job, const storage::Defer& defer);
    Inline read_later(Work work, const storage::Defer& defer);
    Task<> serve(std::unique_ptr<storage::Call> call, Work work);
    Task<storage::Answer> try_to_read(Work& work);

    const Options options_;
    const storage::Hooks hooks_;
    const std::string channel_;  // on which instances tell each other of commits
    asio::io_context context_{1};
    std::optional<asio::executor_work_guard<Executor>> busy_;
    Condition condition_;
    JournalHead head_;          // as the store was opened
    mutable std::mutex mutex_;  // of the two below
    std::shared_ptr<const storage::Schema> schema_;
    std::int64_t revision_ = -1;
    std::atomic<std::size_t> reads_{0};
    std::unique_ptr<Pool> pool_;
    std::unique_ptr<Tail> tail_;
    std::unique_ptr<Writer> writer_;
    Timer housekeeper_;
    std::thread thread_;
};

}  // namespace streamwall::postgres
