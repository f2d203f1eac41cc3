// Links in messages, case by case from testdata/links.tsv.
#include "link_scanner.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "corpus.hpp"

namespace streamwall::discovery {
namespace {

std::string urls(const LinkScan& scan) {
    std::string all;
    for (const FoundLink& link : scan.links)
        all += (all.empty() ? "" : " ; ") + link.link.url;
    return all;
}

std::string reasons(const LinkScan& scan) {
    std::string all;
    for (const SkippedLink& link : scan.skipped) {
        all += all.empty() ? "" : " ; ";
        all += model::skip_reason_name(link.reason);
    }
    return all;
}

TEST(LinkScanner, FindsWhatTheCorpusSays) {
    const auto cases = corpus::read("links.tsv");
    EXPECT_GE(cases.size(), 120u);
    for (const corpus::Case& row : cases) {
        SCOPED_TRACE("links.tsv:" + std::to_string(row.line) + " " + row.columns[0]);
        const LinkScan scan = scan_links(row.columns[0]);
        EXPECT_EQ(urls(scan), row.columns[1]);
        EXPECT_EQ(reasons(scan), row.columns[2]);
    }
}

TEST(LinkScanner, ReportsWhereALinkStands) {
    const std::string text = "see (https://twitch.tv/foo), or twitch.tv/directory!";
    const LinkScan scan = scan_links(text);
    ASSERT_EQ(scan.links.size(), 1u);
    EXPECT_EQ(text.substr(scan.links[0].at.begin, scan.links[0].at.length),
              "https://twitch.tv/foo");
    ASSERT_EQ(scan.skipped.size(), 1u);
    EXPECT_EQ(text.substr(scan.skipped[0].at.begin, scan.skipped[0].at.length),
              "twitch.tv/directory");
}

TEST(LinkScanner, CoversRepeatedLinksToo) {
    EXPECT_EQ(scan_links("twitch.tv/a twitch.tv/a").covered.size(), 2u);
}

TEST(LinkScanner, StaysLinearOnHostileText) {
    for (const std::string_view piece :
         {"https://", "twitch.tv/", "a.b/,", "youtube.com/watch?a=(", "https://a@", "[(<", "a.b.c.",
          "https://h.example/a.m3u8,", "https://h.example/a.m3u8?a=(",
          "\xF0\x9F\x94\xA5twitch.tv"}) {
        std::string text;
        while (text.size() < 200'000)
            text += piece;
        const auto start = std::chrono::steady_clock::now();
        scan_links(text);
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << piece;
    }
}

}  // namespace
}  // namespace streamwall::discovery
