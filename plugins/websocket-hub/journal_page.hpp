// A page of the store's log as the service renders it.
#pragma once

#include "history.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace streamwall::hub {

struct JournalPage {
    Position newest;
    std::uint64_t first = 0;  // oldest that is kept
    std::uint64_t through = 0;
    std::vector<PastEvent> events;
};

// Nothing where it is no such page.
std::optional<JournalPage> parse_journal_page(std::string_view text);

// The request for events behind `after`; all types where `types` (a JSON array) is empty.
Buffer journal_request(std::uint64_t after, std::int64_t limit, std::string_view types = {});

}  // namespace streamwall::hub
