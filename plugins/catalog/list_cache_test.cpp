// Lists from memory: what is kept, when it isn't true any more, and that it never is otherwise.
#include "list_cache.hpp"

#include "testing/list_fixture.hpp"

#include <streamwall/contracts/record.hpp>

#include <gmock/gmock.h>

namespace streamwall::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ListCacheTest : public ::testing::Test {
  protected:
    using Operation = contracts::streams::Operation;
    using Listed = testing::Listed;
    static constexpr std::uint64_t kSecond = 1'000'000'000;

    ListCacheTest() {
        context.size = sizeof context;
        context.role = to_str("admin");
        context.deadline_ns = now + 3600 * kSecond;
    }
    Result<Buffer> ask(Operation operation, std::string_view request) {
        std::optional<Result<Buffer>> out;
        serve(records, operation, request, context,
              [&](Result<Buffer> reply) { out = std::move(reply); });
        if (!out) return Error::internal("no reply yet");
        return std::move(*out);
    }
    Listed list(std::string_view filters, std::string_view rest = R"("limit":25,"count":true)") {
        const auto reply = ask(Operation::kList, R"({"filters":)" + std::string(filters) + "," +
                                                     std::string(rest) + "}");
        if (reply) return testing::listed(reply->view());
        ADD_FAILURE() << reply.error().message;
        return {};
    }
    boost::json::value first_record() {
        const auto reply = ask(Operation::kList, R"({"filters":{},"limit":25,"count":true})");
        return json::parse_object(reply->view()).value().at("records").at(0);
    }
    std::int64_t made(std::string_view url, std::string_view more = "") {
        const auto body = R"({"url":")" + std::string(url) + "\"" + std::string(more) + "}";
        const auto reply =
            ask(Operation::kCreate, contracts::streams::Create{.body = body}.request().view());
        return contracts::record_id(json::find_member(reply->view(), "stream"));
    }
    static Buffer patch_request(std::int64_t id, std::string_view body) {
        return contracts::streams::Update{.id = id, .body = body}.request();
    }
    void patch(std::int64_t id, std::string_view body) {
        const auto reply = ask(Operation::kUpdate, patch_request(id, body).view());
        EXPECT_TRUE(reply) << reply.error().message;
    }
    void act(Operation operation, std::int64_t id) {
        const auto reply = ask(operation, contracts::streams::id_request(id).view());
        EXPECT_TRUE(reply) << reply.error().message;
    }

    // Another catalog over the same store makes it so, and says this.
    StreamRecords::Heard goes_offline_elsewhere(std::int64_t id) {
        const auto results = store.elsewhere(
            StorePort::Method::kApply,
            R"({"changes":[{"op":"update","collection":"streams","id":)" + std::to_string(id) +
                R"(,"set":{"status":"offline"}},{"op":"event","type":"stream.status_changed",)"
                R"("version":"1.0","subject":"stream/1","record":0}]})");
        const auto& done = results.at("results").as_array();
        return {.record = Buffer(boost::json::serialize(done.at(0))),
                .changes = R"({"status":{"from":"live","to":"offline"}})",
                .sequence = done.at(1).at("sequence").as_int64()};
    }

    std::uint64_t now = 1000 * kSecond;
    sw_context context{};
    testing::ListedStore store;
    StreamRecords records{store, [this] { return now; }, std::size_t{8} << 20};
};

TEST_F(ListCacheTest, APageIsAskedForOnce) {
    made("https://twitch.tv/a");
    list("{}");
    const auto asked = store.queries();
    EXPECT_EQ(list("{}").count, 1);
    EXPECT_EQ(list("{}").count, 1);
    EXPECT_EQ(store.queries(), asked);
    list("{}", R"("limit":26,"count":true)");
    EXPECT_EQ(store.queries(), asked + 1) << "another page";
}

TEST_F(ListCacheTest, FiltersAreTheSameInAnyOrder) {
    list(R"({"status":["live"],"city":["Seattle"]})");
    const auto asked = store.queries();
    list(R"({"city":["Seattle"],"status":["live"]})");
    EXPECT_EQ(store.queries(), asked);
}

