// The IRC session's rules.
#include "session.hpp"

#include <streamwall/model/text.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace streamwall::twitch {

namespace {

// A server that makes us answer faster than it reads gets nothing more.
constexpr std::size_t kOutputLimit = 16 * 1024;

// Twitch says why a login failed in a NOTICE and closes. Its wording is in the guide.
constexpr std::string_view kRefusals[] = {"Login authentication failed", "Login unsuccessful",
                                          "Improperly formatted auth", "Invalid NICK"};

bool is_refusal(std::string_view text) {
    return std::ranges::any_of(kRefusals, [&](std::string_view refusal) {
        return model::starts_with_ignoring_case(text, refusal);
    });
}

// CTCP (RFC-like draft, https://modern.ircdocs.horse/ctcp): "\x01ACTION waves\x01" is said text,
// all else is talk between programs.
std::optional<std::string_view> said_text(std::string_view text) {
    if (!text.starts_with('\x01')) return text;
    constexpr std::string_view kAction =
        "\x01"
        "ACTION ";
    if (!text.starts_with(kAction)) return std::nullopt;
    text.remove_prefix(kAction.size());
    if (text.ends_with('\x01')) text.remove_suffix(1);
    return text;
}

std::int64_t to_number(std::string_view text) {
    std::int64_t out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc{} && end == text.data() + text.size() && out > 0 ? out : 0;
}

}  // namespace

Session::Session(SessionOptions options, JoinPacer& pacer, std::function<std::uint32_t()> random,
                 OnPost on_post)
    : options_(std::move(options)),
      pacer_(pacer),
      random_(std::move(random)),
      on_post_(std::move(on_post)) {
    for (const auto& name : options_.channels)
        channels_.push_back({name, {}, {}});
}

void Session::send(std::string_view line) {
    if (output_.size() + line.size() > kOutputLimit) {
        finish(SessionEnd::Kind::kLost, "the server does not read what we answer");
        return;
    }
    output_ += line;
    output_ += "\r\n";
}

void Session::finish(SessionEnd::Kind kind, std::string reason) {
    if (!end_) end_ = {kind, std::move(reason)};
}

void Session::send_nick() {
    nick_ = options_.username.empty() ? "justinfan" + std::to_string(10'000 + random_() % 90'000)
                                      : model::to_lower(options_.username);
    send("NICK " + nick_);
}

// All at once: Twitch wants the capabilities first, and an ordinary server holds registration back
// until CAP END, whether it granted, refused or did not understand the request.
void Session::open(TimePoint now) {
    registration_deadline_ = now + options_.registration_timeout;
    send("CAP REQ :twitch.tv/tags twitch.tv/commands");
    if (!options_.token.empty()) {
        const bool has_scheme = options_.token.starts_with("oauth:");
        send("PASS " + std::string(has_scheme ? "" : "oauth:") + options_.token);
    }
    send_nick();
    send("USER " + nick_ + " 0 * :streamwall");
    send("CAP END");
}

void Session::receive(std::string_view line, TimePoint now) {
    if (end_) return;
    const auto parsed = parse_irc(line);
    if (!parsed) return;
    const auto& message = *parsed;
    const auto command = message.command;
    if (model::is_digit(command[0])) {
        on_numeric(message, now);
    } else if (command == "PING") {
        send("PONG :" + std::string(message.last_param()));
    } else if (command == "PONG") {
        if (pong_deadline_ != TimePoint::max()) {
            pong_deadline_ = TimePoint::max();
            ping_at_ = now + options_.ping_interval;
        }
    } else if (command == "PRIVMSG") {
        on_privmsg(message);
    } else if (command == "NOTICE") {
        on_notice(message, now);
    } else if (command == "JOIN" && is_me(message.nick())) {
        if (auto* channel = find_channel(message.param(0)))
            channel->state = Channel::State::kJoined;
    } else if (command == "KICK" && is_me(message.param(1))) {
        retry_join(message.param(0), now + options_.rejoin_delay);
    } else if (command == "PART" && is_me(message.nick())) {
        retry_join(message.param(0), now + options_.rejoin_delay);
    } else if (command == "NICK" && is_me(message.nick())) {
        nick_ = message.param(0);
    } else if (command == "RECONNECT") {
        finish(SessionEnd::Kind::kReconnectAsked, "the server asked to reconnect");
    } else if (command == "ERROR") {
        finish(SessionEnd::Kind::kLost, "the server said: " + std::string(message.last_param()));
    }
}

