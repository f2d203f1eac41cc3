// Sockets, paths and lines, without a server.
#include "runtime/control/line_socket.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace streamwall::control {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Sockets : public testing::Test {
  protected:
    exec::testing::TemporaryFolder folder{"control"};
};

struct Pair {
    Descriptor left, right;
};

Pair connected_pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()), 0);
    return {Descriptor(fds[0]), Descriptor(fds[1])};
}

TEST_F(Sockets, AreForTheirOwnerAlone) {
    const auto socket = listen_unix(folder / "s");
    ASSERT_TRUE(socket) << socket.error().message;
    struct stat info{};
    ASSERT_EQ(::stat((folder / "s").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(Sockets, ThatADeadHostLeftAreReplaced) {
    {
        ASSERT_TRUE(listen_unix(folder / "s"));
    }
    ASSERT_TRUE(fs::exists(folder / "s"));
    EXPECT_EQ(connect_unix(folder / "s").error().code, SW_UNAVAILABLE);
    const auto replaced = listen_unix(folder / "s");
    EXPECT_TRUE(connect_unix(folder / "s"));
}

TEST_F(Sockets, ThatAnswerAreLeftAlone) {
    const auto first = listen_unix(folder / "s");
    ASSERT_TRUE(first);
    const auto second = listen_unix(folder / "s");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, SW_ALREADY_EXISTS);
    EXPECT_TRUE(connect_unix(folder / "s"));
}

TEST_F(Sockets, MayStandAtPathsLongerThanASocketAddress) {
    const auto deep = folder / std::string(100, 'a') / std::string(100, 'b');
    fs::create_directories(deep);
    const auto socket = listen_unix(deep / "control.sock");
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_TRUE(connect_unix(deep / "control.sock"));
}

TEST_F(Sockets, SayWhatIsWrongWithANameThatCannotFit) {
    const auto socket = listen_unix(folder / std::string(120, 'a'));
    ASSERT_FALSE(socket);
    EXPECT_NE(socket.error().message.find("at most 107 bytes"), std::string::npos);
}

TEST(Lines, ArriveWholeHoweverTheyAreCut) {
    auto [left, right] = connected_pair();
    const int raw = left.get();
    LineSocket reader(std::move(right), 100);
    std::string line;
    ASSERT_EQ(::send(raw, "one\ntw", 6, 0), 6);
    EXPECT_EQ(reader.read_line(line, 1s), Transfer::done);
    EXPECT_EQ(line, "one");
    EXPECT_EQ(reader.read_line(line, 1ms), Transfer::timed_out);
    ASSERT_EQ(::send(raw, "o\n", 2, 0), 2);
    EXPECT_EQ(reader.read_line(line, 1s), Transfer::done);
    EXPECT_EQ(line, "two");
}

TEST(Lines, LongerThanTheLimitAreRefused) {
    auto [left, right] = connected_pair();
    LineSocket writer(std::move(left), 100);
    LineSocket reader(std::move(right), 10);
    std::string line;
    ASSERT_EQ(writer.write_line("0123456789", 1s), Transfer::done);
    EXPECT_EQ(reader.read_line(line, 1s), Transfer::done);
    ASSERT_EQ(writer.write_line("0123456789X", 1s), Transfer::done);
    EXPECT_EQ(reader.read_line(line, 1s), Transfer::too_long);
}

TEST(Lines, EndWithTheOtherSide) {
    auto [left, right] = connected_pair();
    LineSocket reader(std::move(right), 10);
    {
        const auto gone = std::move(left);
    }
    std::string line;
    EXPECT_EQ(reader.read_line(line, 1s), Transfer::closed);
    reader.write_line("x", 1s);
    EXPECT_EQ(reader.write_line("x", 1s), Transfer::closed);
}

TEST(Lines, ThatNobodyReadsEndTheWaitOfTheWriter) {
    auto [left, right] = connected_pair();
    LineSocket writer(std::move(left), 10);
    EXPECT_EQ(writer.write_line(std::string(8u << 20, 'x'), 10ms), Transfer::timed_out);
}

TEST(Lines, AreNotWaitedForOnceStopIsRaised) {
    auto [left, right] = connected_pair();
    const auto stop = make_signal();
    LineSocket reader(std::move(right), 10, stop.get());
    raise_signal(stop);
    std::string line;
    EXPECT_EQ(reader.read_line(line, 1h), Transfer::stopped);
}

}  // namespace
}  // namespace streamwall::control
