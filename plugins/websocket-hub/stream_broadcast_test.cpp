// Actions and messages of StreamsChannel.
#include "stream_broadcast.hpp"

#include <gtest/gtest.h>

namespace streamwall::hub {
namespace {

TEST(AnAction, FollowsFromTypeAndChanges) {
    const struct {
        std::string_view type, changes, action;
    } cases[] = {
        {"stream.created", "", "created"},
        {"stream.updated", "", "updated"},
        {"stream.updated", R"({"title":{"from":"a","to":"b"}})", "updated"},
        {"stream.updated", R"({"archived":{"from":true,"to":false}})", "created"},
        {"stream.updated", R"({"archived":{"from":false,"to":true}})", "updated"},
        {"stream.status_changed", R"({"status":{"from":"live","to":"offline"}})", "updated"},
        {"stream.pinned", R"({"pinned":{"from":false,"to":true}})", "updated"},
        {"stream.archived", R"({"archived":{"from":false,"to":true}})", "archived"},
        {"stream.deleted", "", "deleted"},
        {"stream.discovered", "", ""},
        {"stream.duplicate_seen", "", ""},
        {"streamer.created", "", ""},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(choose_action(one.type, one.changes), one.action) << one.type << one.changes;
    }
}

TEST(AMessage, HoldsTheRecordsBytes) {
    const auto text = render_message(R"("{\"channel\":\"StreamsChannel\"}")",
                                     make_broadcast("created", R"({"id":1, "title":"x"})", ""));
    EXPECT_EQ(text,
              R"({"identifier":"{\"channel\":\"StreamsChannel\"}","message":{"action":"created",)"
              R"("stream":{"id":1, "title":"x"}}})");
    EXPECT_EQ(render_message("\"i\"", make_broadcast("updated", "{}", R"({"a":1})")),
              R"({"identifier":"i","message":{"action":"updated","stream":{},"changes":{"a":1}}})");
}

TEST(AMessage, IsReplaceableOnlyWhereNothingAppearsOrGoes) {
    EXPECT_TRUE(make_broadcast("updated", "{}", "").is_replaceable);
    EXPECT_TRUE(
        make_broadcast("updated", "{}", R"({"title":{"from":"status","to":"b"}})").is_replaceable);
    for (const auto* action : {"created", "archived", "deleted"}) {
        EXPECT_FALSE(make_broadcast(action, "{}", "").is_replaceable);
    }
    EXPECT_FALSE(make_broadcast("updated", "{}", R"({"status":{"from":"live","to":"offline"}})")
                     .is_replaceable);
}

}  // namespace
}  // namespace streamwall::hub