// Numbers of RFC 2812 section 5.
void Session::on_numeric(const IrcMessage& message, TimePoint now) {
    const auto number = message.command;
    if (number == "001") {
        on_registered(message, now);
    } else if (number == "433" || number == "432" || number == "436") {  // nick in use or bad
        if (registered_) return;
        if (options_.username.empty() && number != "432") return send_nick();
        finish(SessionEnd::Kind::kLost,
               "the nick " + nick_ + " was refused: " + std::string(message.last_param()));
    } else if (number == "464" || number == "465") {  // password wrong, or banned
        finish(SessionEnd::Kind::kLoginRefused, std::string(message.last_param()));
    } else if (number == "403" || number == "405" || number == "437" ||
               (number >= "471" && number <= "477")) {  // a join that failed
        retry_join(message.param(1), now + options_.refused_delay);
    }
}

void Session::on_registered(const IrcMessage& message, TimePoint now) {
    if (registered_) return;
    registered_ = true;
    if (!message.param(0).empty() && message.param(0) != "*") nick_ = message.param(0);
    ping_at_ = now + options_.ping_interval;
    advance_joins(now);
}

void Session::on_notice(const IrcMessage& message, TimePoint now) {
    // Once registered, and from users, such words may be anybody's.
    if (!message.is_from_server()) return;
    if (!registered_ && is_refusal(message.last_param())) {
        finish(SessionEnd::Kind::kLoginRefused, std::string(message.last_param()));
        return;
    }
    const auto id = message.tag("msg-id").value_or("");
    if (id == "msg_banned" || id == "msg_channel_suspended" || id == "tos_ban") {
        retry_join(message.param(0), now + options_.refused_delay);
    }
}

void Session::on_privmsg(const IrcMessage& message) {
    const auto nick = message.nick();
    const auto text = said_text(message.param(1));
    if (!text || text->empty() || nick.empty() || is_me(nick)) return;
    const auto* channel = find_channel(message.param(0));
    if (channel == nullptr) return;  // whispers, channels that we did not ask for
    const auto display_name = message.tag("display-name").value_or("");
    Post post;
    post.channel = channel->name;
    post.user = display_name.empty() ? nick : std::string_view(display_name);
    post.user_id = message.tag("user-id").value_or("");
    if (post.user_id.empty()) post.user_id = nick;
    post.text = *text;
    post.message_id = message.tag("id").value_or("");
    post.sent_ms = to_number(message.tag("tmi-sent-ts").value_or(""));
    on_post_(post);
}

void Session::retry_join(std::string_view name, TimePoint due) {
    auto* channel = find_channel(name);
    if (channel == nullptr) return;
    channel->state = Channel::State::kWaiting;
    channel->due = due;
    joins_at_ = std::min(joins_at_, due);
}

void Session::advance(TimePoint now) {
    if (end_) return;
    if (!registered_) {
        if (now >= registration_deadline_) {
            finish(SessionEnd::Kind::kLost, "the server did not answer the log-in in time");
        }
        return;
    }
    advance_joins(now);
    advance_ping(now);
}

void Session::advance_joins(TimePoint now) {
    joins_at_ = TimePoint::max();
    for (auto& channel : channels_) {
        if (channel.state == Channel::State::kJoined) continue;
        if (channel.state == Channel::State::kJoining && channel.due <= now) {
            // Twitch does not answer a join of a channel that does not exist.
            channel.state = Channel::State::kWaiting;
            channel.due = now + options_.refused_delay;
        }
        if (channel.state == Channel::State::kWaiting && channel.due <= now) {
            const auto allowed = pacer_.next(now);
            if (allowed > now) {
                joins_at_ = std::min(joins_at_, allowed);
                continue;
            }
            pacer_.note(now);
            send("JOIN " + channel.name);
            channel.state = Channel::State::kJoining;
            channel.due = now + options_.join_timeout;
        }
        joins_at_ = std::min(joins_at_, channel.due);
    }
}

void Session::advance_ping(TimePoint now) {
    if (now >= pong_deadline_) {
        finish(SessionEnd::Kind::kLost, "the server did not answer a PING in time");
    } else if (now >= ping_at_) {
        send("PING :streamwall-" + std::to_string(++ping_count_));
        ping_at_ = TimePoint::max();
        pong_deadline_ = now + options_.ping_timeout;
    }
}

TimePoint Session::next_deadline() const {
    if (end_) return TimePoint::max();
    if (!registered_) return registration_deadline_;
    return std::min({joins_at_, ping_at_, pong_deadline_});
}

std::vector<std::string_view> Session::missing_channels() const {
    std::vector<std::string_view> out;
    for (const auto& channel : channels_) {
        if (channel.state != Channel::State::kJoined) out.push_back(channel.name);
    }
    return out;
}

Session::Channel* Session::find_channel(std::string_view name) {
    const auto found = std::ranges::find_if(channels_, [&](const Channel& channel) {
        return model::equals_ignoring_case(channel.name, name);
    });
    return found == channels_.end() ? nullptr : &*found;
}

bool Session::is_me(std::string_view nick) const {
    return model::equals_ignoring_case(nick, nick_);
}

}  // namespace streamwall::twitch
