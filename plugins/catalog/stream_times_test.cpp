#include "stream_times.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::catalog {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kNow = 1'767'268'800'000;
constexpr std::string_view kNowText = "2026-01-01T12:00:00.000Z";

struct Case {
    const char* what;
    const char* before;  // members that differ from a new record; null: there is none yet
    const char* values;
    const char* times;
};

std::string record(std::string_view members) {
    bj::object out{{"id", 1},
                   {"url", "https://twitch.tv/a"},
                   {"status", "unknown"},
                   {"archived", false},
                   {"last_checked_at", nullptr},
                   {"last_live_at", nullptr},
                   {"started_at", nullptr},
                   {"ended_at", nullptr}};
    for (const auto& member : bj::parse(members).as_object())
        out[member.key()] = member.value();
    return bj::serialize(out);
}

const Case kCases[] = {
    {"a new stream that nobody looked at has no times", nullptr,
     R"({"status":"unknown","archived":false})", "{}"},
    {"one that is being checked has none yet", nullptr, R"({"status":"checking"})", "{}"},
    {"one that is live was checked, and began", nullptr, R"({"status":"live"})",
     R"({"last_checked_at":"NOW","last_live_at":"NOW","started_at":"NOW","ended_at":null})"},
    {"one that is offline was checked", nullptr, R"({"status":"offline"})",
     R"({"last_checked_at":"NOW"})"},
    {"so was one that is in error", nullptr, R"({"status":"error"})",
     R"({"last_checked_at":"NOW"})"},
    {"a null of a new stream is no time", nullptr, R"({"status":"error","last_checked_at":null})",
     R"({"last_checked_at":"NOW"})"},
    {"a check is of the time that it says", nullptr,
     R"({"status":"live","last_checked_at":"2025-05-05T00:00:00.000Z"})",
     R"({"last_live_at":"2025-05-05T00:00:00.000Z","started_at":"2025-05-05T00:00:00.000Z",)"
     R"("ended_at":null})"},
    {"what is given stays", nullptr,
     R"({"status":"live","last_live_at":"2025-01-01T00:00:00.000Z",)"
     R"("started_at":"2024-01-01T00:00:00.000Z","ended_at":"2025-02-01T00:00:00.000Z"})",
     R"({"last_checked_at":"NOW"})"},
    {"a null of a change is a value", "{}",
     R"({"status":"live","last_checked_at":null,"started_at":null})",
     R"({"last_live_at":"NOW","ended_at":null})"},
    {"the same status again is no step", R"({"status":"live"})", R"({"status":"live"})", "{}"},
    {"a title is none", R"({"status":"live"})", R"({"title":"x"})", "{}"},
    {"a stream that is live again began when it began",
     R"({"status":"offline","started_at":"2025-01-01T00:00:00.000Z",)"
     R"("ended_at":"2025-01-02T00:00:00.000Z"})",
     R"({"status":"live"})", R"({"last_checked_at":"NOW","last_live_at":"NOW","ended_at":null})"},
    {"what has been live ends offline",
     R"({"status":"live","last_live_at":"2025-01-01T00:00:00.000Z",)"
     R"("started_at":"2025-01-01T00:00:00.000Z"})",
     R"({"status":"offline"})", R"({"last_checked_at":"NOW","ended_at":"NOW"})"},
    {"even where something else was between",
     R"({"status":"error","started_at":"2025-01-01T00:00:00.000Z"})", R"({"status":"offline"})",
     R"({"last_checked_at":"NOW","ended_at":"NOW"})"},
    {"not before it began", R"({"status":"live","started_at":"2026-02-01T00:00:00.000Z"})",
     R"({"status":"offline","last_checked_at":"2025-01-01T00:00:00.000Z"})",
     R"({"ended_at":"2026-02-01T00:00:00.000Z"})"},
    {"what was never live has no end", R"({"status":"checking"})", R"({"status":"offline"})",
     R"({"last_checked_at":"NOW"})"},
    {"an error is no end", R"({"status":"live","started_at":"2025-01-01T00:00:00.000Z"})",
     R"({"status":"error"})", R"({"last_checked_at":"NOW"})"},
    {"a check that has begun is none yet", R"({"status":"live"})", R"({"status":"checking"})",
     "{}"},
    {"the archive ends what was checked with that",
     R"({"status":"offline","last_checked_at":"2025-01-01T00:00:00.000Z"})", R"({"archived":true})",
     R"({"ended_at":"2025-01-01T00:00:00.000Z"})"},
    {"what was never checked, now", "{}", R"({"archived":true})", R"({"ended_at":"NOW"})"},
    {"what is live, now", R"({"status":"live","last_checked_at":"2025-01-01T00:00:00.000Z"})",
     R"({"archived":true})", R"({"ended_at":"NOW"})"},
    {"it keeps an end that is there",
     R"({"status":"offline","ended_at":"2025-01-01T00:00:00.000Z"})", R"({"archived":true})", "{}"},
    {"into the archive again is no step", R"({"archived":true})", R"({"archived":true})", "{}"},
    {"back from the archive, what is offline has ended",
     R"({"archived":true,"status":"offline","last_checked_at":"2025-01-01T00:00:00.000Z",)"
     R"("ended_at":"2025-01-01T00:00:00.000Z"})",
     R"({"archived":false})", R"({"last_checked_at":"NOW"})"},
    {"what is not goes on",
     R"({"archived":true,"status":"live","last_checked_at":"2025-01-01T00:00:00.000Z",)"
     R"("ended_at":"2025-01-01T00:00:00.000Z"})",
     R"({"archived":false})", R"({"last_checked_at":"NOW","ended_at":null})"},
    {"what was never checked stays so", R"({"archived":true,"ended_at":null})",
     R"({"archived":false})", R"({"ended_at":null})"},
    {"a new stream may be one of the archive", nullptr, R"({"status":"offline","archived":true})",
     R"({"last_checked_at":"NOW","ended_at":"NOW"})"},
};

TEST(StreamTimes, FollowFromWhatBecomesOfAStream) {
    for (const auto& [what, before, values, times] : kCases) {
        std::string expected(times);
        for (auto at = expected.find("NOW"); at != expected.npos; at = expected.find("NOW"))
            expected.replace(at, 3, kNowText);
        const auto text = before == nullptr ? std::string() : record(before);
        const auto given = bj::parse(values).as_object();
        EXPECT_EQ(bj::value(times_of_step(text, given, kNow)), bj::parse(expected)) << what;
    }
}

}  // namespace
}  // namespace streamwall::catalog