TEST_F(ListCacheTest, AWriteIsInTheWritersNextList) {
    const auto first = made("https://twitch.tv/a");
    EXPECT_THAT(list("{}").ids, ElementsAre(first));
    const auto second = made("https://twitch.tv/b");
    EXPECT_EQ(list("{}").count, 2);
    patch(first, R"({"status":"live"})");
    EXPECT_THAT(list(R"({"status":["live"]})").ids, ElementsAre(first));
    patch(second, R"({"status":"live"})");
    EXPECT_EQ(list(R"({"status":["live"]})").count, 2);
    act(Operation::kArchive, first);
    EXPECT_THAT(list(R"({"status":["live"]})").ids, ElementsAre(second));
    EXPECT_THAT(list(R"({"archived":[true]})").ids, ElementsAre(first));
    act(Operation::kRemove, second);
    EXPECT_EQ(list("{}").count, 0);
}

TEST_F(ListCacheTest, AChangeElsewhereLeavesAPageAlone) {
    const auto live = made("https://twitch.tv/a", R"(,"status":"live")");
    const auto other = made("https://twitch.tv/b", R"(,"status":"offline")");
    EXPECT_THAT(list(R"({"status":["live"]})").ids, ElementsAre(live));
    const auto asked = store.queries();
    patch(other, R"({"title":"still not live"})");
    made("https://twitch.tv/c", R"(,"status":"offline")");
    EXPECT_THAT(list(R"({"status":["live"]})").ids, ElementsAre(live));
    EXPECT_EQ(store.queries(), asked);
}

TEST_F(ListCacheTest, ACountIsCarriedOnWithoutAskingForIt) {
    const auto id = made("https://twitch.tv/a", R"(,"title":"protest live")");
    made("https://twitch.tv/b", R"(,"title":"Protests")");
    EXPECT_EQ(list(R"({"search":["prot"]})").count, 2);
    EXPECT_TRUE(store.last_query().contains(R"("count":true)"));
    patch(id, R"({"title":"quiet"})");
    EXPECT_EQ(list(R"({"search":["prot"]})").count, 1);
    EXPECT_FALSE(store.last_query().contains("count"));
    patch(id, R"({"notes":"PROTestando"})");
    EXPECT_EQ(list(R"({"search":["prot"]})").count, 2);
}

TEST_F(ListCacheTest, APageBehindTheLastRecordIsNotAskedFor) {
    made("https://a.example/1");
    const auto live = R"({"status":["live"]})";
    EXPECT_EQ(list(live).count, 0);
    const auto asked = store.queries();
    EXPECT_EQ(list(live, R"("limit":25,"offset":25,"count":true)").count, 0);
    EXPECT_EQ(list("{}", R"("limit":25,"count":true)").count, 1);
    EXPECT_THAT(list("{}", R"("limit":25,"offset":25,"count":true)").ids, IsEmpty());
    EXPECT_EQ(store.queries(), asked + 1) << "the first page of all";
    made("https://a.example/2", R"(,"status":"live")");
    EXPECT_THAT(list(live).ids, ElementsAre(2));
    list("{}", R"("limit":25,"offset":1,"count":true)");
    EXPECT_EQ(store.queries(), asked + 3) << "what is there now";
    const auto refused =
        ask(Operation::kList, R"({"filters":{},"limit":25,"cursor":"no such","count":true})");
    EXPECT_FALSE(refused);
}

TEST_F(ListCacheTest, ACheckThatLearnsNothingNewShowsInTheNextList) {
    const auto id = made("https://twitch.tv/a");
    list("{}");
    for (const auto* time : {"2026-01-31T12:00:00.000Z", "2026-01-31T12:00:10.000Z"}) {
        patch(id, R"({"last_checked_at":")" + std::string(time) + "\"}");
        EXPECT_EQ(first_record().at("last_checked_at"), time);
    }
}

TEST_F(ListCacheTest, WhatLooksAtTimesThatMoveIsNotKept) {
    made("https://twitch.tv/a");
    const auto filter = R"({"updated_since":["2020-01-01T00:00:00.000Z"]})";
    list(filter);
    const auto asked = store.queries();
    list(filter);
    EXPECT_EQ(store.queries(), asked + 1);
}

TEST_F(ListCacheTest, ChangesOfOthersCountOnceTheyAreHeardOf) {
    const auto id = made("https://twitch.tv/a", R"(,"status":"live")");
    EXPECT_EQ(list(R"({"status":["live"]})").count, 1);
    const auto heard = goes_offline_elsewhere(id);
    EXPECT_EQ(list(R"({"status":["live"]})").count, 1) << "nobody has told";
    records.heard(heard);
    EXPECT_EQ(list(R"({"status":["live"]})"), (Listed{{}, 0}));
    EXPECT_EQ(list(R"({"status":["offline"]})").count, 1);
    records.heard(heard);
    EXPECT_EQ(list(R"({"status":["live"]})").count, 0) << "heard twice, it counts once";
}

