// One session and its transports.
#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::socket_io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kPolling = "EIO=4&transport=polling&sid=";
constexpr std::string_view kWebSocket = "EIO=4&transport=websocket&sid=";

class ASession : public testing::Test {
  protected:
    ASession() : id(world.begin()), polling(std::string(kPolling) + id) {}

    sw_http_exchange* poll() { return world.get(polling); }
    Session& session() { return *session_; }
    void send(std::string_view packet) { session().send(Buffer(packet)); }

    World world;
    std::string id;
    std::string polling;
    std::vector<std::string> ends;

  private:
    std::shared_ptr<Session> session_ =
        std::make_shared<Session>("own", SessionOptions{.queue_limit = 100}, world.now,
                                  [this](std::string_view reason) { ends.emplace_back(reason); });

  protected:
    ~ASession() override { session_->end("the test is over"); }
};

TEST_F(ASession, KeepsPacketsUntilTheyAreAskedFor) {
    send("4a");
    send("4b");
    sw_http_exchange* first = nullptr;
    session().poll(world.exchange(first));
    EXPECT_EQ(first->status, 200);
    EXPECT_EQ(first->body,
              "4a\x1e"
              "4b");
    sw_http_exchange* second = nullptr;
    session().poll(world.exchange(second));
    EXPECT_EQ(second->status, 0) << "it waits";
    send("4c");
    EXPECT_EQ(second->body, "4c");
}

TEST_F(ASession, EndsWhereMoreWaitsThanMayBeHeld) {
    for (int n = 0; n < 10; ++n)
        send("4" + std::string(9, 'x'));
    EXPECT_THAT(ends, IsEmpty()) << "100 bytes";
    send("4");
    EXPECT_THAT(ends, ElementsAre("more waited for it than may be held"));
    send("4");
    EXPECT_EQ(ends.size(), 1u);
    sw_http_exchange* late = nullptr;
    session().poll(world.exchange(late));
    EXPECT_EQ(late->status, 400);
}

TEST_F(ASession, GivesWhatIsThereToWhoWaitsWhenItEnds) {
    auto* waiting = poll();
    world.post(polling, "1");
    EXPECT_EQ(waiting->status, 200);
    EXPECT_EQ(waiting->body, "1");
    EXPECT_EQ(poll()->status, 400);
}

TEST_F(ASession, EndsWhereTwoRequestsWaitAtATime) {
    auto* first = poll();
    auto* second = poll();
    EXPECT_EQ(second->status, 400);
    EXPECT_EQ(first->body, "1");
    world.run();
    EXPECT_THAT(poll()->body, HasSubstr("Session ID unknown"));
    EXPECT_THAT(poll()->body, HasSubstr("two requests for packets at a time"));
}

TEST_F(ASession, IsPingedAndEndsWithoutAnswer) {
    world.connected(id);
    auto* waiting = poll();
    world.pass(24'900ms);
    EXPECT_EQ(waiting->status, 0);
    world.pass(100ms);
    EXPECT_EQ(waiting->body, "2");
    EXPECT_EQ(world.post(polling, "3")->body, "ok");
    waiting = poll();
    world.pass(25s);
    EXPECT_EQ(waiting->body, "2");
    world.pass(19'900ms);
    EXPECT_EQ(world.server->sessions(), 1u);
    world.pass(100ms);
    EXPECT_EQ(world.server->sessions(), 0u);
    EXPECT_THAT(poll()->body, HasSubstr("it did not answer a ping"));
}

TEST_F(ASession, ChangesToWebSocketAndKeepsTheOrder) {
    world.connected(id);
    auto* waiting = poll();
    auto* socket = world.open(std::string(kWebSocket) + id);
    EXPECT_THAT(world.news(socket), IsEmpty());
    world.say(socket, "2probe");
    EXPECT_THAT(world.news(socket), ElementsAre("3probe"));
    EXPECT_EQ(waiting->body, "6") << "so that the client is done with polling";
    EXPECT_EQ(poll()->body, "6");
    world.broadcast(R"({"n":1})");
    EXPECT_THAT(world.news(socket), IsEmpty());
    world.say(socket, "5");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(42/games,["message",{"n":1}])"));
    world.broadcast(R"({"n":2})");
    EXPECT_THAT(world.news(socket), ElementsAre(R"(42/games,["message",{"n":2}])"));
    EXPECT_EQ(poll()->status, 400);
    EXPECT_EQ(world.post(polling, "3")->status, 400);
    auto* another = world.open(std::string(kWebSocket) + id);
    EXPECT_EQ(another->close_code, kProtocolError);
    EXPECT_EQ(socket->close_code, 0);
    world.close(socket);
    world.run();
    EXPECT_EQ(world.server->sessions(), 0u);
}

TEST_F(ASession, AnswersAPollThatWaitsWhileItChanges) {
    auto* socket = world.open(std::string(kWebSocket) + id);
    world.say(socket, "2probe");
    EXPECT_EQ(poll()->body, "6");
    world.say(socket, "5");
    EXPECT_EQ(poll()->status, 400);
    EXPECT_EQ(socket->close_code, 0);
}

TEST_F(ASession, GoesOnPollingWhereAWebSocketComesToNothing) {
    world.connected(id);
    auto* lost = world.open(std::string(kWebSocket) + id);
    world.say(lost, "2probe");
    world.close(lost);
    auto* waiting = poll();
    EXPECT_EQ(waiting->status, 0);
    auto* hasty = world.open(std::string(kWebSocket) + id);
    EXPECT_EQ(hasty->close_code, 0);
    world.say(hasty, "5");
    EXPECT_EQ(hasty->close_code, kProtocolError) << "without a probe";
    world.close(hasty);
    auto* slow = world.open(std::string(kWebSocket) + id);
    auto* second = world.open(std::string(kWebSocket) + id);
    EXPECT_EQ(second->close_code, kProtocolError) << "one at a time";
    world.pass(10s);
    EXPECT_EQ(slow->close_code, kPolicyViolation);
    for (const std::string_view wrong : {"4x", "2", "3probe", "", "x"}) {
        auto* socket = world.open(std::string(kWebSocket) + id);
        world.say(socket, wrong);
        EXPECT_EQ(socket->close_code, kProtocolError) << wrong;
        world.close(socket);
    }
    EXPECT_EQ(waiting->status, 0);
    world.broadcast("{}");
    EXPECT_EQ(waiting->body, R"(42/games,["message",{}])");
}

}  // namespace
}  // namespace streamwall::socket_io
