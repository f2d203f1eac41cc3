// The rarer writes: declarations, dead letters, trimming.
#pragma once

#include "batch.hpp"
#include "storage-sql/json_text.hpp"

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
    static storage::Result<std::unique_ptr<DeadLetterAddJob>> parse(
        std::unique_ptr<storage::Document> document);
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }

  private:
    std::string name_;
    std::string event_id_;
    std::string event_;
    std::string error_;
    std::int64_t attempts_ = 0;
};

class DeadLetterTakeJob final : public Job {
  public:
    explicit DeadLetterTakeJob(std::int64_t id) : id_(id) {}
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }

  private:
    std::int64_t id_;
};

// A dead letter as `dead_letters` and `dead_letter_take` show it; columns as kDeadLetterColumns.
inline constexpr std::string_view kDeadLetterColumns =
    "id, name, event, error, attempts, created_at";
void append_dead_letter(std::string& out, const storage::Row& row);

// Removes events that lie beyond either bound, and inbox entries older than a week. A long trim is
// cut into transactions, so that others aren't kept waiting.
class TrimJob final : public Job {
  public:
    TrimJob(std::optional<std::int64_t> keep_events, std::optional<std::int64_t> keep_days)
        : keep_events_(keep_events), keep_days_(keep_days) {}
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }
    bool unfinished() const override { return unfinished_; }

  private:
    std::int64_t cut(Batch& batch) const;
    void trim_inbox(Batch& batch);

    std::optional<std::int64_t> keep_events_;
    std::optional<std::int64_t> keep_days_;
    std::optional<std::int64_t> began_behind_;  // what was trimmed before the first transaction
    bool unfinished_ = false;
};

}  // namespace streamwall::sqlite
