// Replies and refusals that all back ends give in the same words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage-sql/call.hpp"
#include "storage-sql/change.hpp"
#include "storage-sql/query.hpp"
#include "storage-sql/record.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::storage {

// A reply ends, with a way to go on, before it would pass the size of a message.
inline constexpr std::size_t kMaxReplyBytes = 1'000'000;
// How many events one call of `read` looks at in search of those asked for.
inline constexpr std::int64_t kMaxScanned = 20'000;
inline constexpr std::int64_t kInboxDays = 7;
inline constexpr std::int64_t kMsPerDay = 86'400'000;

std::string position_reply(std::string_view epoch, std::int64_t sequence, std::string_view parked);
std::string trim_reply(std::int64_t removed, std::int64_t first);

// A dead letter as `dead_letters` and `dead_letter_take` show it; the row holds these columns.
inline constexpr std::string_view kDeadLetterColumns =
    "id, name, event, error, attempts, created_at";
void append_dead_letter(std::string& out, const Row& row);

// The reply of `dead_letters`.
class DeadLetterList {
  public:
    bool add(const Row& row);  // false where the reply is full, and the row was left out
    std::string finish(std::int64_t count) const;

  private:
    std::string reply_ = R"({"dead_letters":[)";
    bool first_ = true;
};

// The reply of `read`: events one by one, then the frame around them.
class JournalPage {
  public:
    explicit JournalPage(const JournalRead& read) : read_(read) {}

    bool wants(std::string_view type, std::string_view subject) const;
    bool full() const { return found_ == read_.limit; }
    // False where the reply is full, and the event was left out.
    bool add(const Event& event);
    std::string finish(std::string_view epoch, std::int64_t first, std::int64_t last,
                       std::int64_t through) const;

  private:
    const JournalRead& read_;
    std::string events_;
    std::int64_t found_ = 0;
};

// "stream/{id}" with the record's id.
std::string fill_subject(std::string_view subject, std::int64_t id);
std::string event_id(std::string_view epoch, std::int64_t sequence);
void append_event_result(std::string& out, std::string_view epoch, std::int64_t sequence);

Error too_much();   // more waits than may
Error abandoned();  // the caller has gone
Error no_record(const Lookup& lookup);
Error no_record(const RecordChange& change);
Error other_version(const RecordChange& change, std::int64_t version);
Error inbox_seen(const InboxChange& change);
Error key_in_use(const UniqueKey& key, std::int64_t holder);
Error key_not_unique(const Collection& collection, const UniqueKey& key);
Error no_position(std::string_view name);
Error no_dead_letter(std::int64_t id);
Error trimmed_away(std::int64_t after, std::int64_t first, std::int64_t last);
// Names the change of a list of several.
Error at_change(Error error, std::size_t index, std::size_t count);

// Finds the record that keeps `change` from taking `key`.
Statement holder_statement(const Dialect& dialect, const RecordChange& change,
                           const UniqueKey& key);

}  // namespace streamwall::storage
