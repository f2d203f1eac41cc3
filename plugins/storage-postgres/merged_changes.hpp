// Changes of many records in one statement: inserts into a collection, or updates of the same
// fields. A statement of its own costs the server about as much as the row that it changes, and its
// answer describes all columns once more.
#pragma once

#include <span>
#include <vector>

#include "apply_batch.hpp"
#include "pipeline.hpp"

namespace streamwall::postgres {

// Of the requests that are nothing but one insert or update, those that can share a statement, as
// positions in `requests`; at least two each. None is there that has to wait for another change of
// its record: what is left over is to be run behind them, in the order of the requests.
std::vector<std::vector<std::size_t>> find_mergeable(std::span<ApplyRequest* const> requests);

// The one change of a record that there is, and where in the list; null where there are several
// that can fail, or none.
struct SoleChange {
    const storage::RecordChange* change = nullptr;
    std::size_t index = 0;
};
SoleChange sole_change(const ApplyRequest& request);

// Adds the statement for `changes`, all of one group. Its rows are the collection's columns, and
// behind these which of the changes it is, from 1; one that has changed nothing has no row.
void add_merged(Pipeline& pipeline, std::span<const storage::RecordChange* const> changes,
                std::int64_t now_ms);

}  // namespace streamwall::postgres
