// RESP, the protocol of Redis (redis.io/docs/reference/protocol-spec, version 2): commands as
// bytes, bytes as replies. hiredis reads the replies; it is included in resp.cpp alone.
#pragma once

#include <streamwall/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;
struct redisReply;

namespace streamwall::redis {

// A command with its arguments: Command("SET").arg(key).arg(value).
class Command {
  public:
    explicit Command(std::string_view name) { arg(name); }
    Command& arg(std::string_view text);
    Command& arg(std::int64_t number);
    void append_to(std::string& out) const;

  private:
    std::string arguments_;
    std::size_t count_ = 0;
};

// A reply, or an item of one; borrowed from the Reply that owns it.
class ReplyView {
  public:
    explicit ReplyView(const redisReply* raw) : raw_(raw) {}
    bool is_nil() const;
    bool is_error() const;
    std::string_view text() const;      // of a string, a status or an error; else empty
    std::int64_t integer() const;       // of an integer, or of a text that is one; else 0
    std::size_t size() const;           // of an array; else 0
    ReplyView at(std::size_t n) const;  // nil past the end

  private:
    const redisReply* raw_;
};

class Reply {
  public:
    explicit Reply(redisReply* raw) : raw_(raw) {}
    ReplyView view() const { return ReplyView(raw_.get()); }

  private:
    struct Free {
        void operator()(redisReply* reply) const;
    };
    std::unique_ptr<redisReply, Free> raw_;
};

// Cuts a byte stream into replies.
class ReplyReader {
  public:
    ReplyReader();
    void feed(std::string_view bytes);
    // The next whole reply, nothing until more bytes came, or an error where the stream is no RESP.
    Result<std::optional<Reply>> next();

  private:
    struct Free {
        void operator()(redisReader* reader) const;
    };
    std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace streamwall::redis
