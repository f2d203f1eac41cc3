// Whole messages: links with their places.
#include "finder.hpp"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "corpus.hpp"

namespace streamwall::discovery {
namespace {

std::string shown(const std::optional<Place>& place) {
    return place ? place->city + "/" + place->state + "/" + place->country : "";
}

Findings find(std::string_view message, std::string_view hint = {}) {
    return find_streams(message, Gazetteer::embedded(), hint);
}

TEST(Finder, ReadsPlacesAsTheCorpusSays) {
    const auto cases = corpus::read("places.tsv");
    EXPECT_GE(cases.size(), 120u);
    for (const corpus::Case& row : cases) {
        SCOPED_TRACE("places.tsv:" + std::to_string(row.line) + " " + row.columns[0]);
        const Findings findings = find(row.columns[0] + " twitch.tv/x");
        ASSERT_EQ(findings.streams.size(), 1u);
        EXPECT_EQ(shown(findings.streams[0].place), row.columns[1]);
    }
}

TEST(Finder, GivesEachStreamThePlaceThatGoesWithIt) {
    for (const corpus::Case& row : corpus::read("messages.tsv")) {
        SCOPED_TRACE("messages.tsv:" + std::to_string(row.line) + " " + row.columns[0]);
        std::string all;
        for (const FoundStream& stream : find(row.columns[0]).streams) {
            all += (all.empty() ? "" : " ; ") + stream.url;
            if (stream.place) all += " @ " + shown(stream.place);
        }
        EXPECT_EQ(all, row.columns[1]);
    }
}

TEST(Finder, UsesTheHintOnlyWhereTheMessageNamesNoPlace) {
    EXPECT_EQ(shown(find("twitch.tv/a", "Denver, CO").streams[0].place), "Denver/CO/US");
    EXPECT_EQ(shown(find("Seattle twitch.tv/a", "Denver, CO").streams[0].place), "Seattle/WA/US");
    EXPECT_EQ(shown(find("Seattle, WA or Boston, MA twitch.tv/a", "Denver, CO").streams[0].place),
              "");
    EXPECT_EQ(shown(find("twitch.tv/a", "nowhere").streams[0].place), "");
}

TEST(Finder, IsSurerOfAPairThanOfABareCity) {
    const auto sure = [](std::string_view text) { return *find(text).streams[0].confidence; };
    EXPECT_GT(sure("Seattle, WA twitch.tv/a"), sure("NYC twitch.tv/a"));
    EXPECT_GT(sure("NYC twitch.tv/a"), sure("Seattle twitch.tv/a"));
    EXPECT_GT(sure("Seattle twitch.tv/a"), *find("twitch.tv/a", "Seattle").streams[0].confidence);
}

TEST(Finder, PrintsNullForWhatWasNotFound) {
    EXPECT_EQ(boost::json::serialize(to_json(find("youtu.be/dQw4w9WgXcQ twitch.tv/videos/1"))),
              R"({"streams":[{"url":"https://youtube.com/watch?v=dQw4w9WgXcQ",)"
              R"("platform":"youtube","streamer":null,"city":null,"state":null,"country":null,)"
              R"("confidence":null}],"skipped":[{"text":"twitch.tv/videos/1",)"
              R"("reason":"recording"}]})");
    EXPECT_EQ(boost::json::serialize(to_json(find("Seattle, WA twitch.tv/Foo"))),
              R"({"streams":[{"url":"https://twitch.tv/foo","platform":"twitch",)"
              R"("streamer":"foo","city":"Seattle","state":"WA","country":"US",)"
              R"("confidence":9.5E-1}],"skipped":[]})");
    EXPECT_EQ(boost::json::serialize(to_json(find(""))), R"({"streams":[],"skipped":[]})");
}

}  // namespace
}  // namespace streamwall::discovery
