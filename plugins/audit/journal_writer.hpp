// Writes entries to the end of the chain: one writer, in batches, each event once.
#pragma once

#include "chain.hpp"

#include <streamwall/records/store.hpp>

#include <deque>
#include <string>
#include <vector>

namespace streamwall::audit {

// On the plugin's strand. Another writer over the same store is noticed by the head, which both
// would have to change in the same version.
class JournalWriter {
  public:
    // `tasks` may be declared behind the writer.
    JournalWriter(PluginBase& plugin, Tasks& tasks, records::Store& store);

    // The delivery ends once the entry is in the chain.
    void add(boost::json::object entry, Delivery delivery);

  private:
    struct Waiting {
        boost::json::object entry;
        std::size_t bytes;
        Delivery delivery;
    };
    using Batch = std::vector<Waiting>;

    Task<> write_all();
    Batch next_batch();
    // Again where others were faster, or where some of the batch is known already.
    Task<Result<>> write_fresh(Batch& batch);
    Task<Result<>> write(const Batch& batch, Context context);
    Task<Result<>> read_head(Context context);
    // Those that are in the chain already are ended and left out.
    Task<Result<>> drop_known(Batch& batch, Context context);
    boost::json::array changes_for(const Batch& batch) const;

    const Host& host_;
    Tasks& tasks_;
    records::Store& store_;
    std::deque<Waiting> waiting_;
    bool is_writing_ = false;
    boost::json::object head_;  // its record; empty: to be read, without id: none yet
};

}  // namespace streamwall::audit
