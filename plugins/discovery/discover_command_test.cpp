// The command line: lines in, JSON lines out.
#include "discover_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::discovery {
namespace {

// Runs the command with an input that comes in pieces of `step` bytes.
std::string run(const DiscoverArguments& arguments, std::string_view input = {},
                std::size_t step = 3) {
    std::string output;
    const CommandIo io{.read =
                           [&](std::span<char> into) {
                               const std::size_t count =
                                   std::min({step, into.size(), input.size()});
                               std::ranges::copy(input.substr(0, count), into.begin());
                               input.remove_prefix(count);
                               return count;
                           },
                       .write = [&](std::string_view text) { output += text; }};
    discover(arguments, Gazetteer::embedded(), io);
    return output;
}

constexpr std::string_view kNothing = "{\"streams\":[],\"skipped\":[]}\n";
constexpr std::string_view kFoo =
    "{\"streams\":[{\"url\":\"https://twitch.tv/foo\",\"platform\":\"twitch\",\"streamer\":\"foo\","
    "\"city\":null,\"state\":null,\"country\":null,\"confidence\":null}],\"skipped\":[]}\n";

std::string repeat(std::initializer_list<std::string_view> parts) {
    std::string all;
    for (const std::string_view part : parts)
        all += part;
    return all;
}

TEST(DiscoverCommand, PrintsOneObjectForItsArguments) {
    EXPECT_EQ(run({.text = {"watch", "twitch.tv/Foo", "now"}}), kFoo);
    EXPECT_EQ(run({.text = {""}}), kNothing);
    EXPECT_EQ(run({.text = {"twitch.tv/foo\n\ntwitch.tv/foo"}}), repeat({kFoo, kNothing, kFoo}));
}

TEST(DiscoverCommand, PrintsOneObjectForEveryLineOfItsInput) {
    for (const std::size_t step : {1, 3, 1000}) {
        EXPECT_EQ(run({.from_stdin = true}, "twitch.tv/foo\n\nhello\r\ntwitch.tv/foo", step),
                  repeat({kFoo, kNothing, kNothing, kFoo}));
    }
    EXPECT_EQ(run({.from_stdin = true}, ""), "");
    EXPECT_EQ(run({.from_stdin = true}, "\n"), kNothing);
}

TEST(DiscoverCommand, PrintsNumbersAsPeopleSayThem) {
    EXPECT_EQ(run({.text = {"Seattle, WA twitch.tv/Foo"}}),
              "{\"streams\":[{\"url\":\"https://twitch.tv/foo\",\"platform\":\"twitch\","
              "\"streamer\":\"foo\",\"city\":\"Seattle\",\"state\":\"WA\",\"country\":\"US\","
              "\"confidence\":0.95}],\"skipped\":[]}\n");
}

TEST(DiscoverCommand, ExplainsPlaces) {
    EXPECT_EQ(run({.text = {"NYC"}, .explain = true}),
              "{\"streams\":[],\"skipped\":[],\"places\":[{\"text\":\"NYC\",\"city\":\"New York "
              "City\",\"state\":\"NY\",\"country\":\"US\",\"form\":\"nickname\"}]}\n");
}

TEST(DiscoverCommand, PrintsWellFormedTextWhateverItReads) {
    EXPECT_EQ(run({.text = {"https://\xff.example/"}}),
              "{\"streams\":[],\"skipped\":[{\"text\":\"https://\uFFFD.example/\",\"reason\":"
              "\"idn_host\"}]}\n");
}

}  // namespace
}  // namespace streamwall::discovery
