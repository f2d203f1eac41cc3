// StreamReader: a foreign reader of a JetStream stream, and who does to it what a mirror must
// notice.
#pragma once

#include <nats/nats.h>

#include <cstdint>
#include <string>
#include <vector>

namespace streamwall::jetstream::testing {

struct Mirrored {
    std::string subject, message_id, epoch;
    std::uint64_t sequence = 0;  // of the journal
    std::string body;
};

// Throws std::runtime_error where the server is not there.
class StreamReader {
  public:
    explicit StreamReader(const std::string& url, std::string stream = "STREAMWALL_EVENTS");
    ~StreamReader();
    StreamReader(const StreamReader&) = delete;
    StreamReader& operator=(const StreamReader&) = delete;

    bool exists() const;
    std::uint64_t count() const;  // 0 where there is no stream
    std::uint64_t next_place() const;
    // Everything in it, in its order.
    std::vector<Mirrored> all() const;

    void make(const jsStreamConfig& config);
    void erase();
    void purge();
    void publish(const std::string& subject, const std::string& body);

  private:
    jsStreamInfo* info() const;
    const std::string stream_;
    natsConnection* connection_ = nullptr;
    jsCtx* api_ = nullptr;
};

}  // namespace streamwall::jetstream::testing
