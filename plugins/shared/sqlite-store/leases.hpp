// Who holds which lease until when.
//
// Decided in memory, where renewals cost nothing; the file knows owner and token of each, so that
// tokens never go back and a restart takes nobody's lease away. A grant is made durable before its
// owner hears of it; where that fails the name is kept from others until the lease has run out.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sqlite-store/batch.hpp"
#include "storage-sql/lease.hpp"

namespace streamwall::sqlite {

struct StoredLease {
    std::string service;
    std::string name;
    std::string owner;  // empty: nobody
    std::int64_t token = 0;
    std::int64_t ttl_ms = 0;
};

// Thread-safe.
class Leases {
  public:
    explicit Leases(std::function<std::int64_t()> monotonic_ms) : now_(std::move(monotonic_ms)) {}

    void restore(std::vector<StoredLease> leases);

    struct Outcome {
        storage::LeaseReply reply;
        std::optional<StoredLease> store{};  // has to be made durable before the reply
    };
    Outcome ask(std::string_view service, const storage::LeaseRequest& request);
    // What has to be stored, not before any reply; nothing where the lease is another's.
    std::optional<StoredLease> release(std::string_view service,
                                       const storage::LeaseRequest& request);
    bool proves(std::string_view service, const storage::LeaseProof& proof) const;

  private:
    struct Lease {
        std::string owner;
        std::int64_t token = 0;
        std::int64_t ends_ms = 0;
    };
    using Key = std::pair<std::string, std::string>;

    const std::function<std::int64_t()> now_;
    mutable std::mutex mutex_;
    std::map<Key, Lease> leases_;
};

// Writes one lease, unless a later one of that name is written already.
class LeaseJob final : public Job {
  public:
    LeaseJob(StoredLease lease, std::string reply)
        : lease_(std::move(lease)), reply_(std::move(reply)) {}
    Answer run(Batch& batch) override;
    bool undoes_itself() const override { return true; }

  private:
    StoredLease lease_;
    std::string reply_;
};

std::vector<StoredLease> read_leases(Connection& connection);

}  // namespace streamwall::sqlite
