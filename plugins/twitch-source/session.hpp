// Session: one IRC connection's protocol, without sockets and clocks. Lines and times go in;
// output, posts, deadlines and an end come out, so that every rule is tested without waiting.
//
// Twitch's dialect: https://dev.twitch.tv/docs/chat/irc/. Ordinary servers are fine too: what they
// refuse (capabilities) is done without.
#pragma once

#include "irc_message.hpp"
#include "pacing.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamwall::twitch {

struct SessionOptions {
    std::vector<std::string> channels;  // lower case, with '#'
    std::string username;               // empty: anonymous
    std::string token;                  // secret; empty: no PASS
    std::chrono::milliseconds registration_timeout{15'000};
    std::chrono::milliseconds ping_interval{60'000};
    std::chrono::milliseconds ping_timeout{10'000};
    std::chrono::milliseconds join_timeout{10'000};
    std::chrono::milliseconds rejoin_delay{5'000};    // after a KICK
    std::chrono::milliseconds refused_delay{60'000};  // after a join that failed
};

// One line that somebody said. Texts are as received, valid during the call.
struct Post {
    std::string_view channel;
    std::string_view user;  // display name, else the nick
    std::string user_id;    // the nick where the server gives none
    std::string_view text;
    std::string message_id;    // empty where the server gives none
    std::int64_t sent_ms = 0;  // Unix time; 0 where the server gives none
};

struct SessionEnd {
    enum class Kind { kLost, kReconnectAsked, kLoginRefused };
    Kind kind = Kind::kLost;
    std::string reason;
};

class Session {
  public:
    using OnPost = std::function<void(const Post&)>;

    // `pacer` is shared by all sessions of one user. `random` makes anonymous nicks.
    Session(SessionOptions options, JoinPacer& pacer, std::function<std::uint32_t()> random,
            OnPost on_post);

    // The connection is open: registration begins.
    void open(TimePoint now);
    void receive(std::string_view line, TimePoint now);
    // Does what is due.
    void advance(TimePoint now);
    // When advance() has something to do next.
    TimePoint next_deadline() const;
    // Lines to send, each with CR LF.
    std::string take_output() { return std::exchange(output_, {}); }

    // Once set the session does nothing more.
    const std::optional<SessionEnd>& end() const { return end_; }
    bool is_registered() const { return registered_; }
    // Channels that we are not in (yet).
    std::vector<std::string_view> missing_channels() const;

  private:
    struct Channel {
        enum class State { kWaiting, kJoining, kJoined };
        std::string name;
        State state = State::kWaiting;
        TimePoint due{};  // waiting: not before; joining: give up at
    };
    void send(std::string_view line);
    void finish(SessionEnd::Kind kind, std::string reason);
    void send_nick();
    void on_numeric(const IrcMessage& message, TimePoint now);
    void on_notice(const IrcMessage& message, TimePoint now);
    void on_privmsg(const IrcMessage& message);
    void on_registered(const IrcMessage& message, TimePoint now);
    void retry_join(std::string_view channel, TimePoint due);
    void advance_joins(TimePoint now);
    void advance_ping(TimePoint now);
    Channel* find_channel(std::string_view name);
    bool is_me(std::string_view nick) const;

    SessionOptions options_;
    JoinPacer& pacer_;
    std::function<std::uint32_t()> random_;
    OnPost on_post_;
    std::vector<Channel> channels_;
    std::string nick_;
    std::string output_;
    std::optional<SessionEnd> end_;
    bool registered_ = false;
    TimePoint registration_deadline_{};
    TimePoint joins_at_ = TimePoint::max();  // the pacer's or a channel's next moment
    TimePoint ping_at_ = TimePoint::max();
    TimePoint pong_deadline_ = TimePoint::max();
    std::uint32_t ping_count_ = 0;
};

}  // namespace streamwall::twitch
