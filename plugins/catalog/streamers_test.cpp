#include "testing/relations_fixture.hpp"

#include "discovered.hpp"

namespace streamwall::catalog::testing {
namespace {

using boost::json::array;

class StreamersTest : public RelationsTest {};

TEST_F(StreamersTest, KeepANameOnceWithoutCase) {
    const auto ann = made(streamers, R"({"name":"  Ann É ","notes":"films"})");
    EXPECT_EQ(ann.at("name"), "Ann É");
    EXPECT_EQ(ann.at("accounts"), array());
    EXPECT_EQ(ann.at("stream_count"), 0);
    EXPECT_FALSE(ann.contains("name_key"));
    EXPECT_FALSE(ann.contains("handle"));
    const auto again = create(streamers, R"({"name":"ANN é"})");
    EXPECT_EQ(again.code(), SW_ALREADY_EXISTS);
    EXPECT_EQ(complaint(again), "name taken");
    EXPECT_EQ(get(streamers, 1).value(), ann);
    EXPECT_EQ(patch(streamers, 1, R"({"name":"ANN É"})").value().at("name"), "ANN É");
}

TEST_F(StreamersTest, HaveAccountsWithTheAddressesThatFollow) {
    const auto bob = made(streamers, R"({"name":"Bob","accounts":[
        {"platform":"Twitch","username":"  @BobTV "},
        {"platform":"tiktok","username":"bob"},{"platform":"instagram","username":"bob"},
        {"platform":"youtube","username":"Bob"},
        {"platform":"facebook","username":"bob","url":"https://facebook.com/bob"}]})");
    std::string found;
    for (const auto& account : bob.at("accounts").as_array()) {
        const auto* url = account.at("url").if_string();
        found += std::string(account.at("username").as_string()) + " " +
                 std::string(url ? url->c_str() : "-") + ";";
    }
    EXPECT_EQ(found,
              "bobtv https://twitch.tv/bobtv;bob https://tiktok.com/@bob;"
              "bob https://instagram.com/bob/;bob -;bob https://facebook.com/bob;");
    const auto other = create(streamers, R"({"name":"Other","accounts":[
        {"platform":"twitch","username":"BOBTV"}]})");
    EXPECT_EQ(other.code(), SW_ALREADY_EXISTS);
    EXPECT_EQ(complaint(other), "accounts taken");
    EXPECT_EQ(listed(streamers, "name"), (array{"Bob"})) << "nothing half done";
}

TEST_F(StreamersTest, ReplaceAccountsAsAWholeAndKeepThoseThatStay) {
    const auto before = made(streamers, R"({"name":"Bob","accounts":[
        {"platform":"twitch","username":"bob"},{"platform":"kick","username":"bob"}]})");
    const auto after = patch(streamers, 1, R"({"accounts":[
        {"platform":"kick","username":"bob","url":"https://kick.com/other"},
        {"platform":"x","username":"bob"}]})",
                             "[1]")
                           .value();
    EXPECT_EQ(after.at("version"), 2);
    ASSERT_EQ(after.at("accounts").as_array().size(), 2U);
    EXPECT_EQ(after.at("accounts").at(0).at("id"), before.at("accounts").at(1).at("id"));
    EXPECT_EQ(after.at("accounts").at(0).at("url"), "https://kick.com/other");
    EXPECT_EQ(after.at("accounts").at(1).at("platform"), "x");
    made(streamers, R"({"name":"New","accounts":[{"platform":"twitch","username":"bob"}]})");
    EXPECT_EQ(complaint(patch(streamers, 1, R"({"accounts":null})")), "accounts type");
    EXPECT_EQ(patch(streamers, 1, R"({"accounts":[]})").value().at("accounts"), array());
}

TEST_F(StreamersTest, NameEachFieldThatIsWrong) {
    const std::string long_name(256, 'x');
    const std::array<std::pair<std::string, std::string_view>, 14> cases = {{
        {"{}", "name required"},
        {R"({"name":null})", "name required"},
        {R"({"name":"  "})", "name required"},
        {R"({"name":5})", "name type"},
        {R"({"name":")" + long_name + "\"}", "name too_long"},
        {R"({"name":"a","notes":[]})", "notes type"},
        {R"({"name":"a","accounts":"x"})", "accounts type"},
        {R"({"name":"a","accounts":["x"]})", "accounts type"},
        {R"({"name":"a","accounts":[{}]})",
         "accounts.platform unknown_value, accounts.username format"},
        {R"({"name":"a","accounts":[{"platform":"myspace","username":"a"}]})",
         "accounts.platform unknown_value"},
        {R"({"name":"a","accounts":[{"platform":"x","username":"a b"}]})",
         "accounts.username format"},
        {R"x({"name":"a","accounts":[{"platform":"x","username":"a","url":"javascript:a()"}]})x",
         "accounts.url format"},
        {R"({"name":"a","accounts":[{"platform":"x","username":"a"},
            {"platform":"X","username":"A"}]})",
         "accounts repeated"},
        {R"({"name":"a","accounts":)" +
             [] {
                 std::string out = "[";
                 for (int i = 0; i < 51; ++i)
                     out += (i ? ",{}" : "{}");
                 return out;
             }() +
             "]}",
         "accounts too_many"},
    }};
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(complaint(create(streamers, body)), expected) << body;
    EXPECT_TRUE(store.events().empty());
}

