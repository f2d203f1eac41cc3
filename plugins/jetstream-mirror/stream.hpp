// Stream: one connection to NATS and the JetStream stream behind it, from the handshake to the
// first failure. It is never mended: who wants another makes a new one.
//
// One thread uses it and blocks in it, each time for the request timeout at most. libnats runs in
// its ordinary mode, with a reading and a flushing thread of its own for each connection.
#pragma once

#include "journal.hpp"
#include "nats/options.hpp"
#include "window.hpp"

#include <nats/nats.h>
#include <streamwall/sdk/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace streamwall::jetstream {

// How the stream is made where it is missing.
struct StreamSettings {
    std::string name = "STREAMWALL_EVENTS";
    std::string prefix = "streamwall.events";
    std::int64_t replicas = 1;
    std::chrono::milliseconds max_age{0};  // 0: no limit
    std::int64_t max_bytes = 0;            // 0: no limit
    std::chrono::milliseconds duplicate_window{30'000};
};

// What a stream holds and may hold. Times are nanoseconds since 1970.
struct StreamState {
    std::int64_t created = 0;
    std::uint64_t first = 0, last = 0, messages = 0, bytes = 0;
    std::int64_t last_time = 0;
    std::chrono::nanoseconds max_age{0};  // 0: no limit, as the next two
    std::uint64_t max_messages = 0, max_bytes = 0;
    std::string differs;  // names of settings that it was not made with
};

class Stream {
  public:
    // `on_closed` runs on a thread of libnats, perhaps after the object has gone. Errors say why in
    // words for people, as those of all methods.
    static Result<std::unique_ptr<Stream>> connect(const nats::Options& options,
                                                   const nats::ServerUrl& server,
                                                   std::chrono::milliseconds request_timeout,
                                                   StreamSettings settings,
                                                   std::function<void()> on_closed);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Makes the stream where there is none. FAILED_PRECONDITION where it is one that forgets
    // messages once they are read.
    Result<StreamState> open();
    // NOT_FOUND where the stream is gone.
    Result<StreamState> look();
    // The journal's sequence of the last of its events in the stream; 0: there is none.
    Result<std::uint64_t> last_sequence(const std::string& epoch);

    // Whether the server takes a message that long.
    bool fits(const JournalEvent& event) const;
    // Begins to send; the answer comes with the ticket's token. `previous`: the id of the event
    // that must be the one before, or empty. A place alone is not enough: with one message of
    // somebody else's between, the first of ours is refused and the second finds the place it
    // expects.
    Result<> send(const Window::Ticket& ticket, const std::string& epoch, const JournalEvent& event,
                  const std::string& previous);
    struct Answer {
        std::uint64_t token;
        Ack ack;
    };
    // Nothing where none comes within `wait`.
    Result<std::optional<Answer>> next_answer(std::chrono::milliseconds wait);

    bool is_closed() const { return natsConnection_IsClosed(connection_); }

  private:
    explicit Stream(StreamSettings settings) : settings_(std::move(settings)) {}
    Result<> begin(std::chrono::milliseconds request_timeout);
    Result<> make();
    StreamState state_of(const jsStreamInfo& info) const;
    std::string differences(const jsStreamConfig& config) const;

    StreamSettings settings_;
    natsConnection* connection_ = nullptr;
    jsCtx* api_ = nullptr;
    natsSubscription* answers_ = nullptr;
    std::string inbox_;
    std::size_t max_payload_ = 0;
};

}  // namespace streamwall::jetstream
