// The rules of one IRC connection, with times given by the test.
#include "session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::twitch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Said {
    std::string channel, user, user_id, text, message_id;
    std::int64_t sent_ms;
};

class ASession : public testing::Test {
  protected:
    SessionOptions options{.channels = {"#one"}, .username = {}, .token = {}};
    JoinPacer pacer;
    std::vector<Said> said;
    std::uint32_t next_random = 1;
    std::unique_ptr<Session> session;
    TimePoint now{};

    void open() {
        session = std::make_unique<Session>(
            options, pacer, [this] { return next_random++; },
            [this](const Post& post) {
                said.push_back({std::string(post.channel), std::string(post.user), post.user_id,
                                std::string(post.text), post.message_id, post.sent_ms});
            });
        session->open(now);
    }
    void receive(std::string_view line) { session->receive(line, now); }
    void pass(std::chrono::milliseconds time) {
        now += time;
        session->advance(now);
    }
    std::string output() { return session->take_output(); }
    // Registered and in all channels.
    void open_and_join() {
        open();
        receive(":srv 001 me :hi");
        for (const auto& channel : options.channels)
            receive(":me!me@host JOIN " + channel);
        output();
    }
};

TEST_F(ASession, RegistersAnonymouslyAndEndsTheCapabilityTalkAtOnce) {
    open();
    EXPECT_EQ(output(),
              "CAP REQ :twitch.tv/tags twitch.tv/commands\r\nNICK justinfan10001\r\n"
              "USER justinfan10001 0 * :streamwall\r\nCAP END\r\n");
}

TEST_F(ASession, SendsTheTokenWithItsSchemeOnce) {
    options.username = "Bot";
    for (const auto* token : {"abc", "oauth:abc"}) {
        options.token = token;
        open();
        EXPECT_THAT(output(), HasSubstr("\r\nPASS oauth:abc\r\nNICK bot\r\n"));
    }
}

TEST_F(ASession, JoinsOnceRegisteredAndKnowsWhereItIs) {
    options.channels = {"#one", "#two"};
    open();
    output();
    receive(":srv CAP * NAK :twitch.tv/tags twitch.tv/commands");
    receive(":srv 421 me CAP :Unknown command");
    EXPECT_EQ(output(), "");
    receive(":srv 001 justinfan10001 :hi");
    EXPECT_TRUE(session->is_registered());
    EXPECT_EQ(output(), "JOIN #one\r\nJOIN #two\r\n");
    receive(":justinfan10001!x@y JOIN :#ONE");
    receive(":somebody!x@y JOIN #two");
    EXPECT_THAT(session->missing_channels(), ElementsAre("#two"));
    receive(":justinfan10001!x@y JOIN #two");
    EXPECT_THAT(session->missing_channels(), ElementsAre());
}

TEST_F(ASession, NeverJoinsFasterThanTwentyInTenSecondsAlsoAfterReconnecting) {
    options.channels.clear();
    for (int i = 0; i < 30; ++i)
        options.channels.push_back("#c" + std::to_string(i));
    const auto joins = [this] {
        const auto sent = output();
        std::size_t count = 0;
        for (std::size_t at = sent.find("JOIN"); at != sent.npos; at = sent.find("JOIN", at + 1))
            ++count;
        return count;
    };
    open();
    receive(":srv 001 me :hi");
    EXPECT_EQ(joins(), 20U);
    now += 1s;
    open();
    receive(":srv 001 me :hi");
    EXPECT_EQ(joins(), 0U);
    EXPECT_EQ(session->next_deadline(), TimePoint{} + 10s);
    pass(9s);
    EXPECT_EQ(joins(), 20U);
    pass(10s);
    EXPECT_EQ(joins(), 10U) << "the rest; those that were not answered wait a minute";
}

TEST_F(ASession, ReadsAPostWithItsTags) {
    open_and_join();
    receive(
        "@display-name=Ann\\sB;id=m-1;tmi-sent-ts=1700000000123;user-id=42 "
        ":ann!ann@ann.tmi.twitch.tv PRIVMSG #one :see https://twitch.tv/foo");
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].channel, "#one");
    EXPECT_EQ(said[0].user, "Ann B");
    EXPECT_EQ(said[0].user_id, "42");
    EXPECT_EQ(said[0].text, "see https://twitch.tv/foo");
    EXPECT_EQ(said[0].message_id, "m-1");
    EXPECT_EQ(said[0].sent_ms, 1'700'000'000'123);
}

TEST_F(ASession, ReadsAPostWithoutTags) {
    open_and_join();
    receive(":ann!~u@localhost PRIVMSG #ONE :hello");
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].channel, "#one");
    EXPECT_EQ(said[0].user, "ann");
    EXPECT_EQ(said[0].user_id, "ann");
    EXPECT_EQ(said[0].message_id, "");
    EXPECT_EQ(said[0].sent_ms, 0);
}