TEST_F(StreamersTest, AreListedByNameAndFoundByPartsOfIt) {
    for (const auto* name : {"Zoe", "ann", "Émile", "100%"})
        made(streamers, R"({"name":")" + std::string(name) + "\"}");
    EXPECT_EQ(listed(streamers, "name"), (array{"100%", "ann", "Zoe", "Émile"}));
    EXPECT_EQ(listed(streamers, "name", R"({"filters":{"name":["ZOE"]}})"), (array{"Zoe"}));
    EXPECT_EQ(listed(streamers, "name", R"({"filters":{"search":["ém"]}})"), (array{"Émile"}));
    EXPECT_EQ(listed(streamers, "name", R"({"filters":{"search":["%"]}})").size(), 4U)
        << "no word to look for";
    EXPECT_EQ(listed(streamers, "name", R"({"sort":"created_at","descending":true})"),
              (array{"100%", "Émile", "ann", "Zoe"}));
}

TEST_F(StreamersTest, AreMadeWithTheFirstStreamThatNamesThem) {
    const auto stream = streamed(R"({"url":"https://twitch.tv/anntv","streamer_name":"Ann"})");
    EXPECT_EQ(stream.at("streamer_id"), 1);
    EXPECT_EQ(stream.at("streamer_name"), "Ann");
    const auto ann = get(streamers, 1).value();
    EXPECT_EQ(ann.at("stream_count"), 1);
    ASSERT_EQ(ann.at("accounts").as_array().size(), 1U);
    EXPECT_EQ(ann.at("accounts").at(0).at("username"), "anntv") << "as the URL says";
}

TEST_F(StreamersTest, AreFoundByTheirAccountThenByTheirNameWithoutCase) {
    made(streamers, R"({"name":"Ann","accounts":[{"platform":"twitch","username":"anntv"}]})");
    const auto by_account = streamed(R"({"url":"https://twitch.tv/AnnTV","streamer_name":"X"})");
    EXPECT_EQ(by_account.at("streamer_id"), 1);
    EXPECT_EQ(by_account.at("streamer_name"), "Ann");
    const auto by_name = streamed(R"({"url":"https://kick.com/ann2","streamer_name":" aNN "})");
    EXPECT_EQ(by_name.at("streamer_id"), 1);
    const auto ann = get(streamers, 1).value();
    EXPECT_EQ(ann.at("accounts").as_array().size(), 2U) << "and have the other account now";
    EXPECT_EQ(ann.at("stream_count"), 2);
    EXPECT_EQ(listed(streamers, "name"), (array{"Ann"}));
}

TEST_F(StreamersTest, AreMadeOnceThoughSomebodyElseMakesThemMeanwhile) {
    store.before_next_apply([&] { made(streamers, R"({"name":"Ann"})"); });
    const auto stream = streamed(R"({"url":"https://twitch.tv/ann","streamer_name":"ann"})");
    EXPECT_EQ(stream.at("streamer_id"), 1);
    EXPECT_EQ(stream.at("streamer_name"), "Ann");
}

TEST_F(StreamersTest, AreNotMadeForAStreamThatIsKnown) {
    streamed(R"({"url":"https://twitch.tv/ann"})");
    const auto reply =
        create_stream(R"({"url":"https://twitch.tv/ann","streamer_name":"New","city":"Nowhere"})");
    EXPECT_EQ(reply.value().at("created"), false);
    EXPECT_TRUE(listed(streamers, "name").empty());
    EXPECT_TRUE(listed(locations, "city").empty());
}

TEST_F(StreamersTest, AreNotMadeForABatchOfWhichAnythingIsForbidden) {
    streamed(R"({"url":"https://twitch.tv/ann"})");
    streamed(R"({"url":"https://twitch.tv/bob"})");
    context.principal_id = to_str("8");
    context.role = to_str("editor");
    const std::pair<const char*, const char*> cases[] = {
        {"status:write", R"([{"id":1,"streamer_name":"New"}])"},
        {"status:write", R"([{"id":1,"status":"live"},{"id":2,"city":"Nowhere"}])"},
        {"", R"([{"id":1,"streamer_name":"New"}])"},
        {"streams:write", R"([{"id":1,"streamer_name":"New"},{"id":99,"status":"live"}])"}};
    for (const auto& [scopes, updates] : cases) {
        context.scopes = to_str(scopes);
        const auto reply = ask_streams(Operation::kBatch,
                                       R"({"strict":false,"atomic":true,"updates":)" +
                                           std::string(updates) + "}");
        EXPECT_FALSE(reply) << updates;
        EXPECT_TRUE(listed(streamers, "name").empty()) << updates;
        EXPECT_TRUE(listed(locations, "city").empty()) << updates;
        EXPECT_EQ(stream(1).at("version"), 1) << updates;
    }
}

TEST_F(StreamersTest, AreMadeForWhatDiscoveryFinds) {
    std::optional<Result<Taken>> done;
    take_discovered(streams, {"evt-1", R"({"url":"https://twitch.tv/ann","platform":"twitch",
                     "source":"twitch","user":"poster","streamer":"ann","city":"Seattle",
                     "state":"WA","country":"US","message_id":"m"})"},
                    context, [&](Result<Taken> result) { done = std::move(result); });
    ASSERT_TRUE(done && *done);
    EXPECT_EQ(stream(1).at("streamer_id"), 1);
    EXPECT_EQ(stream(1).at("location_id"), 1);
    EXPECT_EQ(get(locations, 1).value().at("normalized_name"), "seattle, wa, us");
}

TEST_F(StreamersTest, AreGivenToAStreamTakenFromItAndRefusedWhereThereAreNone) {
    made(streamers, R"({"name":"Ann"})");
    streamed(R"({"url":"https://twitch.tv/one"})");
    EXPECT_EQ(patch_stream(1, R"({"streamer_id":1})").value().at("streamer_name"), "Ann");
    EXPECT_EQ(patch_stream(1, R"({"streamer_name":"Bob"})").value().at("streamer_id"), 2);
    const auto nobody = patch_stream(1, R"({"streamer_name":null})").value();
    EXPECT_TRUE(nobody.at("streamer_id").is_null());
    const auto unknown = patch_stream(1, R"({"streamer_id":99,"title":"x"})");
    EXPECT_EQ(complaint(unknown), "streamer_id not_found");
    EXPECT_TRUE(stream(1).at("title").is_null()) << "nothing half done";
    EXPECT_EQ(complaint(create_stream(R"({"url":"https://x.com/a","streamer_id":99})")),
              "streamer_id not_found");
    EXPECT_EQ(patch_stream(1, R"({"title":"y"})").value().at("title"), "y");
}

TEST_F(StreamersTest, TakeTheirStreamsAlongWhenTheyAreRenamed) {
    streamed(R"({"url":"https://twitch.tv/one","streamer_name":"Ann"})");
    streamed(R"({"url":"https://twitch.tv/two","streamer_id":1})");
    EXPECT_EQ(patch(streamers, 1, R"({"name":"Anna"})").value().at("stream_count"), 2);
    EXPECT_EQ(stream(1).at("streamer_name"), "Anna");
    EXPECT_EQ(stream(2).at("streamer_name"), "Anna");
    const auto version = stream(2).at("version");
    EXPECT_TRUE(patch(streamers, 1, R"({"notes":"x"})"));
    EXPECT_EQ(stream(2).at("version"), version);
}

TEST_F(StreamersTest, LeaveTheirStreamsBehindWhenTheyAreDeleted) {
    streamed(R"({"url":"https://twitch.tv/one","streamer_name":"Ann"})");
    streamed(R"({"url":"https://twitch.tv/two","streamer_name":"Ann","status":"archived"})");
    ASSERT_TRUE(remove(streamers, 1));
    EXPECT_EQ(get(streamers, 1).code(), SW_NOT_FOUND);
    for (const auto id : {1, 2}) {
        EXPECT_TRUE(stream(id).at("streamer_id").is_null()) << id;
        EXPECT_TRUE(stream(id).at("streamer_name").is_null()) << id;
    }
    made(streamers, R"({"name":"Bob","accounts":[{"platform":"twitch","username":"one"}]})");
}

}  // namespace
}  // namespace streamwall::catalog::testing
