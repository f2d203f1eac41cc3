#include "journal_cursor.hpp"

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::rest_api {
namespace {

std::string event(int sequence, const std::string& type = "stream.created") {
    return R"({"type":")" + type + R"(","sequence":)" + std::to_string(sequence) + "}";
}
std::string sent(int sequence, const std::string& type = "stream.created") {
    return "id: e1:" + std::to_string(sequence) + "\ndata: " + event(sequence, type) + "\n\n";
}
// A page of the store.
Result<Buffer> page(const std::string& events, int first, int last, int through,
                    const std::string& epoch = "e1") {
    return Buffer(R"({"epoch":")" + epoch + R"(","first":)" + std::to_string(first) +
                  R"(,"last":)" + std::to_string(last) + R"(,"through":)" +
                  std::to_string(through) + R"(,"events":[)" + events + "]}");
}
std::string reset(const std::string& reason, const std::string& place) {
    return "id: " + place + "\nevent: reset\ndata: {\"reason\":\"" + reason + "\",\"after\":\"" +
           place + "\"}\n\n";
}

class Cursor : public ::testing::Test {
  protected:
    static JournalCursor behind(const std::string& epoch, int sequence) {
        return {JournalPlace{epoch, sequence}, "", true};
    }
};

TEST_F(Cursor, BeginsWithWhatHappensFromNowOn) {
    JournalCursor cursor(std::nullopt, R"(["stream.*"])", true);
    EXPECT_EQ(cursor.request().view(),
              R"({"after":9007199254740991,"limit":200,"types":["stream.*"]})");
    ASSERT_TRUE(cursor.take(page("", 1, 7, 7)));
    EXPECT_FALSE(cursor.is_behind());
    EXPECT_EQ(cursor.take_text(), "");
    EXPECT_EQ(cursor.request().view(), R"({"after":7,"limit":200,"types":["stream.*"]})");
}

TEST_F(Cursor, SendsWhatIsBehindAPlacePageByPage) {
    auto cursor = behind("e1", 2);
    EXPECT_EQ(cursor.request().view(), R"({"after":2,"limit":200})");
    ASSERT_TRUE(cursor.take(page(event(3) + "," + event(4), 1, 5, 4)));
    EXPECT_TRUE(cursor.is_behind());
    EXPECT_EQ(cursor.take_text(), sent(3) + sent(4));
    ASSERT_TRUE(cursor.take(page(event(5), 1, 5, 5)));
    EXPECT_FALSE(cursor.is_behind());
    EXPECT_EQ(cursor.take_text(), sent(5));
    EXPECT_EQ(cursor.place(), (JournalPlace{"e1", 5}));
}

TEST_F(Cursor, LeavesOutWhatTellsOfUsersForAllButAdministrators) {
    for (const bool is_admin : {false, true}) {
        JournalCursor cursor(JournalPlace{"e1", 2}, "", is_admin);
        ASSERT_TRUE(cursor.take(page(event(3, "user.registered") + "," + event(4), 1, 4, 4)));
        EXPECT_EQ(cursor.take_text(), (is_admin ? sent(3, "user.registered") : "") + sent(4));
    }
}

TEST_F(Cursor, SaysWhyItsPlaceIsGoneAndGoesOnWithTheOldestThatIsKept) {
    auto other = behind("e0", 5);
    ASSERT_TRUE(other.take(page(event(6), 3, 9, 6)));
    EXPECT_EQ(other.take_text(), reset("another_journal", "e1:2"));
    EXPECT_EQ(other.request().view(), R"({"after":2,"limit":200})");
    EXPECT_TRUE(other.is_behind());

    auto trimmed = behind("e1", 1);
    ASSERT_TRUE(trimmed.take(Error{SW_OUT_OF_RANGE, "gone", {}, R"({"first":3,"last":9})"}));
    EXPECT_EQ(trimmed.take_text(), reset("trimmed", "e1:2"));
    ASSERT_TRUE(trimmed.take(page(event(3), 3, 3, 3)));
    EXPECT_EQ(trimmed.take_text(), sent(3));

    auto ahead = behind("e1", 12);
    ASSERT_TRUE(ahead.take(page("", 1, 9, 12)));
    EXPECT_EQ(ahead.take_text(), reset("ahead_of_journal", "e1:0"));
}

TEST_F(Cursor, SeesAJournalThatIsReplacedWhileItReads) {
    auto cursor = behind("e1", 2);
    ASSERT_TRUE(cursor.take(page(event(3), 1, 3, 3)));
    EXPECT_EQ(cursor.take_text(), sent(3));
    ASSERT_TRUE(cursor.take(page("", 1, 8, 8, "e2")));
    EXPECT_EQ(cursor.take_text(), reset("another_journal", "e2:0"));
}

TEST_F(Cursor, TellsInSilenceWhatHasPassedUnseen) {
    JournalCursor cursor(JournalPlace{"e1", 2}, R"(["user.*"])", true);
    EXPECT_EQ(cursor.beat(), ":\n\n");
    ASSERT_TRUE(cursor.take(page("", 1, 8, 8)));
    EXPECT_EQ(cursor.beat(), "id: e1:8\n\n");
    EXPECT_EQ(cursor.beat(), ":\n\n");
}

TEST_F(Cursor, EndsWhereTheStoreIsAway) {
    auto cursor = behind("e1", 2);
    EXPECT_FALSE(cursor.take(Error::unavailable("away")));
    EXPECT_EQ(cursor.take_text(), "");
}

}  // namespace
}  // namespace streamwall::rest_api
