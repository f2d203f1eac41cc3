#include "testing/fixture.hpp"

#include <streamwall/contracts/record.hpp>

#include <algorithm>
#include <array>

namespace streamwall::catalog::testing {
namespace {

class Updating : public CatalogTest {
  protected:
    Updating() { parsed(create(R"({"url":"https://twitch.tv/example","title":"old"})")); }
    boost::json::object stored() const { return store.records().at(1); }
};

TEST_F(Updating, ChangesTheGivenFieldsOnlyAndSaysWhatChanged) {
    const auto before = stored();
    const auto after = parsed(patch(1, R"({"status":"LIVE","title":"old"})"));
    EXPECT_EQ(after.at("status"), "live");
    EXPECT_EQ(after.at("version"), 2);
    // A step to live brings its times with it.
    constexpr std::array<std::string_view, 6> kMoved = {
        "status", "version", "last_checked_at", "last_checked", "last_live_at", "started_at"};
    for (const auto& [name, value] : before) {
        if (std::ranges::find(kMoved, std::string_view(name)) == kMoved.end())
            EXPECT_EQ(after.at(name), value) << name;
    }
    EXPECT_EQ(last_event().type, "stream.status_changed");
    EXPECT_EQ(last_event().subject, "stream/1");
    const boost::json::value moved{{"from", nullptr}, {"to", "2026-01-01T11:59:00.000Z"}};
    EXPECT_EQ(last_event().changes,
              (boost::json::value{{"status", {{"from", "unknown"}, {"to", "live"}}},
                                  {"last_checked_at", moved},
                                  {"last_live_at", moved},
                                  {"started_at", moved}}));
}

TEST_F(Updating, WritesNothingWhereNothingDiffers) {
    const auto applies = store.applies();
    const auto after = parsed(patch(1, R"({"title":"old","status":"unknown"})"));
    EXPECT_EQ(after.at("version"), 1);
    EXPECT_EQ(store.applies(), applies);
    EXPECT_EQ(store.events().size(), 1U);
}

TEST_F(Updating, KeepsRepeatedFieldsEqual) {
    const auto after = parsed(
        patch(1, R"({"link":"https://twitch.tv/other","last_checked":"2026-01-31T12:00:00Z"})"));
    EXPECT_EQ(after.at("url"), "https://twitch.tv/other");
    EXPECT_EQ(after.at("link"), after.at("url"));
    EXPECT_EQ(after.at("last_checked_at"), "2026-01-31T12:00:00.000Z");
    EXPECT_EQ(after.at("last_checked"), after.at("last_checked_at"));
}

TEST_F(Updating, PlansAnewOnTheNewerRecordWhenItLosesARace) {
    store.before_next_apply([this] { store.set(1, "city", "Seattle"); });
    const auto after = parsed(patch(1, R"({"title":"new"})"));
    EXPECT_EQ(after.at("title"), "new");
    EXPECT_EQ(after.at("city"), "Seattle");
    EXPECT_EQ(after.at("version"), 3);
    EXPECT_EQ(last_event().changes, boost::json::parse(R"({"title":{"from":"old","to":"new"}})"));
    EXPECT_EQ(parsed(ask(Operation::kGet, R"({"id":1})")).at("version"), 3);
}

TEST_F(Updating, WritesNothingWhenTheWinnerOfTheRaceMadeTheSameChange) {
    store.before_next_apply([this] { store.set(1, "title", "new"); });
    EXPECT_EQ(parsed(patch(1, R"({"title":"new"})")).at("version"), 2);
    EXPECT_EQ(store.events().size(), 1U);
}

TEST_F(Updating, GivesUpALostRaceWhenTheCallersTimeIsOver) {
    store.before_next_apply([this] {
        store.set(1, "city", "Seattle");
        now = context.deadline_ns + 1;
    });
    EXPECT_EQ(patch(1, R"({"title":"new"})").code(), SW_ABORTED);
}

TEST_F(Updating, GivesUpARaceThatItLosesForEver) {
    std::function<void()> spoil = [&] {
        store.set(1, "viewer_count", store.applies());
        store.before_next_apply(spoil);
    };
    store.before_next_apply(spoil);
    EXPECT_EQ(patch(1, R"({"title":"new"})").code(), SW_ABORTED);
    EXPECT_GT(store.applies(), 64) << "as many as may patch one stream at once";
}

TEST_F(Updating, RefusesVersionsThatTheCallerDoesNotAccept) {
    parsed(patch(1, R"({"title":"second"})", {{1, 9}}));
    const auto refused = patch(1, R"({"title":"third"})", {{1}});
    ASSERT_EQ(refused.code(), SW_FAILED_PRECONDITION);
    EXPECT_EQ(refused.error().details, R"({"version":2})");
    EXPECT_EQ(stored().at("title"), "second");
}

TEST_F(Updating, RefusesAStaleVersionThatLosesARace) {
    store.before_next_apply([this] { store.set(1, "city", "Seattle"); });
    EXPECT_EQ(patch(1, R"({"title":"new"})", {{1}}).code(), SW_FAILED_PRECONDITION);
    EXPECT_EQ(stored().at("title"), "old");
}

TEST_F(Updating, RefusesAUrlInUse) {
    parsed(create(R"({"url":"https://twitch.tv/other"})"));
    const auto refused = patch(1, R"({"url":"https://twitch.tv/other"})");
    EXPECT_EQ(refused.code(), SW_ALREADY_EXISTS);
    EXPECT_EQ(parsed(create(R"({"url":"https://twitch.tv/example"})")).at("stream").at("id"), 1);
}

TEST_F(Updating, FindsAStreamByItsNewUrlAndNotByItsOldOne) {
    parsed(patch(1, R"({"url":"https://twitch.tv/other"})"));
    EXPECT_EQ(parsed(create(R"({"url":"https://twitch.tv/other"})")).at("created"), false);
    EXPECT_EQ(parsed(create(R"({"url":"https://twitch.tv/example"})")).at("created"), true);
}

TEST_F(Updating, AReplacementNeedsTheRequiredFields) {
    const contracts::streams::Update update{.id = 1, .body = R"({"title":"x"})", .replace = true};
    EXPECT_EQ(ask(Operation::kUpdate, update.request().view()).code(), SW_INVALID_ARGUMENT);
}

TEST_F(Updating, ChoosesTheMostSpecificEvent) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({"title":"a"})", "stream.updated"},
        {R"({"pinned":true,"title":"b"})", "stream.pinned"},
        {R"({"pinned":false})", "stream.pinned"},
        {R"({"status":"live","pinned":true})", "stream.status_changed"},
        {R"({"status":"archived"})", "stream.archived"},
        {R"({"archived":false})", "stream.updated"},
    };
    for (const auto& [body, type] : cases) {
        parsed(patch(1, body));
        EXPECT_EQ(last_event().type, type) << body;
    }
}

TEST_F(Updating, AnnouncesBareChecksAtMostOnceAMinute) {
    const auto check = [this](int second) {
        parsed(patch(
            1, R"({"last_checked_at":"2026-01-31T12:00:)" + std::to_string(second) + R"(Z"})"));
    };
    check(10);
    EXPECT_EQ(store.events().size(), 2U);
    now += 59 * kSecond;
    check(11);
    EXPECT_EQ(store.events().size(), 2U);
    EXPECT_EQ(stored().at("version"), 3) << "the version moves all the same";
    now += 2 * kSecond;
    check(12);
    EXPECT_EQ(store.events().size(), 3U);
}

TEST_F(Updating, ReadsTheStoreAgainAfterAChangeOfUnknownOutcome) {
    store.fail_next_apply({SW_UNAVAILABLE, "gone", {}, {}}, true);
    EXPECT_EQ(patch(1, R"({"title":"new"})").code(), SW_UNAVAILABLE);
    EXPECT_EQ(parsed(ask(Operation::kGet, R"({"id":1})")).at("title"), "new");
}

TEST_F(Updating, GivesTheStoreMoreTimeForAChangeThanTheCallerHas) {
    parsed(patch(1, R"({"title":"new"})"));
    EXPECT_GT(store.last_deadline_ns(), context.deadline_ns);
}

TEST_F(Updating, PinsUnpinsArchivesAndUnarchives) {
    EXPECT_EQ(parsed(act(Operation::kPin, 1)).at("pinned"), true);
    EXPECT_EQ(parsed(act(Operation::kPin, 1)).at("version"), 2) << "pinning twice is once";
    EXPECT_EQ(parsed(act(Operation::kUnpin, 1)).at("pinned"), false);
    EXPECT_EQ(parsed(act(Operation::kArchive, 1)).at("archived"), true);
    EXPECT_EQ(parsed(act(Operation::kUnarchive, 1)).at("archived"), false);
}

TEST_F(Updating, DoesNotUnarchiveIntoAUrlInUse) {
    parsed(act(Operation::kArchive, 1));
    parsed(create(R"({"url":"https://twitch.tv/example"})"));
    EXPECT_EQ(act(Operation::kUnarchive, 1).code(), SW_ALREADY_EXISTS);
}

TEST_F(Updating, RemovesAStreamForGood) {
    EXPECT_EQ(parsed(act(Operation::kRemove, 1)).at("id"), 1);
    EXPECT_EQ(last_event().type, "stream.deleted");
    EXPECT_EQ(last_event().data.at("title"), "old");
    EXPECT_EQ(ask(Operation::kGet, R"({"id":1})").code(), SW_NOT_FOUND);
    EXPECT_EQ(act(Operation::kRemove, 1).code(), SW_NOT_FOUND);
    EXPECT_EQ(patch(1, R"({"title":"x"})").code(), SW_NOT_FOUND);
}

TEST_F(Updating, AReadThatWasUnderWayDoesNotBringARemovedStreamBack) {
    StreamRecords fresh(store, [this] { return now; }, 1 << 20);
    int answers = 0;
    store.hold();
    serve(fresh, Operation::kGet, R"({"id":1})", context, [&](Result<Buffer>) { ++answers; });
    store.hold(false);
    serve(fresh, Operation::kRemove, R"({"id":1})", context, [&](Result<Buffer>) { ++answers; });
    EXPECT_EQ(answers, 1);
    store.release();
    EXPECT_EQ(answers, 2);
    EXPECT_EQ(fresh.cached(1)->code(), SW_NOT_FOUND);
}

struct Rights {
    const char* who;
    std::string_view type, id, role, scopes;
    std::string_view body;
    sw_status expected;
};

TEST_F(Updating, AsksWhoMayChangeTheRecord) {
    store.set(1, "user_id", 7);
    const Rights cases[] = {
        {"the host's own plugins", "service", "", "", "", R"({"title":"a"})", SW_OK},
        {"an administrator", "user", "1", "admin", "", R"({"title":"b"})", SW_OK},
        {"the owner", "user", "7", "editor", "", R"({"title":"c"})", SW_OK},
        {"another editor", "user", "8", "editor", "", R"({"title":"d"})", SW_PERMISSION_DENIED},
        {"a key that may write", "key", "k", "", "lists:read streams:write", R"({"title":"e"})",
         SW_OK},
        {"a checker's key, its fields", "key", "k", "", "status:write", R"({"status":"live"})",
         SW_OK},
        {"a checker's key, another field", "key", "k", "", "status:write", R"({"city":"Rome"})",
         SW_PERMISSION_DENIED},
        {"a key whose id is the owner's", "key", "7", "", "streams:read", R"({"title":"f"})",
         SW_PERMISSION_DENIED},
        {"nobody", "anonymous", "", "", "", R"({"title":"g"})", SW_PERMISSION_DENIED},
    };
    StreamRecords fresh(store, [this] { return now; }, 1 << 20);
    for (const auto& each : cases) {
        auto asker = context;
        asker.principal_type = to_str(each.type);
        asker.principal_id = to_str(each.id);
        asker.role = to_str(each.role);
        asker.scopes = to_str(each.scopes);
        const contracts::streams::Update update{.id = 1, .body = each.body};
        sw_status status = SW_UNKNOWN;
        serve(fresh, Operation::kUpdate, update.request().view(), asker,
              [&](Result<Buffer> reply) { status = reply.code(); });
        EXPECT_EQ(status, each.expected) << each.who;
    }
}

}  // namespace
}  // namespace streamwall::catalog::testing
