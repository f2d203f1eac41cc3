// The rarer writes, each in a transaction of its own: declarations, dead letters, trimming.
#pragma once

#include <functional>
#include <string>

#include "connection.hpp"
#include "schema.hpp"
#include "storage-sql/call.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::postgres {

using storage::Answer;

struct JobContext {
    Connection& connection;
    const std::string& schema;   // its name
    const std::string& channel;  // on which commits are told
    std::int64_t now_ms;
};

class SmallJob {
  public:
    virtual ~SmallJob() = default;
    // Inside a transaction, which is committed where the answer is no error. May be run again after
    // the transaction of an earlier run was rolled back. Throws Failure.
    virtual Task<Answer> run(JobContext context) = 0;
    virtual void committed() {}
    // True where the work was cut into pieces and the next one is to be run in a later transaction.
    virtual bool unfinished() const { return false; }
};

class DeclareJob final : public SmallJob {
  public:
    DeclareJob(std::vector<storage::CollectionPtr> collections,
               std::function<void(Declarations)> learned)
        : collections_(std::move(collections)), learned_(std::move(learned)) {}
    Task<Answer> run(JobContext context) override;
    void committed() override { learned_(std::move(known_)); }

  private:
    std::vector<storage::CollectionPtr> collections_;
    std::function<void(Declarations)> learned_;
    Declarations known_;
};

class DeadLetterAddJob final : public SmallJob {
  public:
    explicit DeadLetterAddJob(storage::DeadLetter letter) : letter_(std::move(letter)) {}
    Task<Answer> run(JobContext context) override;

  private:
    storage::DeadLetter letter_;
};

class DeadLetterTakeJob final : public SmallJob {
  public:
    explicit DeadLetterTakeJob(std::int64_t id) : id_(id) {}
    Task<Answer> run(JobContext context) override;

  private:
    std::int64_t id_;
};

// Removes events that lie beyond either bound, inbox entries older than a week, and notes of
// writers that have gone. A long trim is cut into transactions, so that others aren't kept waiting.
class TrimJob final : public SmallJob {
  public:
    explicit TrimJob(storage::TrimBounds bounds) : bounds_(bounds) {}
    Task<Answer> run(JobContext context) override;
    bool unfinished() const override { return unfinished_; }

  private:
    Task<std::int64_t> cut(JobContext context, const JournalHead& head) const;

    storage::TrimBounds bounds_;
    std::optional<std::int64_t> began_behind_;  // what was trimmed before the first transaction
    bool unfinished_ = false;
};

}  // namespace streamwall::postgres
