// What becomes of a chat message: which of its streams are worth telling, and why the rest is not.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "finder.hpp"
#include "ignore_rules.hpp"
#include "seen_cache.hpp"
#include "sender_limiter.hpp"

namespace streamwall::discovery {

struct IntakeOptions {
    std::size_t max_message_bytes = 8192;
    SenderLimit limit = {};
    std::size_t seen_capacity = 10'000;
    std::chrono::nanoseconds seen_for = std::chrono::minutes(10);
    std::string place_hint = {};
};

// Borrowed from the event during the call.
struct ChatMessage {
    std::string_view source;
    std::string_view user;
    std::string_view user_id;
    std::string_view text;
    std::string_view place_hint = {};  // beside the one of the options
};

// Why something was passed over, beside the reasons that lie in a link itself.
enum class Drop { kTooLong, kIgnoredUser, kRateLimited, kIgnoredUrl, kRepeated };
inline constexpr std::array<std::string_view, 5> kDropNames = {
    "message_too_long", "ignored_user", "rate_limited", "ignored_url", "repeated"};

struct Intaken {
    std::vector<FoundStream> streams;  // to be announced, in text order
    std::vector<SkippedText> skipped;
    std::vector<Drop> drops;  // one for each message or stream that was passed over
};

// A message by somebody who wants to know what becomes of each link.
struct Judged {
    std::vector<FoundStream> streams;  // in text order
    // What keeps them from being taken: all of them, or the one in the same place.
    std::optional<Drop> drop;
    std::vector<std::optional<Drop>> drops;
    std::vector<bool> repeated;  // went through lately
    std::vector<SkippedText> skipped;
};

// Not synchronised: for one strand. Times are a monotonic clock's.
class Intake {
  public:
    using Time = std::chrono::nanoseconds;

    Intake(IntakeOptions options, IgnoreRules rules, Gazetteer gazetteer);

    // Each stream of the result is under way until settle() is called for it; meanwhile further
    // messages do not announce it again.
    Intaken take(const ChatMessage& message, Time now);
    // The same rules, but nothing is passed over silently, and nothing is under way afterwards.
    // Users on the list of any source are ignored, as it is not known where the message was
    // written.
    Judged judge(const ChatMessage& message, Time now);
    // `accepted`: the announcement is safe, so repeats are dropped for a while. Otherwise the next
    // message that names the stream announces it anew.
    void settle(std::string_view url, bool accepted, Time now);
    // Counts from the next message on.
    void set_rules(IgnoreRules rules) { rules_ = std::move(rules); }
    // The stream went away (archived, deleted): the next message about it counts again.
    void forget(std::string_view url) { seen_.forget(url); }

  private:
    Findings find(const ChatMessage& message) const;
    bool drop_stream(const FoundStream& stream, Intaken& result, Time now);

    IntakeOptions options_;
    IgnoreRules rules_;
    Gazetteer gazetteer_;
    SenderLimiter limiter_;
    SeenCache seen_;
    std::unordered_set<std::string> under_way_;
};

}  // namespace streamwall::discovery
