// The rarer writes: declarations, dead letters, trimming.
#pragma once

#include "sqlite-store/batch.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::sqlite {

class DeclareJob final : public Job {
  public:
    explicit DeclareJob(std::vector<storage::CollectionPtr> collections)
        : collections_(std::move(collections)) {}
    Answer run(Batch& batch) override;

  private:
    std::vector<storage::CollectionPtr> collections_;
};

class DeadLetterAddJob final : public Job {
  public:
    explicit DeadLetterAddJob(storage::DeadLetter letter) : letter_(std::move(letter)) {}
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }

  private:
    storage::DeadLetter letter_;
};

class DeadLetterTakeJob final : public Job {
  public:
    explicit DeadLetterTakeJob(std::int64_t id) : id_(id) {}
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }

  private:
    std::int64_t id_;
};

// Removes events that lie beyond either bound, and inbox entries older than a week. A long trim is
// cut into transactions, so that others aren't kept waiting.
class TrimJob final : public Job {
  public:
    explicit TrimJob(storage::TrimBounds bounds) : bounds_(bounds) {}
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }
    bool unfinished() const override { return unfinished_; }

  private:
    std::int64_t cut(Batch& batch) const;
    void trim_inbox(Batch& batch);

    storage::TrimBounds bounds_;
    std::optional<std::int64_t> began_behind_;  // what was trimmed before the first transaction
    bool unfinished_ = false;
};

}  // namespace streamwall::sqlite
