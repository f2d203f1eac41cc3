// Texts that two write, through the plugin.
#include "testing/session_fixture.hpp"

namespace streamwall::testing {
namespace {

TEST_F(ASession, SharesATextAndItsHistory) {
    two();
    const auto notes = [](const char* action, Object more = {}) {
        more["field"] = "notes";
        return act(action, std::move(more));
    };
    hub.send("a", notes("text_open"));
    auto heard = hub.news("a");
    EXPECT_EQ(heard.at(0).at("action"), "text");
    EXPECT_EQ(heard.at(0).at("version"), 0);
    EXPECT_EQ(heard.at(0).at("content"), "");
    hub.send("a", notes("text_op", {{"version", 0}, {"op", bj::array{"Hello"}}, {"id", "1"}}));
    hub.send("b", notes("text_op", {{"version", 0}, {"op", bj::array{"World"}}, {"id", "1"}}));
    heard = hub.news("a");
    ASSERT_EQ(heard.size(), 2U) << "its own operation is acknowledged, not repeated";
    EXPECT_EQ(heard[0].at("action"), "text_ack");
    EXPECT_EQ(heard[0].at("version"), 1);
    EXPECT_EQ(heard[1].at("action"), "text_op");
    EXPECT_EQ(bj::serialize(heard[1].at("op")), R"(["World"])") << "the later one comes first";
    EXPECT_EQ(heard[1].at("user_name"), "bob");
    EXPECT_EQ(hub.actions("b"), "text_op text_ack");
    EXPECT_EQ(store.find("collaboration_texts", "name", "stream_5_notes")->at("content"),
              "WorldHello");
    EXPECT_EQ(store.records("collaboration_ops").size(), 2U);
    hub.send("a", notes("text_op", {{"version", 0}, {"op", bj::array{"Hello"}}, {"id", "1"}}));
    EXPECT_EQ(hub.news("a").at(0).at("version"), 1) << "sent again, it is not applied again";
    EXPECT_EQ(hub.actions("b"), "");
    hub.send("b", notes("text_open", {{"version", 1}}));
    heard = hub.news("b");
    EXPECT_EQ(heard.at(0).at("action"), "text_ops");
    EXPECT_EQ(heard.at(0).at("ops").as_array().size(), 1U);
    ASSERT_TRUE(host.restart("collaboration"));
    ASSERT_TRUE(hub.subscribe("b", kBob, kFive, true));
    hub.news("b");
    hub.send("b", notes("text_open", {{"version", 0}}));
    EXPECT_EQ(hub.news("b").at(0).at("ops").as_array().size(), 2U) << "it survives a restart";
    hub.send("b", notes("text_open", {{"version", 9}}));
    EXPECT_EQ(hub.news("b").at(0).at("content"), "WorldHello");
}

TEST_F(ASession, TransformsAnewWhereAnotherInstanceWroteFirst) {
    two();
    const Object first{{"field", "notes"}, {"version", 0}, {"op", bj::array{"ab"}}, {"id", "1"}};
    hub.send("a", act("text_op", first));
    hub.news("a");
    store.before_apply = [this] {
        auto& text = *store.find("collaboration_texts", "name", "stream_5_notes");
        text["content"] = "Xab";
        text["revision"] = 2;
        text["version"] = 2;
        store.insert("collaboration_ops", {{"text", "stream_5_notes"},
                                           {"revision", 2},
                                           {"op", bj::array{"X"}},
                                           {"author", "user:9"},
                                           {"op_id", "z"}});
    };
    const Object end{{"field", "notes"}, {"version", 1}, {"op", bj::array{2, "!"}}, {"id", "2"}};
    hub.send("a", act("text_op", end));
    EXPECT_EQ(hub.news("a").at(0).at("version"), 3);
    EXPECT_EQ(store.find("collaboration_texts", "name", "stream_5_notes")->at("content"), "Xab!");
}

}  // namespace
}  // namespace streamwall::testing
