// GET /api/v1/events as a stream: what a client has not got yet, then what happens, until it goes.
#pragma once

#include "journal_cursor.hpp"
#include "journal_tail.hpp"

#include <streamwall/sdk/context.hpp>
#include <streamwall/sdk/http.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace streamwall::rest_api {

// Asks the store for a page on behalf of a client.
using ReadJournal = std::function<void(const Buffer& request, const Context& context,
                                       std::function<void(const Result<Buffer>&)> done)>;

// A page is asked for once the client has taken the one before, so that a slow one costs one page.
// After `lifetime` the answer ends, and who comes back shows its credentials again. It belongs to
// whoever holds the part that is asked for, one at a time.
class JournalStream : public std::enable_shared_from_this<JournalStream> {
  public:
    JournalStream(const Host& host, JournalTail& tail, ReadJournal read, const sw_context& context,
                  JournalCursor cursor, std::chrono::nanoseconds lifetime);

    static std::unique_ptr<http::Source> as_source(std::shared_ptr<JournalStream> stream);

    void next(http::Part part);

  private:
    void step();
    void read();
    void wait();
    void give(std::string text, bool is_last = false);
    bool is_over() const;

    const Host& host_;
    JournalTail& tail_;
    const ReadJournal read_;
    const Context context_;
    JournalCursor cursor_;
    const std::uint64_t over_ns_;
    std::optional<http::Part> part_;
    std::string text_ = "retry: 1000\n\n";
};

}  // namespace streamwall::rest_api
