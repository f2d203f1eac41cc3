#include "open_page.hpp"

#include "page_index.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>

namespace streamwall::audit {
namespace {

// A page that grows is written again as a whole; a search reads whole pages.
constexpr std::size_t kFull = 16 << 10;

}  // namespace

bool OpenPage::takes(std::string_view epoch) const {
    return lines_.empty() || (epoch == epoch_ && lines_.size() < kFull);
}

std::string OpenPage::append(const Entry& entry, std::int64_t number, std::string_view previous) {
    if (lines_.empty()) {
        epoch_ = entry.epoch;
        first_ = number;
        from_ms_ = until_ms_ = entry.at_ms;
        highest_ = entry.sequence;
    }
    last_ = number;
    until_ms_ = std::max(until_ms_, entry.at_ms);
    highest_ = std::max(highest_, entry.sequence);
    append_keys(keys_, entry.sequence, entry.at_ms - from_ms_, entry.keys);
    return append_line(lines_, number, entry.members, previous);
}

void OpenPage::add_change(contracts::store::Changes& changes, std::string_view collection,
                          const Place& place, std::string_view record) {
    if (place.id == 0)
        changes.insert(collection, record);
    else
        changes.update(collection, place.id, place.version, record);
}

void OpenPage::add_changes(contracts::store::Changes& changes) const {
    json::Writer page;
    page.number("first", first_).number("last", last_).text("entries", lines_);
    add_change(changes, kPages, page_, page.take());
    json::Writer index;
    index.number("first", first_).number("last", last_);
    index.number("from_ms", from_ms_).number("until_ms", until_ms_);
    index.text("epoch", epoch_).number("highest", highest_).text("keys", keys_);
    add_change(changes, kIndex, index_, index.take());
}

void OpenPage::written(std::string_view page, std::string_view index) {
    page_ = {contracts::record_id(page), contracts::record_version(page)};
    index_ = {contracts::record_id(index), contracts::record_version(index)};
}

}  // namespace streamwall::audit
