#include "key_age.hpp"

#include <streamwall/model/rfc3339.hpp>
#include <streamwall/records/store.hpp>

#include <algorithm>

namespace streamwall::accounts {

namespace bj = boost::json;

std::string_view to_string(KeyState state) {
    switch (state) {
        case KeyState::kActive:
            return "active";
        case KeyState::kDue:
            return "due";
        case KeyState::kOverdue:
            return "overdue";
        case KeyState::kEnded:
            return "ended";
        case KeyState::kRevoked:
            return "revoked";
    }
    return "unknown";
}

std::optional<std::int64_t> time_at(const bj::object& record, std::string_view name) {
    const auto time = model::parse_time(records::text_at(record, name));
    if (!time) return std::nullopt;
    return time->time_since_epoch().count();
}

std::int64_t refused_from(const bj::object& key, const KeyPolicy& policy) {
    const auto end = time_at(key, "expires_at").value_or(0);
    return records::flag_at(key, "fixed_end") ? end : end + policy.grace.count();
}

KeyState state_of(const bj::object& key, const KeyPolicy& policy, std::int64_t now) {
    if (time_at(key, "revoked_at")) return KeyState::kRevoked;
    const auto end = time_at(key, "expires_at").value_or(0);
    if (refused_from(key, policy) <= now) return KeyState::kEnded;
    if (end <= now) return KeyState::kOverdue;
    return end - policy.warning.count() <= now ? KeyState::kDue : KeyState::kActive;
}

std::int64_t age_days(const bj::object& key, std::int64_t now) {
    constexpr std::int64_t kDay = 86'400'000;
    const auto made = time_at(key, "rotated_at").value_or(time_at(key, "created_at").value_or(now));
    return std::max<std::int64_t>(now - made, 0) / kDay;
}

}  // namespace streamwall::accounts
