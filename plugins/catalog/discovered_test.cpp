#include "discovered.hpp"

#include "testing/fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

class Discovered : public CatalogTest {
  protected:
    static constexpr std::string_view kData =
        R"({"url":"https://twitch.tv/example","source":"twitch","user":"ann","platform":"twitch",)"
        R"("city":"Seattle","state":"WA","message_id":"m-1"})";

    Result<> deliver(std::string_view id, std::string_view data = kData) {
        std::optional<Result<>> out;
        take_discovered(records, {id, data}, context, [&](const Result<Taken>& done) {
            taken = done ? *done : Taken{};
            out = done ? ok() : Result<>(done.error());
        });
        return out ? std::move(*out) : Result<>(Error::internal("not finished"));
    }
    Taken taken;
};

TEST_F(Discovered, BecomesAStreamThatIsToBeChecked) {
    ASSERT_TRUE(deliver("evt-1"));
    const auto& stream = store.records().at(1);
    EXPECT_EQ(stream.at("status"), "checking");
    EXPECT_EQ(stream.at("source"), "twitch");
    EXPECT_EQ(stream.at("posted_by"), "ann");
    EXPECT_EQ(stream.at("city"), "Seattle");
    EXPECT_EQ(stream.at("state"), "WA");
    EXPECT_EQ(stream.at("platform"), "twitch");
    ASSERT_EQ(store.events().size(), 1U);
    EXPECT_EQ(last_event().type, "stream.created");
    EXPECT_EQ(last_event().subject, "stream/1");
}

TEST_F(Discovered, HasItsEffectOnceHoweverOftenItIsDelivered) {
    ASSERT_TRUE(deliver("evt-1"));
    ASSERT_TRUE(deliver("evt-1"));
    EXPECT_EQ(store.records().size(), 1U);
    EXPECT_EQ(store.events().size(), 1U);
}

TEST_F(Discovered, IsADuplicateWhereTheStreamIsKnown) {
    ASSERT_TRUE(deliver("evt-1"));
    ASSERT_TRUE(deliver("evt-2"));
    ASSERT_TRUE(deliver("evt-2"));
    EXPECT_EQ(store.records().size(), 1U);
    ASSERT_EQ(store.events().size(), 2U);
    EXPECT_EQ(last_event().type, "stream.duplicate_seen");
    EXPECT_EQ(last_event().subject, "stream/1");
    EXPECT_EQ(last_event().data,
              boost::json::parse(R"({"id":1,"url":"https://twitch.tv/example","source":"twitch",)"
                                 R"("user":"ann","message_id":"m-1"})")
                  .as_object());
}

TEST_F(Discovered, IsAnsweredWithItsStreamWhereTheCatalogIsCalled) {
    const auto request = R"({"data":)" + std::string(kData) + "}";
    EXPECT_EQ(parsed(ask(Operation::kDiscover, request)),
              json::parse_object(R"({"created":true,"stream_id":1})").value());
    EXPECT_EQ(parsed(ask(Operation::kDiscover, request)),
              json::parse_object(R"({"created":false,"stream_id":1})").value());
    ASSERT_EQ(store.events().size(), 2U);
    EXPECT_EQ(last_event().type, "stream.duplicate_seen");
    EXPECT_EQ(ask(Operation::kDiscover, R"({"data":{"url":"ftp://x"}})").code(),
              SW_INVALID_ARGUMENT);
    EXPECT_EQ(ask(Operation::kDiscover, R"({"data":{}})").code(), SW_INVALID_ARGUMENT);
}

TEST_F(Discovered, SaysWhichStreamItBecame) {
    ASSERT_TRUE(deliver("evt-1"));
    EXPECT_TRUE(taken.created);
    EXPECT_EQ(taken.stream_id, 1);
    ASSERT_TRUE(deliver("evt-2"));
    EXPECT_FALSE(taken.created);
    EXPECT_EQ(taken.stream_id, 1);
}

TEST_F(Discovered, IsPassedOverAsAnEventOnceTheCatalogHasAnswered) {
    EXPECT_FALSE(is_taken_already(kData));
    EXPECT_FALSE(is_taken_already(R"({"stream_id":null})"));
    EXPECT_TRUE(is_taken_already(R"({"url":"https://kick.com/a","stream_id":7})"));
}

TEST_F(Discovered, DoesNotComeBackWhenItIsDeliveredAgainAfterItsStreamWasRemoved) {
    ASSERT_TRUE(deliver("evt-1"));
    parsed(act(Operation::kRemove, 1));
    ASSERT_TRUE(deliver("evt-1"));
    EXPECT_TRUE(store.records().empty());
}

TEST_F(Discovered, IsTriedAgainWhereTheStoreIsAway) {
    store.fail_next_apply(Error::unavailable("away"));
    EXPECT_EQ(deliver("evt-1").code(), SW_UNAVAILABLE);
    ASSERT_TRUE(deliver("evt-1"));
    EXPECT_EQ(store.records().size(), 1U);
}

TEST_F(Discovered, LeavesOutWhatIsNotKnown) {
    ASSERT_TRUE(deliver("evt-1", R"({"url":"https://kick.com/a","city":null})"));
    EXPECT_EQ(store.records().at(1).at("platform"), "kick");
    EXPECT_TRUE(store.records().at(1).at("city").is_null());
}

TEST_F(Discovered, IsRefusedWithoutAUsableUrl) {
    EXPECT_EQ(deliver("evt-1", R"({"url":"ftp://x"})").code(), SW_INVALID_ARGUMENT);
    EXPECT_EQ(deliver("evt-2", R"({"user":"ann"})").code(), SW_INVALID_ARGUMENT);
    EXPECT_TRUE(store.records().empty());
}

}  // namespace
}  // namespace streamwall::catalog::testing
