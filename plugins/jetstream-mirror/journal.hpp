// Journal: the process's journal as its mirror reads it, page by page.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::jetstream {

// Views into the text of its page.
struct JournalEvent {
    std::uint64_t sequence = 0;
    std::int64_t time_ms = 0;  // since 1970
    std::string_view id, type;
    std::string_view envelope;  // JSON, as the journal renders it
};

// A reply of the journal's `read`, see plugin-api/store.md.
struct Page {
    std::unique_ptr<const std::string> text;
    std::string epoch;
    std::uint64_t first = 0, last = 0, through = 0;
    std::vector<JournalEvent> events;
};

// INTERNAL where the text is no such reply.
Result<Page> parse_page(std::string_view reply);

class Journal {
  public:
    virtual ~Journal() = default;
    // Blocks. OUT_OF_RANGE where events behind `after` are gone; what begins the log is then known
    // from read(0, …).
    virtual Result<Page> read(std::uint64_t after, std::size_t limit) = 0;
};

}  // namespace streamwall::jetstream
