// Walls through the plugin, over a catalog that the test is.
#include "testing/hub_stand_in.hpp"
#include "testing/memory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamwall::testing {
namespace {

namespace bj = boost::json;
using Object = bj::object;

const Principal kEditor{.id = "1", .name = "ada", .role = "editor"};
const Principal kViewer{.id = "2", .name = "eve", .role = "viewer"};

class AWall : public ::testing::Test {
  protected:
    AWall() : host({.plugins = {COLLABORATION_SO}}) {
        store.stand_in(host);
        host.fake("catalog.streams", "update", [](const Call&) { return Answer::ok(); });
        host.fake("catalog.walls", "list", [this](const Call&) {
            return Answer::ok(R"({"records":[)" + bj::serialize(wall) + "]}");
        });
        host.fake("catalog.walls", "get", [this](const Call& call) {
            if (bj::parse(call.body).at("id") != 1) return Answer::error(5, "no such wall");
            return Answer::ok(bj::serialize(wall));
        });
        host.fake("catalog.walls", "update", [this](const Call& call) { return update(call); });
        host.fake("catalog.layouts", "list",
                  [](const Call&) { return Answer::ok(R"({"records":[{"id":4}]})"); });
        host.fake("catalog.layouts", "get", [](const Call&) {
            return Answer::ok(R"({"id":4,"columns":1,"rows":1,"cells":[],"spotlight":null})");
        });
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
        EXPECT_TRUE(hub.subscribe("a", kEditor, {{"wall", 1}})) << hub.reason;
        EXPECT_TRUE(hub.subscribe("b", kEditor, {{"wall", 1}}));
    }
    ~AWall() override {
        EXPECT_TRUE(host.stop());
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }
    Answer update(const Call& call) {
        const auto request = bj::parse(call.body).as_object();
        if (faster) std::exchange(faster, nullptr)();
        if (request.at("versions").at(0) != wall.at("version")) {
            return Answer::error(9, "Another version.", R"({"version":9})");
        }
        for (const auto& [name, value] : request.at("body").as_object())
            wall[name] = value;
        wall["version"] = wall.at("version").as_int64() + 1;
        return Answer::ok(bj::serialize(wall));
    }
    void control(const char* command, Object data, const char* member = "a") {
        data["action"] = "control";
        data["command"] = command;
        hub.send(member, data);
    }
    static Object yjs(const std::string& update) {
        return {{"action", "yjs_update"}, {"update", update}};
    }

    Object wall =
        bj::parse(R"({"id":1,"columns":2,"rows":2,"cells":[],"spotlight":null,"version":1})")
            .as_object();
    std::function<void()> faster;
    MemoryStore store;
    Host host;
    HubStandIn hub{host, "WallChannel"};
};

TEST_F(AWall, BeginsWithWhatItShows) {
    const auto first = hub.news("a");
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].at("action"), "snapshot");
    EXPECT_EQ(first[0].at("wall"), bj::value(wall));
    EXPECT_EQ(first[0].at("layouts").at(0).at("id"), 4);
    EXPECT_EQ(bj::serialize(first[1]),
              R"({"action":"yjs_state","wall_id":1,"updates":[],"number":0})");
    ASSERT_TRUE(hub.subscribe("all", kViewer, {}));
    EXPECT_EQ(hub.news("all").at(0).at("walls").as_array().size(), 1U);
    EXPECT_FALSE(hub.subscribe("x", kViewer, {{"wall", 2}}));
    EXPECT_EQ(hub.reason, "no such wall");
    EXPECT_FALSE(hub.subscribe("x", kViewer, {{"wall", "one"}}));
}