TEST_F(ListCacheTest, AChangeOfOthersCountsThatWasMadeInsteadOfOneUnderWay) {
    const auto id = made("https://twitch.tv/a", R"(,"status":"live")");
    EXPECT_EQ(list(R"({"status":["live"]})").count, 1);
    store.before_next_change([&] { records.heard(goes_offline_elsewhere(id)); });
    patch(id, R"({"title":"the second to change it"})");
    EXPECT_EQ(list(R"({"status":["live"]})"), (Listed{{}, 0}));
    EXPECT_EQ(list(R"({"status":["offline"]})"), (Listed{{id}, 1}));
}

TEST_F(ListCacheTest, AChangeWhoseOutcomeIsUnknownEndsWhatIsKept) {
    const auto id = made("https://twitch.tv/a");
    list("{}");
    const auto asked = store.queries();
    store.lose_next_reply();
    EXPECT_FALSE(ask(Operation::kUpdate, patch_request(id, R"({"title":"maybe"})").view()));
    EXPECT_EQ(first_record().at("title"), "maybe");
    EXPECT_EQ(store.queries(), asked + 1);
}

TEST_F(ListCacheTest, APageGetsNoOlderThanAMinute) {
    made("https://twitch.tv/a");
    list("{}");
    const auto asked = store.queries();
    now += 59 * kSecond;
    list("{}");
    EXPECT_EQ(store.queries(), asked);
    now += 2 * kSecond;
    list("{}");
    EXPECT_EQ(store.queries(), asked + 1);
}

TEST_F(ListCacheTest, ACountTakesWhatHappenedWhileItWasOnItsWay) {
    const StreamQuery query{
        .filter = R"({"field":"status","op":"eq","value":"live"})", .page = "", .has_count = true};
    const Buffer record(R"({"id":1,"status":"live","version":1})");
    struct Case {
        std::int64_t sequence;  // that the store's count knows of; the change has 5
        std::int64_t count;
    };
    for (const auto& [sequence, count] : {Case{4, 8}, Case{5, 7}}) {
        ListCache cache([] { return 1; }, 10'000);
        const auto slow = cache.ask(query);
        cache.changed({.before = {}, .after = record, .sequence = 5});
        cache.ask(query);
        const auto text = R"({"records":[],"count":7,"next_cursor":null,"sequence":)" +
                          std::to_string(sequence) + "}";
        EXPECT_TRUE(cache.answer(slow, Buffer(text)));
        EXPECT_FALSE(cache.find(query)) << "the page is older than the change";
        const auto reply =
            cache.answer(cache.ask(query), Buffer(R"({"records":[],"next_cursor":null})"));
        ASSERT_TRUE(reply) << "the count is known";
        EXPECT_EQ(testing::listed(reply->view()).count, count) << sequence;
    }
}

TEST_F(ListCacheTest, SearchesThatAreMadeOnceForgetNoCountThatManyAskFor) {
    made("https://twitch.tv/a");
    const auto page = [](int number) {
        return R"("limit":1,"count":true,"offset":)" + std::to_string(number);
    };
    list("{}", page(0));
    list("{}", page(1));
    for (int i = 0; i < 2000; ++i)
        list(R"({"city":["city )" + std::to_string(i) + "\"]}");
    const auto asked = store.queries();
    EXPECT_EQ(list("{}", page(2)).count, 1);
    EXPECT_EQ(store.queries(), asked) << "the count is known, and the page behind it";
}

TEST_F(ListCacheTest, ItsMemoryIsBounded) {
    ListCache cache([] { return 1; }, 10'000);
    for (int i = 0; i < 100; ++i) {
        StreamQuery query{.filter = R"({"field":"archived","op":"eq","value":false})",
                          .page = "\"limit\":" + std::to_string(i)};
        const auto question = cache.ask(query);
        const auto reply = std::string(1000, ' ') + R"({"records":[],"next_cursor":null})";
        EXPECT_TRUE(cache.answer(question, Buffer(reply)));
        EXPECT_TRUE(cache.find(query));
        EXPECT_LE(cache.bytes(), 10'000U);
    }
}

}  // namespace
}  // namespace streamwall::catalog
