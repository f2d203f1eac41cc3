// The tables of the store, their versions, and the declarations of collections.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "storage-sql/requests.hpp"

namespace streamwall::postgres {

inline constexpr std::int64_t kSchemaVersion = 1;

// Locks of the whole database that transactions of all instances hold until they end; the second
// key is the schema's.
enum class Lock : std::int64_t {
    kJournal = 0x73770001,  // from numbering events to their commit: commit order is number order
    kSchema = 0x73770002,   // migrations and declarations
};
// Two values for pg_advisory_xact_lock($1, $2); the texts live as long as `schema`.
inline constexpr std::string_view kTakeLock =
    "SELECT pg_advisory_xact_lock($1::integer, hashtext($2::text))";
std::vector<storage::Value> lock_values(Lock lock, std::string_view schema);

struct Version {
    bool exists = false;
    std::int64_t version = 0;
};
// Throws Failure; refused where the schema holds tables of another program.
Task<Version> read_version(Connection& connection, const std::string& schema);

// Makes what is missing, in one transaction under a lock: where it is cut short, nothing has
// happened. Throws Failure; refused where a newer program has been here. `told` hears of each step.
Task<> migrate(Connection& connection, const std::string& schema,
               const std::function<void(std::int64_t done, std::int64_t all)>& told = {});

// What the database knows of collections.
struct Declarations {
    storage::Schema collections;
    std::int64_t revision = 0;  // grows with each declaration that changes something
};
Task<Declarations> load_declarations(Connection& connection);

// Inside a transaction that holds Lock::kSchema.
Task<storage::Result<void>> store_collection(Connection& connection,
                                             const storage::SchemaChange& change);

// The one row of the table `journal`.
struct JournalHead {
    std::string epoch;
    std::int64_t last = 0;
    std::int64_t last_time = 0;
    std::int64_t trimmed = 0;
};
Task<JournalHead> read_head(Connection& connection);

}  // namespace streamwall::postgres