TEST_F(AWall, IsChangedByCommandsOfWhichNoneUndoesAnother) {
    control("show", {{"space", 0}, {"stream_id", 7}});
    faster = [this] {
        wall["cells"] = bj::parse(R"([{"space":0,"stream_id":7},{"space":3,"stream_id":8}])");
        wall["version"] = 5;
    };
    control("show", {{"space", 1}, {"stream_id", 9}}, "b");
    EXPECT_EQ(wall.at("cells").as_array().size(), 3U) << bj::serialize(wall);
    control("spotlight", {{"space", 1}});
    EXPECT_EQ(wall.at("spotlight"), 1);
    control("layout", {{"layout_id", 4}});
    EXPECT_EQ(wall.at("columns"), 1);
    EXPECT_TRUE(wall.at("cells").as_array().empty());
}

TEST_F(AWall, TellsTheSenderAloneWhatIsWrong) {
    ASSERT_TRUE(hub.subscribe("v", kViewer, {{"wall", 1}}));
    for (const auto* id : {"a", "b", "v"})
        hub.news(id);
    control("show", {{"space", 9}});
    auto heard = hub.news("a");
    EXPECT_EQ(heard.at(0).at("action"), "control_denied");
    EXPECT_EQ(heard.at(0).at("where"), "space");
    control("show", {{"space", 0}, {"wall_id", 2}});
    EXPECT_EQ(hub.actions("a"), "error");
    control("show", {{"space", 0}}, "v");
    EXPECT_EQ(hub.news("v").at(0).at("code"), "not_allowed");
    EXPECT_EQ(hub.actions("b"), "");
    control("reload", {{"space", 0}});
    EXPECT_EQ(hub.actions("v"), "control") << "what is kept nowhere is passed on";
}

TEST_F(AWall, KeepsAndPassesOnWhatItsPagesShare) {
    hub.news("a");
    hub.news("b");
    hub.send("a", yjs("AAAA"));
    hub.send("b", yjs("BBB="));
    EXPECT_EQ(hub.actions("a"), "yjs_ack yjs_update");
    EXPECT_EQ(hub.actions("b"), "yjs_update yjs_ack");
    ASSERT_TRUE(host.restart("collaboration"));
    ASSERT_TRUE(hub.subscribe("c", kViewer, {{"wall", 1}}));
    const auto state = hub.news("c").at(1);
    EXPECT_EQ(bj::serialize(state.at("updates")), R"(["AAAA","BBB="])");
    for (const auto* bad : {"", "A", "AAA", "AA=A", "AAA!", "===="}) {
        ASSERT_TRUE(hub.subscribe("a", kEditor, {{"wall", 1}}));
        hub.news("a");
        hub.send("a", yjs(bad));
        EXPECT_EQ(hub.actions("a"), "error") << bad;
    }
}

TEST_F(AWall, HasItsUpdatesCompactedByWhoHasThemAll) {
    std::int64_t last = 0;
    bool is_due = false;
    for (int n = 0; n < 200; ++n) {
        hub.news("a");
        hub.send("a", yjs("AAAA"));
        const auto answer = hub.news("a").at(0);
        EXPECT_EQ(answer.at("action"), "yjs_ack");
        last = answer.at("number").as_int64();
        is_due = answer.at("compact").as_bool();
        EXPECT_EQ(is_due, n == 199);
        if (n % 20 == 19) {
            hub.keep();
            host.advance(std::chrono::seconds(1));
        }
    }
    hub.send("b", yjs("LATE"));
    hub.news("a");
    hub.send("a", {{"action", "yjs_compact"}, {"state", "ALL="}, {"through", last}});
    EXPECT_EQ(hub.news("a").at(0).at("compact"), false);
    ASSERT_TRUE(hub.subscribe("c", kViewer, {{"wall", 1}}));
    EXPECT_EQ(bj::serialize(hub.news("c").at(1).at("updates")), R"(["ALL=","LATE"])");
    EXPECT_EQ(store.records("collaboration_updates").size(), 2U);
    hub.send("a", {{"action", "yjs_compact"}, {"state", "ALL="}, {"through", 0}});
    EXPECT_EQ(hub.actions("a"), "yjs_denied");
}

}  // namespace
}  // namespace streamwall::testing
