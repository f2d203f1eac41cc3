// `apply` and `append`: a list of changes, all or nothing.
#pragma once

#include "sqlite-store/batch.hpp"
#include "storage-sql/change.hpp"

namespace streamwall::sqlite {

class ApplyJob final : public Job {
  public:
    ApplyJob(std::unique_ptr<storage::Document> document, storage::ChangeList list,
             storage::Origin origin)
        : document_(std::move(document)),
          list_(std::move(list)),
          origin_(std::move(origin)),
          metadata_(storage::render_metadata(origin_)) {}

    Answer run(Batch& batch) override;
    // Events are written last and can't fail on what the database holds.
    bool undoes_itself() const override { return list_.fallible <= 1; }

  private:
    struct Outcome {
        std::int64_t id = 0;
        RecordText record;
        std::size_t event = 0;  // position in the batch
    };

    storage::Result<void> change_record(Batch& batch, const storage::RecordChange& change,
                                        Outcome& outcome);
    static void read_updated(Batch& batch, const storage::RecordChange& change, Outcome& outcome);
    storage::Result<void> pass_inbox(Batch& batch, const storage::InboxChange& change);
    static void take_record(const storage::RecordChange& change, const Cursor& cursor,
                            Outcome& outcome);
    void write_event(Batch& batch, const storage::EventChange& change,
                     const std::vector<Outcome>& outcomes, Outcome& outcome);
    std::string render(const Batch& batch, const std::vector<Outcome>& outcomes) const;

    std::unique_ptr<storage::Document> document_;  // the texts of the list
    storage::ChangeList list_;
    storage::Origin origin_;
    std::string metadata_;
};

}  // namespace streamwall::sqlite