TEST_F(ASession, TakesAnActionAsSaidAndOtherCtcpAsNothing) {
    open_and_join();
    receive(
        ":ann!u@h PRIVMSG #one :\x01"
        "ACTION waves\x01");
    receive(":ann!u@h PRIVMSG #one :\x01VERSION\x01");
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].text, "waves");
}

TEST_F(ASession, IgnoresItsOwnPostsWhispersAndForeignChannels) {
    open_and_join();
    receive(":ME!u@h PRIVMSG #one :mine");
    receive(":ann!u@h PRIVMSG me :whispered");
    receive(":ann!u@h PRIVMSG #other :elsewhere");
    receive(":ann!u@h PRIVMSG #one :");
    EXPECT_TRUE(said.empty());
}

TEST_F(ASession, AnswersPings) {
    open_and_join();
    receive("PING :a b");
    EXPECT_EQ(output(), "PONG :a b\r\n");
}

TEST_F(ASession, AsksASilentServerAndEndsWithoutAnAnswer) {
    open_and_join();
    pass(59'999ms);
    EXPECT_EQ(output(), "");
    pass(1ms);
    EXPECT_THAT(output(), HasSubstr("PING :"));
    receive(":srv PONG srv :streamwall-1");
    pass(10s);
    EXPECT_FALSE(session->end()) << "it was answered";
    pass(50s);
    EXPECT_THAT(output(), HasSubstr("PING :"));
    pass(9'999ms);
    EXPECT_FALSE(session->end());
    pass(1ms);
    ASSERT_TRUE(session->end());
    EXPECT_EQ(session->end()->kind, SessionEnd::Kind::kLost);
}

TEST_F(ASession, EndsWhereRegistrationIsNotAnswered) {
    open();
    pass(14'999ms);
    EXPECT_FALSE(session->end());
    pass(1ms);
    EXPECT_TRUE(session->end());
}

TEST_F(ASession, ObeysReconnectAndError) {
    open_and_join();
    receive(":tmi.twitch.tv RECONNECT");
    ASSERT_TRUE(session->end());
    EXPECT_EQ(session->end()->kind, SessionEnd::Kind::kReconnectAsked);
    open_and_join();
    receive("ERROR :Closing link: flood");
    ASSERT_TRUE(session->end());
    EXPECT_THAT(session->end()->reason, HasSubstr("flood"));
}

TEST_F(ASession, GivesUpWhereTheLoginIsRefused) {
    for (const auto* line :
         {":tmi.twitch.tv NOTICE * :Login authentication failed",
          ":tmi.twitch.tv NOTICE * :Improperly formatted auth", ":srv 464 * :Password incorrect"}) {
        open();
        receive(line);
        ASSERT_TRUE(session->end()) << line;
        EXPECT_EQ(session->end()->kind, SessionEnd::Kind::kLoginRefused);
    }
}

TEST_F(ASession, IsNotFooledByAUserWhoNoticesARefusal) {
    open();
    receive(":liar!u@h NOTICE justinfan10001 :Login authentication failed");
    EXPECT_FALSE(session->end());
    receive(":srv 001 me :hi");
    receive(":srv NOTICE me :Login authentication failed");
    EXPECT_FALSE(session->end());
}

TEST_F(ASession, ComesBackAfterAKick) {
    open_and_join();
    receive(":op!o@h KICK #one somebody :not us");
    EXPECT_THAT(session->missing_channels(), ElementsAre());
    receive(":op!o@h KICK #one me :out");
    EXPECT_THAT(session->missing_channels(), ElementsAre("#one"));
    EXPECT_EQ(session->next_deadline(), now + 5s);
    pass(5s);
    EXPECT_EQ(output(), "JOIN #one\r\n");
}

TEST_F(ASession, TriesARefusedOrUnansweredJoinAgainAfterAMinute) {
    open();
    receive(":srv 001 me :hi");
    output();
    receive(":srv 403 me #one :No such channel");
    pass(59'999ms);
    EXPECT_THAT(output(), Not(HasSubstr("JOIN")));
    pass(1ms);
    EXPECT_THAT(output(), HasSubstr("JOIN #one"));
    receive(":srv PONG x :y");
    receive("@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #one :suspended");
    EXPECT_THAT(session->missing_channels(), ElementsAre("#one"));
}

TEST_F(ASession, PicksAnotherAnonymousNickWhereOneIsTaken) {
    open();
    output();
    receive(":srv 433 * justinfan10001 :in use");
    EXPECT_EQ(output(), "NICK justinfan10002\r\n");
    options.username = "bot";
    open();
    receive(":srv 433 * bot :in use");
    ASSERT_TRUE(session->end());
    EXPECT_EQ(session->end()->kind, SessionEnd::Kind::kLost);
}

TEST_F(ASession, StopsAnsweringAServerThatDoesNotRead) {
    open_and_join();
    const auto ping = "PING :" + std::string(400, 'x');
    for (int i = 0; i < 100; ++i)
        receive(ping);
    ASSERT_TRUE(session->end());
    EXPECT_LT(output().size(), 17U * 1024);
}

}  // namespace
}  // namespace streamwall::twitch
