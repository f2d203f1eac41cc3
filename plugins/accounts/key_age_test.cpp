#include "key_age.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace streamwall::accounts {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;

constexpr std::int64_t kEnd = 1'769'860'800'000;  // 2026-01-31T12:00:00Z
constexpr std::int64_t kDay = 86'400'000;

bj::object key_with(const bj::object& more = {}) {
    bj::object key{{"created_at", "2025-11-02T12:00:00.000Z"},
                   {"expires_at", "2026-01-31T12:00:00.000Z"},
                   {"revoked_at", nullptr},
                   {"rotated_at", nullptr},
                   {"fixed_end", false}};
    for (const auto& member : more)
        key[member.key()] = member.value();
    return key;
}

TEST(KeyAge, LeadsFromDueToOverdueToTheEnd) {
    const KeyPolicy policy{.warning = 24h * 14, .grace = 24h * 7};
    const std::pair<std::int64_t, KeyState> cases[] = {
        {kEnd - 90 * kDay, KeyState::kActive},
        {kEnd - 14 * kDay - 1, KeyState::kActive},
        {kEnd - 14 * kDay, KeyState::kDue},
        {kEnd - 1, KeyState::kDue},
        {kEnd, KeyState::kOverdue},
        {kEnd + 7 * kDay - 1, KeyState::kOverdue},
        {kEnd + 7 * kDay, KeyState::kEnded},
    };
    for (const auto& [now, state] : cases)
        EXPECT_EQ(to_string(state_of(key_with(), policy, now)), to_string(state)) << now;
    EXPECT_EQ(refused_from(key_with(), policy), kEnd + 7 * kDay);
}

TEST(KeyAge, KnowsNoGraceByDefaultNorWhereTheMakerNamedTheEnd) {
    const KeyPolicy strict{.warning = 24h * 14};
    EXPECT_EQ(refused_from(key_with(), strict), kEnd);
    EXPECT_EQ(state_of(key_with(), strict, kEnd), KeyState::kEnded);
    const KeyPolicy mild{.warning = 24h * 14, .grace = 24h};
    const auto fixed = key_with({{"fixed_end", true}});
    EXPECT_EQ(refused_from(fixed, mild), kEnd);
    EXPECT_EQ(state_of(fixed, mild, kEnd), KeyState::kEnded);
    const auto revoked = key_with({{"revoked_at", "2025-12-01T00:00:00.000Z"}});
    EXPECT_EQ(state_of(revoked, mild, kEnd - 60 * kDay), KeyState::kRevoked);
}

TEST(KeyAge, IsThatOfTheSecretInWholeDays) {
    EXPECT_EQ(age_days(key_with(), kEnd - 90 * kDay), 0);
    EXPECT_EQ(age_days(key_with(), kEnd - 1), 89);
    EXPECT_EQ(age_days(key_with(), kEnd), 90);
    EXPECT_EQ(age_days(key_with({{"rotated_at", "2026-01-30T12:00:00.000Z"}}), kEnd), 1);
    EXPECT_EQ(age_days(key_with(), kEnd - 200 * kDay), 0) << "clocks may differ";
}

}  // namespace
}  // namespace streamwall::accounts
