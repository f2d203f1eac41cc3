// What became of a stream between two looks at it.
#include "follower.hpp"

#include <gtest/gtest.h>

namespace streamwall::jetstream {
namespace {

using namespace std::chrono_literals;
using Change = StreamChange;

constexpr std::int64_t kNow = 1'000'000'000'000'000;

StreamState holding(std::uint64_t first, std::uint64_t last) {
    StreamState out;
    out.created = 1;
    out.first = first;
    out.last = last;
    out.messages = last + 1 - first;
    out.bytes = out.messages * 100;
    out.last_time = kNow - std::chrono::nanoseconds(1s).count();
    return out;
}

TEST(AStream, IsComparedWithWhatItWasBefore) {
    struct Case {
        const char* name;
        StreamState before, after;
        Change change;
    };
    const auto anew = [] {
        auto out = holding(1, 10);
        out.created = 2;
        return out;
    };
    const auto limited = [](StreamState state, auto change) {
        change(state);
        return state;
    };
    const auto count = [](StreamState& state) { state.max_messages = 10; };
    const auto bytes = [](StreamState& state) { state.max_bytes = 1'000; };
    const auto roomy = [](StreamState& state) { state.max_bytes = 1'000'000; };
    const auto hour = [](StreamState& state) { state.max_age = 1h; };
    const auto second = [](StreamState& state) { state.max_age = 1s; };
    const auto aged = [](StreamState& state) {
        state.last_time = kNow - std::chrono::nanoseconds(1h).count();
    };
    const Case cases[] = {
        {"grew", holding(1, 10), holding(1, 20), Change::none},
        {"lost its begin", holding(1, 10), holding(9, 20), Change::none},
        {"another one", holding(1, 10), anew(), Change::made_anew},
        {"restored from a copy", holding(1, 10), holding(1, 9), Change::went_back},
        {"purged and idle", holding(1, 10), holding(11, 10), Change::purged},
        {"purged and written", holding(1, 10), holding(13, 20), Change::purged},
        {"empty and filled", holding(1, 0), holding(1, 20), Change::none},
        {"empty, filled, purged", holding(1, 0), holding(21, 20), Change::purged},
        {"still empty behind a purge", holding(11, 10), holding(11, 10), Change::none},
        {"full by count", holding(1, 10), limited(holding(11, 20), count), Change::none},
        {"full by bytes", holding(1, 10), limited(holding(11, 20), bytes), Change::none},
        {"not full", holding(1, 10), limited(holding(11, 20), roomy), Change::purged},
        {"younger than its limit", holding(1, 10), limited(holding(11, 10), hour), Change::purged},
        {"older than its limit", limited(holding(1, 10), aged), limited(holding(11, 10), hour),
         Change::none},
        {"forgets between looks", holding(1, 10), limited(holding(11, 20), second), Change::none},
    };
    for (const auto& each : cases) {
        EXPECT_EQ(change_between(each.before, each.after, 5s, kNow), each.change) << each.name;
    }
}

}  // namespace
}  // namespace streamwall::jetstream
