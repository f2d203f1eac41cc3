// Rooms as hubs see them: what a channel answers and what it sends.
#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace streamwall::testing {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;

constexpr int kDenied = 7;
constexpr int kNotFound = 5;

class AMeeting : public ::testing::Test {
  protected:
    AMeeting() : host({.plugins = {MEETING_SO}}) {
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
    }
    ~AMeeting() override {
        EXPECT_TRUE(host.stop());
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }

    Answer ask(const char* method, const bj::object& request, const std::string& user = "ada") {
        return host.call("rooms.MeetingChannel", method, bj::serialize(request), {.id = user});
    }
    Answer subscribe(const std::string& id, const std::string& user, bool again = false) {
        return ask("subscribe", {{"subscription", id}, {"hub", id.substr(0, 1)}, {"again", again}},
                   user);
    }
    Answer say(const std::string& id, const bj::object& data) {
        return ask("receive", {{"subscription", id}, {"data", data}});
    }
    std::int64_t known(const std::string& hub) {
        return bj::parse(ask("keep", {{"hub", hub}}).body).at("known").as_int64();
    }
    // What was sent since it was asked last, without what is the same in all of it.
    std::vector<std::string> sent() {
        std::vector<std::string> out;
        for (const auto& event : host.events("room.message_sent")) {
            auto data = bj::parse(event.data).as_object();
            EXPECT_EQ(data.at("channel"), "MeetingChannel");
            EXPECT_GT(data.at("position").as_int64(), last_position);
            last_position = data.at("position").as_int64();
            for (const auto* same : {"channel", "owner", "position"})
                data.stable_erase(same);
            out.push_back(bj::serialize(data));
        }
        host.forget();
        return out;
    }
    using Texts = std::vector<std::string>;

    std::int64_t last_position = 0;
    Host host;
};

TEST_F(AMeeting, SaysThatItHasOpened) {
    ASSERT_EQ(host.events("room.opened").size(), 1u);
    const auto opened = bj::parse(host.events("room.opened")[0].data).as_object();
    EXPECT_EQ(opened.at("channel"), "MeetingChannel");
    EXPECT_EQ(opened.at("owner"), bj::parse(subscribe("h.1", "ada").body).at("owner"));
}

TEST_F(AMeeting, AdmitsRefusesAndTellsTheOthers) {
    const auto welcome = bj::parse(subscribe("h.1", "ada").body).as_object();
    EXPECT_EQ(bj::serialize(welcome.at("rooms")), R"(["all"])");
    EXPECT_EQ(bj::serialize(welcome.at("messages")), R"([{"action":"welcome"}])");
    EXPECT_EQ(welcome.at("position"), 0) << "what follows is for her, too";
    const auto refused = subscribe("h.2", "eve");
    EXPECT_EQ(refused.code, kDenied);
    EXPECT_EQ(refused.message, "not you");
    EXPECT_EQ(
        sent(),
        (Texts{R"({"room":"all","except":"h.1","message":{"action":"joined","user":"ada"}})"}));
    EXPECT_EQ(known("h"), 1);
}

TEST_F(AMeeting, BroadcastsWhatAMemberSaysAndKeepsErrorsToIt) {
    subscribe("h.1", "ada");
    sent();
    EXPECT_EQ(say("h.1", {{"action", "hi"}}).body, "{}");
    EXPECT_EQ(sent(), (Texts{R"({"room":"all","except":"h.1","message":{"action":"hi"}})"}));
    EXPECT_EQ(say("h.1", {{"action", "fail"}}).body,
              R"({"reply":{"action":"error","code":"NO","message":"no"}})");
    EXPECT_EQ(say("h.9", {{"action", "hi"}}).code, kNotFound);
    EXPECT_TRUE(sent().empty());
}

TEST_F(AMeeting, TellsTheHubWhichRoomsAMemberIsInFromNowOn) {
    subscribe("h.1", "ada");
    sent();
    say("h.1", {{"action", "aside"}});
    EXPECT_EQ(sent()[0], R"({"to":"h.1","rooms":["all","aside"]})");
    say("h.1", {{"action", "back"}});
    EXPECT_EQ(sent()[0], R"({"to":"h.1","rooms":["all"]})");
}

TEST_F(AMeeting, LearnsOfWhoUnsubscribesAndOfHubsThatAreGone) {
    subscribe("h.1", "ada");
    subscribe("h.2", "bob");
    subscribe("x.1", "cy");
    sent();
    ask("unsubscribe", {{"hub", "h"}, {"subscriptions", bj::array{"h.1", "h.7"}}});
    const auto left = [](const std::string& who) {
        return R"({"room":"all","message":{"action":"left","user":")" + who + R"("}})";
    };
    EXPECT_EQ(sent(), Texts{left("ada")});
    for (int second = 0; second < 10; ++second) {
        EXPECT_EQ(known("x"), 1);
        host.advance(1s);
    }
    EXPECT_EQ(sent(), Texts{left("bob")}) << "its hub has been silent, the other has not";
    EXPECT_EQ(known("h"), 0) << "the hub sees that it has to subscribe again";
    subscribe("x.2", "dan");
    sent();
    ask("unsubscribe", {{"hub", "x"}, {"keeps", bj::array{"x.2"}}});
    EXPECT_EQ(sent(), Texts{left("cy")});
}

TEST_F(AMeeting, DoesNotAnnounceWhoIsThereAgain) {
    subscribe("h.1", "ada");
    sent();
    EXPECT_TRUE(subscribe("h.1", "ada", true));
    EXPECT_TRUE(sent().empty());
    EXPECT_EQ(known("h"), 1);
}

TEST_F(AMeeting, LeavesOutWhoHasGoneBeforeItWasAdmitted) {
    subscribe("h.1", "ada");
    Answer late;
    const auto ask_late = [&] {
        // Nobody answers before the deadline of this call: the hub has given up on it.
        late = host.call("rooms.MeetingChannel", "subscribe", R"({"subscription":"h.2","hub":"h"})",
                         {.id = "slow"}, 1ms);
    };
    ask_late();
    EXPECT_FALSE(late);
    ask("unsubscribe", {{"hub", "h"}, {"subscriptions", bj::array{"h.2"}}});
    say("h.1", {{"action", "admit"}});
    EXPECT_EQ(known("h"), 1);
    ask_late();
    say("h.1", {{"action", "admit"}});
    EXPECT_EQ(known("h"), 2) << "nobody said that it has gone";
}

TEST_F(AMeeting, RefusesRequestsThatMakeNoSense) {
    for (const auto* method : {"subscribe", "receive", "unsubscribe", "keep"}) {
        for (const auto* body :
             {"{}", "[]", R"({"hub":1,"subscription":"a"})", R"({"hub":"","subscription":""})"}) {
            const auto done = host.call("rooms.MeetingChannel", method, body);
            EXPECT_NE(done.code, 0) << method << body;
        }
    }
    EXPECT_EQ(known("h"), 0);
}

}  // namespace
}  // namespace streamwall::testing
