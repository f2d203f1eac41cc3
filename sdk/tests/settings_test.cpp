// Reading of settings that the host has validated.
#include <streamwall/sdk/settings.hpp>

#include <gtest/gtest.h>

namespace {

// As many as the macro promises.
struct Large {
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y;
};

}  // namespace

STREAMWALL_SETTINGS(Large, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x,
                    y)

namespace streamwall {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds read_duration(std::string_view text) {
    std::chrono::milliseconds out{};
    detail::read(boost::json::value(text), out);
    return out;
}

TEST(ADuration, IsReadAsTheSchemasFormatDefinesIt) {
    EXPECT_EQ(read_duration("250ms"), 250ms);
    EXPECT_EQ(read_duration("5s"), 5s);
    EXPECT_EQ(read_duration("1m30s"), 90s);
    EXPECT_EQ(read_duration("24h"), 24h);
    EXPECT_EQ(read_duration("7d"), 168h);
    EXPECT_EQ(read_duration("1500us"), 1ms);
    EXPECT_EQ(read_duration("0s"), 0ms);
}

TEST(ADuration, OfAnotherShapeIsAnError) {
    for (const auto* text : {"", "5", "s", "5x", "5s3", "5 s", "-"}) {
        EXPECT_THROW(read_duration(text), std::invalid_argument) << text;
    }
}

TEST(Settings, MayHaveTwentyFiveFields) {
    const auto read = detail::SettingsTraits<Large>::read({{"a", 1}, {"y", 25}});
    EXPECT_EQ(read.a, 1);
    EXPECT_EQ(read.y, 25);
}

}  // namespace
}  // namespace streamwall
