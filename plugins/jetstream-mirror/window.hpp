// Window: which events were sent to a stream and not yet answered, and what the answers mean.
//
// Each message says behind which one of the stream it belongs (Nats-Expected-Last-Sequence), so the
// server takes them in order and without a hole or none of them: after a failure the stream's last
// message alone tells where to go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace streamwall::jetstream {

// A server's answer to one message.
struct Ack {
    enum class Kind { stored, duplicate, wrong_place, refused };
    Kind kind = Kind::refused;
    std::uint64_t place = 0;  // in the stream, of the stored message or of the one it doubles
    std::string reason;       // where not stored
};

// The JSON of a PubAck; refused with a reason where it is none.
Ack parse_ack(std::string_view text);

class Window {
  public:
    // The stream holds what is from `first` to `last`, and nothing of what was removed before.
    // `confirmed`: up to where in the journal it does.
    Window(std::size_t size, std::uint64_t first, std::uint64_t last, std::uint64_t confirmed)
        : size_(size), first_(first), tail_(last), expected_(last), confirmed_(confirmed) {}

    struct Ticket {
        std::uint64_t token;     // names the answer
        std::uint64_t expected;  // the stream's last message before this one
    };
    // What is sent now: the event's place in the journal.
    Ticket send(std::uint64_t sequence);

    enum class Outcome {
        go_on,
        send_again,  // everything behind confirmed()
        failed,      // reason() says why; the stream has to be looked at again
    };
    // Unknown tokens are answers that come late, and mean nothing.
    Outcome answer(std::uint64_t token, Ack ack);

    bool is_full() const { return sent_.size() >= size_; }
    bool is_empty() const { return sent_.empty(); }
    std::uint64_t tail() const { return tail_; }            // of the stream, as it is known
    std::uint64_t confirmed() const { return confirmed_; }  // of the journal
    std::uint64_t stored() const { return stored_; }        // how many messages
    const std::string& reason() const { return reason_; }

  private:
    struct Sent {
        std::uint64_t sequence;
        std::optional<Ack> ack;
    };
    Outcome settle();

    std::size_t size_;
    std::uint64_t first_;
    std::uint64_t tail_;
    std::uint64_t expected_;
    std::uint64_t confirmed_;
    std::uint64_t stored_ = 0;
    std::deque<Sent> sent_;
    std::uint64_t front_token_ = 1;
    bool is_shifted_ = false;  // a duplicate took no place, so all that follows it expects too much
    std::string reason_;
};

}  // namespace streamwall::jetstream
