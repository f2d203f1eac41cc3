// Who holds which lease until when: one row each, decided by the server under the row's lock and by
// its clock, so that all instances agree.
#pragma once

#include <map>
#include <string>

#include "connection.hpp"
#include "storage-sql/call.hpp"
#include "storage-sql/lease.hpp"
#include "storage-sql/positions.hpp"

namespace streamwall::postgres {

using storage::Answer;

// All throw Failure. `service`: "store" or "journal", whose leases don't meet.
Task<Answer> run_lease(Connection& connection, std::string_view service,
                       const storage::LeaseRequest& request);

// save_positions with the proof of a lease. While they are written nobody can claim it.
Task<Answer> save_leased_positions(Connection& connection, const storage::LeaseProof& proof,
                                   const std::map<std::string, storage::Position>& positions);

// Positions as the columns of one statement.
class PositionColumns {
  public:
    void add(std::string_view name, const storage::Position& position);
    // The four values of `unnest($1::text[], $2::text[], $3::bigint[], $4::text[])`.
    std::vector<storage::Value> keep_in(Pipeline& pipeline);

  private:
    ArrayValue names_{ArrayValue::Element::kText};
    ArrayValue epochs_{ArrayValue::Element::kText};
    ArrayValue sequences_{ArrayValue::Element::kBigint};
    ArrayValue parked_{ArrayValue::Element::kText};
};

}  // namespace streamwall::postgres
