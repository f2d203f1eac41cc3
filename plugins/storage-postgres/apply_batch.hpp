// Waiting `apply` and `append` requests, run together in one transaction.
//
// Most requests can fail in one place only, where nothing has been changed: no row matched, or a
// key was in use, which is no error to the server (ON CONFLICT DO NOTHING). So all statements of a
// batch are sent at once, without savepoints, and changes of one shape share a statement. Where a
// request leaves something behind after all, or the server reports an error, the transaction is
// rolled back and run again with care: request by request, each behind a savepoint of its own.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connection.hpp"
#include "storage-sql/call.hpp"
#include "storage-sql/change.hpp"

namespace streamwall::postgres {

// One request. Read and checked on the caller's thread.
class ApplyRequest {
  public:
    ApplyRequest(std::unique_ptr<storage::Document> document, storage::ChangeList list,
                 storage::Origin origin);

    // True where a failure can't leave anything behind.
    bool undoes_itself() const { return list_.fallible <= 1; }
    const storage::ChangeList& list() const { return list_; }
    const storage::Origin& origin() const { return origin_; }

    // What a run has made of each change.
    struct Outcome {
        std::int64_t id = 0;
        std::string record;     // as JSON; empty where it is none
        std::size_t event = 0;  // position among the batch's
    };
    std::vector<Outcome> outcomes;
    std::optional<storage::Error> error;  // the request has changed nothing then

    std::string reply(std::string_view epoch, std::int64_t base) const;
    std::string_view metadata() const { return metadata_; }

  private:
    std::unique_ptr<storage::Document> document_;  // the texts of the list
    storage::ChangeList list_;
    storage::Origin origin_;
    std::string metadata_;
};

class ApplyBatch {
  public:
    ApplyBatch(std::vector<ApplyRequest*> requests, std::int64_t now_ms);

    bool has_rows() const { return has_rows_; }
    // Runs the changes of records and inbox, behind what `begin` holds. False where they must be
    // run again with care, after a rollback. Throws Failure.
    Task<bool> run(Connection& connection, Pipeline begin);
    Task<> run_with_care(Connection& connection, Pipeline begin);

    // The events of the requests that went well, in order of the requests. Texts live as long as
    // the batch; sequences count from 1.
    void collect_events();
    std::vector<storage::CommittedEvent> events(std::string_view epoch, std::int64_t base,
                                                std::int64_t time_ms);
    std::size_t event_count() const { return drafts_.size(); }
    // One array for each column of kAddEvents.
    void add_events(Pipeline& pipeline, std::vector<storage::Value> head);

  private:
    using RecordChange = storage::RecordChange;
    struct Place {
        std::size_t request;
        std::size_t change;
    };
    // A statement, and what it is for: several changes where they are merged.
    struct Step {
        std::vector<Place> places;
        bool is_merged = false;
    };
    // A statement found nothing to change, or a key in use; why is asked afterwards.
    struct Miss {
        Place place;
        std::size_t first_question = 0;
        std::size_t questions = 0;
    };
    struct Draft {
        const storage::EventChange* change;
        const ApplyRequest* request;
        std::string subject;
        std::string_view data;
        std::string id;
    };

    std::vector<std::size_t> order() const;
    std::vector<Step> add_all(Pipeline& pipeline) const;
    void add_statements(Pipeline& pipeline, std::size_t request, std::vector<Place>& places) const;
    // False where the change has done nothing.
    bool take(Rows& rows, const Place& place);
    // Those of a merged statement that have done nothing.
    std::vector<Place> take_merged(Rows& rows, const std::vector<Place>& places);
    void keep_record(const Rows& row, const Place& place);
    Task<> explain(Connection& connection, std::vector<Miss> misses);
    void ask(Pipeline& pipeline, const storage::Change& change,
             std::deque<storage::Statement>& kept) const;
    storage::Error answer(const storage::Change& change, std::span<Rows> rows) const;
    void fail(const Place& place, storage::Error error);
    Task<> run_one(Connection& connection, Pipeline& pipeline, std::size_t request);

    std::vector<ApplyRequest*> requests_;
    std::int64_t now_ms_;
    bool has_rows_ = false;
    std::vector<Draft> drafts_;
};

}  // namespace streamwall::postgres
