#include "testing/fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

class Batch : public CatalogTest {
  protected:
    // Streams 1…n at https://twitch.tv/s<n>.
    void create_streams(int n) {
        for (int i = 1; i <= n; ++i)
            ASSERT_TRUE(create(R"({"url":"https://twitch.tv/s)" + std::to_string(i) + R"("})"));
    }
    Result<Buffer> batch(std::string_view updates, bool atomic = false, bool strict = false) {
        return ask(Operation::kBatch, json::Writer()
                                          .boolean("strict", strict)
                                          .boolean("atomic", atomic)
                                          .raw("updates", updates)
                                          .take());
    }
    boost::json::array results(std::string_view updates) {
        return parsed(batch(updates)).at("results").as_array();
    }
    boost::json::value field(std::int64_t id, std::string_view name) {
        return store.records().at(id).at(name);
    }
};

TEST_F(Batch, ChangesStreamsByIdAndByUrlAndAnswersInOrder) {
    create_streams(3);
    const auto out = results(R"([{"url":"http://www.twitch.tv/S2","status":"live"},
        {"id":1,"status":"Offline"},{"stream":{"id":3,"link":"https://kick.com/new"}}])");
    ASSERT_EQ(out.size(), 3u);
    EXPECT_EQ(out[0].at("stream").at("id"), 2);
    EXPECT_EQ(out[0].at("stream").at("status"), "live");
    EXPECT_EQ(out[0].at("stream").at("version"), 2);
    EXPECT_EQ(out[1].at("stream").at("status"), "offline");
    EXPECT_EQ(out[2].at("stream").at("url"), "https://kick.com/new");
    EXPECT_EQ(out[2].at("stream").at("platform"), "kick");
    EXPECT_EQ(store.events().size(), 6u);
}

TEST_F(Batch, AUrlThatNamesAStreamChangesNeitherItNorThePlatform) {
    ASSERT_TRUE(create(R"({"url":"https://twitch.tv/s1","platform":"other"})"));
    results(R"([{"url":"https://twitch.tv/s1","title":"x"}])");
    EXPECT_EQ(field(1, "platform"), "other");
    EXPECT_EQ(last_event().changes.as_object().size(), 1u);
}

struct BadItem {
    std::string_view item;
    sw_status code;
    std::string_view field;
};

TEST_F(Batch, ABadItemSpoilsNoOther) {
    create_streams(2);
    const BadItem cases[] = {
        {"5", SW_INVALID_ARGUMENT, ""},
        {"null", SW_INVALID_ARGUMENT, ""},
        {"{}", SW_INVALID_ARGUMENT, "id"},
        {R"({"status":"live"})", SW_INVALID_ARGUMENT, "id"},
        {R"({"id":null})", SW_INVALID_ARGUMENT, "id"},
        {R"({"id":"1"})", SW_INVALID_ARGUMENT, "id"},
        {R"({"id":1.5})", SW_INVALID_ARGUMENT, "id"},
        {R"({"id":0})", SW_INVALID_ARGUMENT, "id"},
        {R"({"id":9007199254740992})", SW_INVALID_ARGUMENT, "id"},
        {R"({"id":99,"status":"live"})", SW_NOT_FOUND, ""},
        {R"({"url":"https://twitch.tv/nobody"})", SW_NOT_FOUND, ""},
        {R"({"url":"nonsense","status":"live"})", SW_INVALID_ARGUMENT, "url"},
        {R"({"id":1,"status":"alive"})", SW_INVALID_ARGUMENT, "status"},
        {R"({"id":1,"viewer_count":-1})", SW_INVALID_ARGUMENT, "viewer_count"},
        {R"({"id":1,"url":"https://twitch.tv/s2"})", SW_ALREADY_EXISTS, "changes[0].url"},
    };
    int version = 1;
    for (const auto& [item, code, field] : cases) {
        const auto out = results("[" + std::string(item) + R"(,{"id":2,"viewer_count":)" +
                                 std::to_string(++version) + "}]");
        ASSERT_EQ(out.size(), 2u) << item;
        const auto& error = out[0].at("error").as_object();
        EXPECT_EQ(error.at("code"), code) << item;
        const auto* where = error.if_contains("where");
        EXPECT_EQ(where ? std::string_view(where->as_string()) : "", field) << item;
        EXPECT_EQ(out[1].at("stream").at("version"), version) << item;
        EXPECT_EQ(this->field(1, "version"), 1) << item;
    }
}

TEST_F(Batch, OneStreamsChangesAreAppliedInOrder) {
    create_streams(1);
    const auto out = results(R"([{"id":1,"title":"a"},{"url":"https://twitch.tv/s1","title":"b"},
        {"id":1,"title":"c"}])");
    EXPECT_EQ(out[0].at("stream").at("title"), "a");
    EXPECT_EQ(out[1].at("stream").at("title"), "b");
    EXPECT_EQ(out[2].at("stream").at("title"), "c");
    EXPECT_EQ(field(1, "version"), 4);
}

TEST_F(Batch, AnItemFindsAStreamByTheUrlThatAnItemBeforeItGave) {
    create_streams(2);
    const auto out = results(R"([{"id":1,"url":"https://twitch.tv/moved"},
        {"url":"https://twitch.tv/moved","title":"one"},
        {"id":2,"url":"https://twitch.tv/s1"},{"url":"https://twitch.tv/s1","title":"two"}])");
    EXPECT_EQ(out[1].at("stream").at("id"), 1);
    EXPECT_EQ(out[3].at("stream").at("id"), 2);
}

TEST_F(Batch, ManyChangesOfOneStreamThatDifferInNothingTakeNoStack) {
    create_streams(1);
    std::string updates = "[";
    for (int i = 0; i < 1000; ++i)
        updates += R"({"id":1,"archived":false},)";
    updates.back() = ']';
    EXPECT_EQ(results(updates).size(), 1000u);
    EXPECT_EQ(field(1, "version"), 1);
}

TEST_F(Batch, LeavesOutRecordsThatWouldMakeTheReplyTooLong) {
    create_streams(1);
    const std::string notes(10'000, 'x');
    std::string updates = "[";
    for (int i = 0; i < 200; ++i)
        updates +=
            R"({"id":1,"notes":")" + notes + R"(","viewer_count":)" + std::to_string(i) + "},";
    updates.back() = ']';
    const auto reply = batch(updates);
    ASSERT_TRUE(reply);
    EXPECT_LT(reply->size(), std::size_t{1} << 20);
    const auto out = parsed(reply).at("results").as_array();
    EXPECT_TRUE(out[0].as_object().contains("stream"));
    EXPECT_EQ(out[199], (boost::json::object{{"id", 1}, {"version", 201}}));
}

TEST_F(Batch, TakesAtMostAThousandItems) {
    std::string updates = "[";
    for (int i = 0; i < 1001; ++i)
        updates += R"({"id":1},)";
    updates.back() = ']';
    for (const std::string_view bad : {std::string_view(updates), std::string_view("{}"),
                                       std::string_view("5"), std::string_view("[{]")}) {
        const auto reply = batch(bad);
        EXPECT_EQ(reply.code(), SW_INVALID_ARGUMENT);
        EXPECT_EQ(reply.error().where, "updates");
    }
}

TEST_F(Batch, RefusesUnknownFieldsWhereAskedTo) {
    create_streams(1);
    const auto out = parsed(batch(R"([{"id":1,"colour":"red"}])", false, true));
    EXPECT_EQ(out.at("results").at(0).at("error").at("where"), "colour");
}

TEST_F(Batch, AtomicChangesAllInOneTransaction) {
    create_streams(2);
    const auto before = store.applies();
    const auto reply = batch(R"([{"id":1,"title":"a"},{"url":"https://twitch.tv/s2","pinned":true},
        {"id":1,"status":"live"}])",
                             true);
    const auto out = parsed(reply).at("results").as_array();
    EXPECT_EQ(store.applies(), before + 1);
    EXPECT_EQ(out[0], out[2]);
    EXPECT_EQ(out[0].at("stream").at("title"), "a");
    EXPECT_EQ(out[0].at("stream").at("version"), 2);
    EXPECT_EQ(out[1].at("stream").at("pinned"), true);
    EXPECT_EQ(last_event().type, "stream.pinned");
    EXPECT_EQ(parsed(act(Operation::kGet, 1)).at("version"), 2);
}

TEST_F(Batch, AtomicChangesNothingWhereOneItemCannotBe) {
    create_streams(3);
    const BadItem cases[] = {
        {R"({"id":1,"status":"alive"})", SW_INVALID_ARGUMENT, "updates[1].status"},
        {R"({"id":99,"status":"live"})", SW_NOT_FOUND, "updates[1]"},
        {R"({"url":"https://twitch.tv/nobody"})", SW_NOT_FOUND, "updates[1]"},
        {R"({"id":1,"url":"https://twitch.tv/s2"})", SW_ALREADY_EXISTS, "updates[1].url"},
        {"5", SW_INVALID_ARGUMENT, "updates[1]"},
    };
    for (const auto& [item, code, field] : cases) {
        const auto reply = batch(R"([{"id":3,"title":"x"},)" + std::string(item) + "]", true);
        EXPECT_EQ(reply.code(), code) << item;
        if (!reply) EXPECT_EQ(reply.error().where, field) << item;
        EXPECT_EQ(this->field(3, "version"), 1) << item;
    }
    EXPECT_EQ(store.events().size(), 3u);
}

TEST_F(Batch, AtomicPlansAnewWhereSomebodyWasFaster) {
    create_streams(2);
    store.before_next_apply([this] { store.set(2, "notes", "theirs"); });
    const auto out = parsed(batch(R"([{"id":1,"title":"a"},{"id":2,"title":"b"}])", true));
    EXPECT_EQ(out.at("results").at(1).at("stream").at("notes"), "theirs");
    EXPECT_EQ(field(1, "version"), 2);
    EXPECT_EQ(field(2, "version"), 3);
}

TEST_F(Batch, AsksForRightsToEachRecord) {
    create_streams(2);
    context.principal_type = to_str("user");
    context.principal_id = to_str("7");
    context.role = to_str("editor");
    ASSERT_TRUE(create(R"({"url":"https://twitch.tv/mine"})"));
    const auto out = results(R"([{"id":1,"title":"a"},{"id":3,"title":"b"}])");
    EXPECT_EQ(out[0].at("error").at("code"), SW_PERMISSION_DENIED);
    EXPECT_EQ(out[1].at("stream").at("title"), "b");
    const auto all = batch(R"([{"id":3,"title":"c"},{"id":1,"title":"a"}])", true);
    EXPECT_EQ(all.code(), SW_PERMISSION_DENIED);
    EXPECT_EQ(field(3, "title"), "b");
}

}  // namespace
}  // namespace streamwall::catalog::testing
