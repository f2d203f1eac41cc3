// Sessions: what the connections of the extended protocol are subscribed to, so that a client which
// comes back need not say it again.
//
// They are kept in memory, for as long as clients usually take to come back; one that is not known
// any more costs the client its subscribe commands and nothing else.
#pragma once

#include <streamwall/sdk/websocket.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace streamwall::hub {

// Shared with the topics, so that a session costs pointers only.
using SharedIdentifier = std::shared_ptr<const std::string>;

// Thread-safe.
class Sessions {
  public:
    using Time = std::chrono::steady_clock::time_point;
    using Id = std::string;

    Sessions(std::chrono::milliseconds kept_for, std::size_t max_kept)
        : kept_for_(kept_for), max_kept_(max_kept) {}

    // A new session, whose id can't be guessed. `who` is the principal's.
    Id open(http::WsConnection connection, std::string_view who);
    void add(const Id& id, SharedIdentifier identifier);
    void remove(const Id& id, std::string_view identifier);
    // Its connection has ended. [the connection's loop, in on_close]
    void detach(const Id& id, Time now);

    // Ends the session and returns what it was subscribed to, where it is there and `who`'s. A
    // connection that still has it is closed: its client has given up on it.
    std::optional<std::vector<SharedIdentifier>> resume(std::string_view id, std::string_view who,
                                                        Time now);
    std::size_t size() const;

  private:
    struct Session {
        std::string who;
        std::vector<SharedIdentifier> identifiers;
        http::WsConnection connection;  // while it is open
        Time expires;                   // once it is not
        std::list<std::string>::iterator place;
    };
    using Map = std::unordered_map<std::string, Session>;
    void drop_old(Time now);

    const std::chrono::milliseconds kept_for_;
    const std::size_t max_kept_;
    mutable std::mutex mutex_;
    Map sessions_;
    std::list<std::string> detached_;  // ids, the oldest first
};

}  // namespace streamwall::hub
