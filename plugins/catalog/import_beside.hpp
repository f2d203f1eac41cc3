// What a dump of StreamSource holds beside streams: made here, each row once, and the ids of there
// turned into ours.
#pragma once

#include "import_report.hpp"
#include "resources.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace streamwall::catalog {

// Makes a user: `take_over` of accounts.users. Empty where nobody here keeps users.
using TakeUser = std::function<void(Buffer request, const sw_context& context, Reply reply)>;

struct ImportDoors {
    StreamRecords& records;
    Resources& resources;
    TakeUser take_user;
};

// Runs its steps one after the other. What it refers to must outlive it.
class BesideImport {
  public:
    // Told before every hundred rows; false where there is no time for more.
    using GoOn = std::function<bool(std::size_t rows)>;

    BesideImport(const ImportDoors& doors, ImportBeside beside, ImportOutcome& outcome, bool is_dry,
                 GoOn go_on)
        : doors_(doors),
          beside_(std::move(beside)),
          outcome_(outcome),
          is_dry_(is_dry),
          go_on_(std::move(go_on)) {}

    // What streams refer to: users, places, streamers. False where time ran out.
    Flow<bool> before_streams(Context context);
    // Names of ours for what the row refers to; what is not here is left out. The owner is
    // returned, as it is nothing that a body may say; 0 for none.
    std::int64_t refer(ImportRow& row);
    // Streams that an import before this one made, by their ids of there.
    Flow<std::monostate> find_streams(const std::vector<std::int64_t>& old_ids, Context context);
    struct Found {
        std::int64_t id = 0;
        std::string url;
    };
    const Found* stream(std::int64_t old_id) const;
    void made_stream(std::int64_t old_id, std::int64_t id);
    // What refers to streams, and the rest.
    Flow<bool> after_streams(Context context);

    // What a stream is called by whoever looks for that of there.
    static std::string external_id(std::int64_t old_id);

  private:
    using Ids = std::map<std::int64_t, std::int64_t>;
    // Replies {"id","created"}.
    using Take = std::function<Flow<>(const ImportRow& row, Context context)>;

    Flow<bool> take_table(std::string_view table, const std::vector<ImportRow>& rows, Ids* ids,
                          const Take& take, const Context& context);
    Flow<> take_user(const ImportRow& row, Context context);
    Flow<> take_record(Resource& resource, boost::json::object body, Context context);
    Flow<> take_streamer(const ImportRow& row, Context context);
    Flow<> take_timestamp(const ImportRow& row, Context context);
    Flow<std::monostate> find_streams_of_timestamps(const Context& context);
    void leave_out(std::string what);  // on any thread

    const ImportDoors& doors_;
    ImportBeside beside_;
    ImportOutcome& outcome_;
    const bool is_dry_;
    GoOn go_on_;
    Ids users_, locations_, streamers_;
    std::map<std::int64_t, Found> streams_;
    std::mutex mutex_;  // of what is left out
};

}  // namespace streamwall::catalog
