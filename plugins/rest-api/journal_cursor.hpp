// JournalCursor: the journal as server-sent events, page after page of what the store answers.
//
//   id: EPOCH:SEQUENCE
//   data: {the envelope}
//
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
#pragma once

#include <streamwall/sdk/host.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::rest_api {

struct JournalPlace {
    std::string epoch;
    std::int64_t sequence = 0;

    bool operator==(const JournalPlace&) const = default;
};

// What tells of users and keys is for administrators.
bool is_about_users(std::string_view envelope);

// Keeps the text of one page at most. For one caller at a time.
class JournalCursor {
  public:
    // Behind `after`, or with what happens from now on. `types` is a JSON array, empty for all.
    JournalCursor(std::optional<JournalPlace> after, std::string types, bool shows_users)
        : wanted_(std::move(after)), types_(std::move(types)), shows_users_(shows_users) {}

    // The next request for the store's `events`.
    Buffer request() const;
    // Its answer. Where the place that was asked for is gone, the text says so with an event
    // `reset`, whose data has the `reason` and the place that it goes on `after`; false where there
    // is no answer to go on with.
    bool take(const Result<Buffer>& reply);

    // Whether there is more to ask for at once.
    bool is_behind() const { return !has_begun_ || place_.sequence < last_; }
    const JournalPlace& place() const { return place_; }
    bool has_text() const { return !text_.empty(); }
    // What is to be sent.
    std::string take_text();
    // Something to send where nothing happens: a comment, and the place where it moved on unseen.
    std::string beat();

  private:
    void reset(std::string_view reason, std::string_view epoch, std::int64_t first,
               std::int64_t last);
    void add(std::string_view envelope);

    const std::optional<JournalPlace> wanted_;
    const std::string types_;
    const bool shows_users_;
    JournalPlace place_;  // all up to here is in the text, or was
    JournalPlace told_;   // the last id that was sent
    std::int64_t last_ = 0;
    bool has_begun_ = false;
    std::string text_;
};

}  // namespace streamwall::rest_api
