// How a page of the journal is read.
#include "journal.hpp"

#include "subject.hpp"

#include <gtest/gtest.h>

namespace streamwall::jetstream {
namespace {

const std::string kEvent =
    R"({"id":"evt-1","type":"stream.created","version":"1.0","timestamp":"2026-01-31T12:34:56.789Z",)"
    R"("producer":"a@b","subject":"stream/1","sequence":7,"epoch":"e","data":{"id":"no \"one\""}})";

std::string page_of(const std::string& events) {
    return R"({"epoch":"e","first":3,"last":9,"through":7,"events":[)" + events + "]}";
}

TEST(APage, HasItsEventsWithTheirEnvelopesUntouched) {
    const auto page = parse_page(page_of(kEvent + "," + kEvent));
    ASSERT_TRUE(page);
    const auto& read = page.value();
    EXPECT_EQ(read.epoch, "e");
    EXPECT_EQ(read.first, 3u);
    EXPECT_EQ(read.last, 9u);
    EXPECT_EQ(read.through, 7u);
    ASSERT_EQ(read.events.size(), 2u);
    EXPECT_EQ(read.events[1].id, "evt-1");
    EXPECT_EQ(read.events[1].type, "stream.created");
    EXPECT_EQ(read.events[1].sequence, 7u);
    EXPECT_EQ(read.events[1].time_ms, 1'769'862'896'789);
    EXPECT_EQ(read.events[1].envelope, kEvent);
}

TEST(APage, MayBeEmpty) {
    const auto page = parse_page(page_of(""));
    ASSERT_TRUE(page);
    EXPECT_TRUE(page.value().events.empty());
}

TEST(APage, IsRefusedWhereItIsNone) {
    for (const auto& text :
         {std::string(), std::string("{}"), std::string("[]"), page_of("{}"), page_of("1"),
          page_of(R"({"id":"a","type":"b","sequence":1,"timestamp":"yesterday"})"),
          page_of(R"({"id":"a","type":"b","sequence":-1,"timestamp":"2026-01-31T12:34:56.789Z"})"),
          page_of(R"({"id":"a","type":"b","sequence":1,"timestamp":"2026-02-31T12:34:56.789Z"})"),
          std::string(R"({"epoch":"e","first":1,"last":2,"events":[]})")}) {
        EXPECT_FALSE(parse_page(text)) << text;
    }
}

TEST(ASubject, NamesJournalAndType) {
    EXPECT_EQ(event_subject("p.q", "3f-A_9", "stream.created"), "p.q.3f-A_9.stream.created");
    EXPECT_EQ(event_subject("p", "a.b *", "t"), "p.a%2Eb%20%2A.t");
    EXPECT_EQ(journal_pattern("p", "e>"), "p.e%3E.>");
}

}  // namespace
}  // namespace streamwall::jetstream
