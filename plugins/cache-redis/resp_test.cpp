#include "resp.hpp"

#include <gtest/gtest.h>

namespace streamwall::redis {
namespace {

using namespace std::string_view_literals;

TEST(ACommand, HasItsArgumentsWithTheirLengths) {
    std::string out;
    Command("SET")
        .arg("key")
        .arg(std::string_view("\r\n\0", 3))
        .arg(std::int64_t{-5})
        .append_to(out);
    EXPECT_EQ(out,
              std::string_view("*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\n\r\n\0\r\n$2\r\n-5\r\n", 39));
}

TEST(AReplyReader, CutsAStreamHoweverItArrives) {
    constexpr std::string_view kStream =
        "+OK\r\n:42\r\n$-1\r\n$5\r\na\r\nbc\r\n*2\r\n$1\r\nx\r\n*1\r\n:7\r\n-ERR no\r\n";
    for (std::size_t step = 1; step <= kStream.size(); ++step) {
        ReplyReader reader;
        std::vector<Reply> replies;
        for (std::size_t at = 0; at < kStream.size(); at += step) {
            reader.feed(kStream.substr(at, step));
            for (;;) {
                auto next = reader.next();
                ASSERT_TRUE(next);
                if (!*next) break;
                replies.push_back(std::move(**next));
            }
        }
        ASSERT_EQ(replies.size(), 6u) << "in steps of " << step;
        EXPECT_EQ(replies[0].view().text(), "OK");
        EXPECT_EQ(replies[1].view().integer(), 42);
        EXPECT_TRUE(replies[2].view().is_nil());
        EXPECT_EQ(replies[3].view().text(), "a\r\nbc");
        EXPECT_EQ(replies[4].view().at(1).at(0).integer(), 7);
        EXPECT_TRUE(replies[4].view().at(2).is_nil());
        EXPECT_TRUE(replies[5].view().is_error());
    }
}

TEST(AReplyReader, RefusesWhatIsNoRedis) {
    ReplyReader reader;
    reader.feed("HTTP/1.1 400 Bad Request\r\n\r\n");
    EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace streamwall::redis
