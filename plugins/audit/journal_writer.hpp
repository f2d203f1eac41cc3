// Writes entries to the end of the chain: one writer, in batches, each event once.
#pragma once

#include "chain.hpp"
#include "entry.hpp"
#include "open_page.hpp"

#include <streamwall/records/store.hpp>

#include <deque>
#include <map>
#include <set>
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
    void add(Entry entry, Delivery delivery);

  private:
    struct Waiting {
        Entry entry;
        Delivery delivery;
    };
    using Batch = std::vector<Waiting>;
    struct Head {
        std::int64_t id = 0;  // 0: there is none yet
        std::int64_t version = 0;
        std::int64_t number = 0;
        std::string hash;
        std::map<std::string, std::int64_t, std::less<>> read;  // by epoch
    };

    Task<> write_all();
    Batch next_batch();
    // Again where others were faster.
    Task<Result<>> write_fresh(Batch& batch);
    Task<Result<>> write(const Batch& batch, Context context);
    Task<Result<>> read_head(Context context);
    // Those that are in the chain already are ended and left out.
    Task<Result<>> drop_known(Batch& batch, Context context);
    Task<Result<>> find_known(std::string_view epoch, std::int64_t lowest, std::int64_t highest,
                              std::set<std::int64_t>& known, Context context);
    // Makes them the next of `head` and of `page`.
    static void append(const Batch& batch, Head& head, OpenPage& page);
    void forget();

    const Host& host_;
    const Services& services_;
    Tasks& tasks_;
    records::Store& store_;
    Method apply_;
    std::deque<Waiting> waiting_;
    bool is_writing_ = false;
    std::optional<Head> head_;  // nothing: to be read
    OpenPage page_;             // of this writer alone: after a start there is a new one
};

}  // namespace streamwall::audit
