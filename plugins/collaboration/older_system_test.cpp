// What an older system did wrong, one test each.
#include "testing/session_fixture.hpp"

namespace streamwall::testing {
namespace {

TEST_F(ASession, IsNotEndedByARefusal) {
    two();
    hub.send("a", cell("lock_cell"));
    hub.send("b", cell("lock_cell"));
    hub.send("b", cell("update_cell", {{"value", "x"}}));
    EXPECT_EQ(hub.actions("b"), "cell_locked lock_denied lock_denied");
    hub.send("b", act("chat", {{"message", "still here"}}));
    EXPECT_EQ(hub.actions("b"), "chat");
}

TEST_F(ASession, LetsAPauseWithinAnEditPass) {
    two();
    hub.send("a", cell("lock_cell"));
    hub.send("a", cell("update_cell", {{"value", "one"}}));
    pass(5s);
    hub.send("a", cell("update_cell", {{"value", "one two"}}));
    EXPECT_EQ(updates.size(), 2U) << "the lock outlives the first save";
    EXPECT_EQ(hub.actions("a"), "cell_locked cell_locked cell_updated cell_locked cell_updated");
}

TEST_F(ASession, KeepsTheLocksOfAnotherTab) {
    two();
    ASSERT_TRUE(hub.subscribe("a2", kAda, kFive));
    hub.send("a", cell("lock_cell"));
    hub.news("b");
    hub.send("a2", cell("lock_cell"));
    EXPECT_EQ(hub.actions("b"), "") << "a lock is a connection's, not a user's";
    hub.unsubscribe("a2");
    EXPECT_EQ(hub.actions("b"), "") << "closing one tab takes neither locks nor presence";
}

TEST_F(ASession, ChecksTheCellAndTheRoleBeforeItLocks) {
    two();
    ASSERT_TRUE(hub.subscribe("e", kEve, kFive));
    hub.send("e", cell("lock_cell"));
    hub.send("a", act("lock_cell", {{"cell_id", "no cell"}}));
    EXPECT_TRUE(store.records("collaboration_locks").empty());
}

TEST_F(ASession, IsTheSameUnderItsOlderName) {
    two();
    ASSERT_TRUE(old_hub.subscribe("o", kRoot, {}));
    old_hub.news("o");
    old_hub.send("o", cell("lock_cell"));
    EXPECT_EQ(old_hub.actions("o"), "cell_locked");
    EXPECT_EQ(hub.actions("a"), "cell_locked");
    hub.send("a", cell("update_cell", {{"value", "x"}, {"stream_id", 5}, {"field", "title"}}));
    EXPECT_EQ(hub.actions("a"), "lock_denied");
}

}  // namespace
}  // namespace streamwall::testing
