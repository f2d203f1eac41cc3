// Times: one form out, every RFC 3339 form in.
#include "streamwall/model/rfc3339.hpp"

#include <gtest/gtest.h>

namespace streamwall::model {
namespace {

TEST(Time, IsWrittenInUtcWithMilliseconds) {
    EXPECT_EQ(format_time(UtcTime()), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(format_time(UtcTime(std::chrono::milliseconds(1769862896789))),
              "2026-01-31T12:34:56.789Z");
    EXPECT_EQ(format_time(UtcTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(Time, IsReadInEveryFormOfRfc3339) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"2026-01-31T12:34:56.789Z", "2026-01-31T12:34:56.789Z"},
        {"2026-01-31t12:34:56z", "2026-01-31T12:34:56.000Z"},
        {"2026-01-31 12:34:56Z", "2026-01-31T12:34:56.000Z"},
        {"2026-01-31T12:34:56.7899999Z", "2026-01-31T12:34:56.789Z"},
        {"2026-01-31T12:34:56.5+02:00", "2026-01-31T10:34:56.500Z"},
        {"2026-01-31T23:34:56-08:30", "2026-02-01T08:04:56.000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
    };
    for (const auto& [text, expected] : rows) {
        const auto time = parse_time(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(format_time(*time), expected) << text;
    }
}

TEST(Time, IsNothingElse) {
    for (const auto text :
         {"", "2026", "2026-01-31", "2026-01-31T12:34Z", "2026-01-31T12:34:56",
          "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
          "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:34:61Z",
          "2026-01-31T12:34:56.Z", "2026-01-31T12:34:56+0200", "2026-01-31T12:34:56Zx",
          " 2026-01-31T12:34:56Z", "+2026-01-31T12:34:56Z", "0000-01-01T00:00:00+01:00",
          "9999-12-31T23:59:59-01:00"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

}  // namespace
}  // namespace streamwall::model
