// The filters, cheapest first.
#include "intake.hpp"

#include <algorithm>
#include <utility>

namespace streamwall::discovery {
namespace {
constexpr std::array<std::string_view, 2> kSourcesWithLists = {"twitch", "discord"};
}  // namespace

Intake::Intake(IntakeOptions options, IgnoreRules rules, Gazetteer gazetteer)
    : options_(std::move(options)),
      rules_(std::move(rules)),
      gazetteer_(gazetteer),
      limiter_(options_.limit),
      seen_(options_.seen_capacity, options_.seen_for) {}

Intaken Intake::take(const ChatMessage& message, Time now) {
    Intaken result;
    if (message.text.size() > options_.max_message_bytes) {
        result.drops.push_back(Drop::kTooLong);
        return result;
    }
    Findings findings = find(message);
    result.skipped = std::move(findings.skipped);
    if (findings.streams.empty()) return result;
    if (rules_.ignores_user(message.source, message.user) ||
        rules_.ignores_user(message.source, message.user_id)) {
        result.drops.push_back(Drop::kIgnoredUser);
        return result;
    }
    const std::string sender = std::string(message.source) + '/' + std::string(message.user_id);
    if (!limiter_.allow(sender, now)) {
        result.drops.push_back(Drop::kRateLimited);
        return result;
    }
    for (FoundStream& stream : findings.streams) {
        if (drop_stream(stream, result, now)) continue;
        under_way_.insert(stream.url);
        result.streams.push_back(std::move(stream));
    }
    return result;
}

Judged Intake::judge(const ChatMessage& message, Time now) {
    Judged result;
    Findings findings = find(message);
    result.skipped = std::move(findings.skipped);
    result.streams = std::move(findings.streams);
    if (result.streams.empty()) return result;
    const auto is_ignored = [&](std::string_view source) {
        return rules_.ignores_user(source, message.user);
    };
    if (is_ignored(message.source) || std::ranges::any_of(kSourcesWithLists, is_ignored)) {
        result.drop = Drop::kIgnoredUser;
        return result;
    }
    const std::string sender = std::string(message.source) + '/' + std::string(message.user_id);
    if (!limiter_.allow(sender, now)) {
        result.drop = Drop::kRateLimited;
        return result;
    }
    for (const FoundStream& stream : result.streams) {
        const bool is_ignored_url = rules_.ignores_url(stream.url);
        result.drops.push_back(is_ignored_url ? std::optional(Drop::kIgnoredUrl) : std::nullopt);
        result.repeated.push_back(seen_.contains(stream.url, now));
    }
    return result;
}

Findings Intake::find(const ChatMessage& message) const {
    const auto hint =
        message.place_hint.empty() ? std::string_view(options_.place_hint) : message.place_hint;
    return find_streams(message.text, gazetteer_, hint);
}

bool Intake::drop_stream(const FoundStream& stream, Intaken& result, Time now) {
    if (rules_.ignores_url(stream.url)) {
        result.drops.push_back(Drop::kIgnoredUrl);
        return true;
    }
    if (under_way_.contains(stream.url) || seen_.contains(stream.url, now)) {
        result.drops.push_back(Drop::kRepeated);
        return true;
    }
    return false;
}

void Intake::settle(std::string_view url, bool accepted, Time now) {
    under_way_.erase(std::string(url));
    if (accepted) seen_.remember(url, now);
}

}  // namespace streamwall::discovery
