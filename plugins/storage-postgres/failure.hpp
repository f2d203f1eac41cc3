// A refusal of PostgreSQL, or the loss of a connection, on its way through this plugin, and what it
// means to a caller.
#pragma once

#include <libpq-fe.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "storage-sql/result.hpp"

namespace streamwall::postgres {

// Thrown inside the plugin only.
class Failure : public std::runtime_error {
  public:
    enum class Kind {
        kStatement,  // refused for its values; the connection is sound
        kRetry,      // rolled back for the sake of another transaction; the same again may pass
        kFull,       // no room on the server's disk
        kAway,       // the server can't be reached, stops, or doesn't answer in time
        kRefused,    // it will not work until somebody changes a setting or the database
    };

    // `state` is the SQLSTATE, or empty where the server said nothing.
    Failure(std::string_view state, const std::string& message, std::string_view constraint = {});
    static Failure away(const std::string& message);
    static Failure refused(const std::string& message);

    Kind kind() const { return kind_; }
    const std::string& state() const { return state_; }
    const std::string& constraint() const { return constraint_; }  // that was violated
    bool is_unique_conflict() const { return state_ == "23505"; }

  private:
    std::string state_;
    std::string constraint_;
    Kind kind_;
};

// What the server says in an error result.
Failure failure_of(const PGresult* result);
// What libpq says about a connection that doesn't work; never holds the password.
Failure failure_of(PGconn* connection, std::string_view doing);

storage::Error to_error(const Failure& failure);

// For writes of which nobody knows whether they were committed.
storage::Error outcome_unknown();

}  // namespace streamwall::postgres
