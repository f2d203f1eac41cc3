// The page at the end of the chain while it is not full: what is written goes on in it, so that
// changes that come one at a time don't leave a page each.
#pragma once

#include "chain.hpp"
#include "entry.hpp"

#include <streamwall/contracts/store.hpp>

#include <cstdint>
#include <string>

namespace streamwall::audit {

class OpenPage {
  public:
    // Whether the next entry of that journal belongs here.
    bool takes(std::string_view epoch) const;
    // Returns the entry's hash.
    std::string append(const Entry& entry, std::int64_t number, std::string_view previous);

    // Two changes of the store: the page's and its index's.
    void add_changes(contracts::store::Changes& changes) const;
    // What they came to.
    void written(std::string_view page, std::string_view index);

  private:
    struct Place {
        std::int64_t id = 0;  // 0: not in the store yet
        std::int64_t version = 0;
    };
    static void add_change(contracts::store::Changes& changes, std::string_view collection,
                           const Place& place, std::string_view record);

    Place page_, index_;
    std::string epoch_;
    std::int64_t first_ = 0, last_ = 0;
    std::int64_t from_ms_ = 0, until_ms_ = 0;
    std::int64_t highest_ = 0;
    std::string lines_, keys_;
};

}  // namespace streamwall::audit
