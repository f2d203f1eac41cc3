// What the readers do for `query`, `read` and the small lists.
#pragma once

#include "call.hpp"
#include "connection.hpp"
#include "storage-sql/query.hpp"

namespace streamwall::sqlite {

// A reply ends, with a way to go on, before it would pass the size of a message.
inline constexpr std::size_t kMaxReplyBytes = 1'000'000;

Answer run_query(Connection& connection, const storage::Query& query);

struct JournalRead {
    std::int64_t after = 0;
    std::int64_t limit = 100;
    std::vector<std::string> types;  // patterns; empty: all
    std::string subject;             // empty: all
};
storage::Result<JournalRead> parse_journal_read(const storage::Document& document);
Answer read_journal(Connection& connection, const JournalRead& read, const std::string& epoch);

std::string position_reply(std::string_view epoch, std::int64_t sequence, std::string_view parked);
Answer read_position(Connection& connection, const std::string& name);
Answer list_dead_letters(Connection& connection, std::int64_t after, std::int64_t limit);

// An optional integer member within bounds.
storage::Result<std::int64_t> bounded(const boost::json::object& request, std::string_view name,
                                      std::int64_t least, std::int64_t most, std::int64_t fallback);

}  // namespace streamwall::sqlite
