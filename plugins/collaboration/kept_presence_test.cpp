// What the next instance of the plugin knows of those who were there.
#include "testing/session_fixture.hpp"

#include <algorithm>
#include <set>

namespace streamwall::testing {
namespace {

class AKeptSession : public ASession {
  protected:
    AKeptSession() {
        cache.is_there = true;
        restart();
    }
    void restart() {
        const auto done = host.restart("collaboration");
        EXPECT_TRUE(done) << done.message;
    }
    // Ids of those in the list that came last to a member, of those that `are`.
    static std::set<std::int64_t> listed(const std::vector<Object>& news, bool inactive = false) {
        std::set<std::int64_t> out;
        for (const auto& message : news) {
            if (message.at("action") != "active_users_list") continue;
            out.clear();
            for (const auto& user : message.at("users").as_array()) {
                if (user.at("inactive") == inactive) out.insert(user.at("user_id").as_int64());
            }
        }
        return out;
    }
    using Ids = std::set<std::int64_t>;
};

TEST_F(AKeptSession, IsThereAtOnceAfterARestart) {
    two();
    pass(1s);
    restart();
    ASSERT_TRUE(hub.subscribe("e", kEve, kFive));
    EXPECT_EQ(listed(hub.news("e", true)), (Ids{1, 2, 3}))
        << "no hub has spoken of ada and bob yet";
    hub.news("a", true);
    ASSERT_TRUE(hub.subscribe("a", kAda, kFive, true));
    ASSERT_TRUE(hub.subscribe("b", kBob, kFive, true));
    pass(25s);
    EXPECT_EQ(hub.actions("e"), "") << "nobody has come or gone";
    hub.send("e", act("presence_ping"));
    EXPECT_EQ(listed(hub.news("e", true)), (Ids{1, 2, 3}));
}

TEST_F(AKeptSession, LosesThoseOfWhomNoHubSpeaksAfterARestart) {
    two();
    hub.send("b", cell("lock_cell"));
    pass(1s);
    restart();
    ASSERT_TRUE(hub.subscribe("a", kAda, kFive, true));
    pass(19s);
    EXPECT_EQ(hub.actions("a"), "active_locks_list") << "bob's hub may still be on its way";
    pass(2s);
    EXPECT_EQ(hub.actions("a"), "left cell_unlocked");
    hub.send("a", act("presence_ping"));
    EXPECT_EQ(listed(hub.news("a", true)), Ids{1});
}

TEST_F(AKeptSession, KnowsWhoWasInactive) {
    two();
    for (int minutes = 0; minutes < 11; ++minutes) {
        hub.send("b", act("presence_ping"));
        pass(60s);
    }
    EXPECT_EQ(listed(hub.news("b", true), true), Ids{1});
    restart();
    ASSERT_TRUE(hub.subscribe("a", kAda, kFive, true));
    ASSERT_TRUE(hub.subscribe("b", kBob, kFive, true));
    pass(1s);
    EXPECT_EQ(listed(hub.news("b", true), true), Ids{1}) << "being there again is no activity";
}

TEST_F(AKeptSession, IsWrittenWhenSomebodyComesOrGoesAndNowAndThen) {
    two();
    pass(1s);
    ASSERT_FALSE(cache.sets.empty());
    EXPECT_EQ(cache.sets.back().at("ttl_ms"), 60'000);
    pass(20s);
    const auto before = cache.sets.size();
    pass(60s);
    EXPECT_EQ(cache.sets.size(), before + 4) << "every 15 seconds, and not when somebody is idle";
    hub.unsubscribe("a");
    hub.unsubscribe("b");
    pass(1s);
    EXPECT_EQ(cache.sets.size(), before + 5);
    EXPECT_EQ(cache.sets.back().at("value"), bj::array{});
    pass(60s);
    EXPECT_EQ(cache.sets.size(), before + 5) << "nothing is left to be kept";
}

TEST_F(AKeptSession, IsReadFromACacheThatStartsLater) {
    two();
    pass(1s);
    cache.is_there = false;
    restart();
    ASSERT_TRUE(hub.subscribe("a", kAda, kFive, true));
    cache.is_there = true;
    pass(2s);
    hub.send("a", act("presence_ping"));
    EXPECT_EQ(listed(hub.news("a", true)), (Ids{1, 2}));
}

TEST_F(AKeptSession, DoesWithoutACacheAndWithWhatItDoesNotUnderstand) {
    two();
    pass(1s);
    for (auto& [key, value] : cache.values)
        value = Object{{"of", "another version"}};
    restart();
    ASSERT_TRUE(hub.subscribe("a", kAda, kFive, true));
    EXPECT_EQ(listed(hub.news("a", true)), Ids{1});
    cache.is_there = false;
    ASSERT_TRUE(hub.subscribe("b", kBob, kFive, true));
    pass(20s);
    EXPECT_EQ(listed(hub.news("a", true)), (Ids{1, 2}));
}

}  // namespace
}  // namespace streamwall::testing
