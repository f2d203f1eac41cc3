// Follows the journal: what any instance commits is announced here, in order and without gaps.
//
// The server wakes it (LISTEN/NOTIFY); it then reads what it has not announced yet. What the own
// writer has committed right behind that is announced from memory instead. As it asks the server
// something several times a second, it is also the first to know that the server has gone, and
// tries to reach it for ever.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "condition.hpp"
#include "connection.hpp"
#include "schema.hpp"
#include "storage-sql/call.hpp"

namespace streamwall::postgres {

struct TailOptions {
    std::chrono::milliseconds heartbeat{300};
    std::chrono::milliseconds answer_within{700};
    std::chrono::milliseconds least_pause{100};  // between attempts to reach the server
    std::chrono::milliseconds most_pause{1000};
};

struct TailCallbacks {
    std::function<void(Declarations)> learned;  // collections that another instance has declared
    std::function<void()> lost;                 // the server can't be reached
};

class Tail {
  public:
    // Begins behind what `head` knows.
    Tail(Executor executor, TailOptions options, const ConnectionOptions& connection,
         std::string channel, JournalHead head, const storage::Hooks& hooks, Condition& condition,
         TailCallbacks callbacks);

    Task<> run();  // until stop()
    void stop();

    // While the own writer commits, its events are not read; it brings them itself.
    void own_commit_begins() { ++own_commits_; }
    void own_commit_ends();
    // True where they came right behind what was announced, and have been announced now. Else they
    // are read.
    bool announce(std::span<const storage::CommittedEvent> events);

  private:
    Task<> follow();
    Task<> catch_up();
    Task<bool> read_page();

    Executor executor_;
    const TailOptions options_;
    ConnectionOptions connection_options_;
    const std::string channel_;
    const std::string epoch_;
    const storage::Hooks& hooks_;
    Condition& condition_;
    const TailCallbacks callbacks_;
    Signal signal_;
    std::unique_ptr<Connection> connection_;
    std::int64_t announced_;  // the last sequence that was
    std::int64_t heard_of_;   // of which a notification has told
    int own_commits_ = 0;
    bool stopping_ = false;
};

}  // namespace streamwall::postgres
