#include <streamwall/contracts/record.hpp>
#include <streamwall/contracts/store.hpp>

#include <heap_buffers.hpp>

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::contracts {
namespace {

TEST(StoreChanges, AreOneRequestInOrder) {
    const auto request = store::Changes()
                             .inbox("me", "evt-1")
                             .insert("things", R"({"a":1})")
                             .event_of(1, "thing.made", "thing/{id}")
                             .update("things", 5, 3, R"({"a":2})")
                             .event_of(3, "thing.changed", "thing/5", R"({"a":{"from":1,"to":2}})")
                             .erase("things", 6, 1)
                             .event("thing.seen", "thing/6", R"({"x":"\n"})")
                             .buffer();
    EXPECT_EQ(
        boost::json::parse(request.view()),
        boost::json::parse(
            R"({"changes":[{"op":"inbox","consumer":"me","event_id":"evt-1"},)"
            R"({"op":"insert","collection":"things","record":{"a":1}},)"
            R"({"op":"event","type":"thing.made","version":"1.0","subject":"thing/{id}","record":1},)"
            R"({"op":"update","collection":"things","id":5,"version":3,"set":{"a":2}},)"
            R"({"op":"event","type":"thing.changed","version":"1.0","subject":"thing/5","record":3,)"
            R"("changes":{"a":{"from":1,"to":2}}},)"
            R"({"op":"delete","collection":"things","id":6,"version":1},)"
            R"({"op":"event","type":"thing.seen","version":"1.0","subject":"thing/6",)"
            R"("data":{"x":"\n"}}]})"));
}

TEST(StoreReply, GivesEachResultAsItsBytes) {
    constexpr std::string_view kReply = R"({"results":[{},{"id":1,"t":"]}\""},{"id":"evt"}]})";
    EXPECT_EQ(store::result_at(kReply, 0), "{}");
    EXPECT_EQ(store::result_at(kReply, 1), R"({"id":1,"t":"]}\""})");
    EXPECT_EQ(store::result_at(kReply, 3), "");
    EXPECT_EQ(store::result_at("{}", 0), "");
    EXPECT_EQ(store::result_at(R"({"results":[{"id":1)", 0), "");
    EXPECT_EQ(store::result_at(R"({"results":5,"x":[1]})", 0), "");
}

TEST(StoreError, TellsItsCodeAndNumbers) {
    const Error error{SW_ALREADY_EXISTS, "x", {}, R"({"code":"inbox_seen","id":12})"};
    EXPECT_TRUE(store::has_code(error, store::kInboxSeen));
    EXPECT_FALSE(store::has_code(error, store::kDiskFull));
    EXPECT_EQ(store::detail_number(error, "id"), 12);
    EXPECT_EQ(store::detail_number(error, "version"), 0);
    EXPECT_FALSE(store::has_code(Error::internal("y"), store::kInboxSeen));
}

TEST(Record, TellsItsIdAndVersionWithoutBeingParsed) {
    constexpr std::string_view kRecord = R"({"id":5,"url":"u","archived":true,"version":42})";
    EXPECT_EQ(record_id(kRecord), 5);
    EXPECT_EQ(record_version(kRecord), 42);
    EXPECT_EQ(record_version_text(kRecord), "42");
    for (const std::string_view text : {"", "{}", "5}", R"({"version":})", R"({"x":7})", "[]"}) {
        EXPECT_EQ(record_id(text), 0) << text;
        EXPECT_EQ(record_version(text), 0) << text;
    }
}

TEST(Record, IsGlancedAtForWhatNeighboursAsk) {
    const auto stream = glance_at_stream(
        R"({"id":5,"url":"https://a.b/c","title":"\"archived\":true","status":"live","archived":false,"version":2})");
    EXPECT_EQ(stream.id, 5);
    EXPECT_EQ(stream.version, 2);
    EXPECT_EQ(stream.url, "https://a.b/c");
    EXPECT_EQ(stream.status, "live");
    EXPECT_FALSE(stream.archived);
}

struct EnclosedCase {
    std::string_view text;
    bool enclosed;
};

TEST(JsonScan, KnowsWhatMayStandInsideOtherJson) {
    const EnclosedCase cases[] = {
        {R"({})", true},         {R"( {"a":[1,{"b":"}"}]} )", true},
        {R"({"a":tru})", true},  // ill-formed, but it stays inside
        {R"({"a":"\\"})", true}, {R"({"a":1},"id":9)", false},
        {R"({"a":1}{)", false},  {R"({"a":"\"})", false},
        {R"({"a":[}])", false},  {R"({"a":1)", false},
        {R"({)", false},         {R"([])", false},
        {R"("x")", false},       {"", false},
    };
    for (const auto& [text, enclosed] : cases)
        EXPECT_EQ(json::is_enclosed_object(text), enclosed) << text;
    const std::string deep(100'000, '[');
    EXPECT_FALSE(json::is_enclosed_object(R"({"a":)" + deep));
}

TEST(JsonScan, FindsMembersAmongAllKindsOfValues) {
    constexpr std::string_view kText =
        R"( { "a" : -1.5e3 , "s" : "x\"y" , "o":{"a":2,"n":[{"z":"]"}]},"l":[],"t":true,"e":null } )";
    EXPECT_EQ(json::find_member(kText, "a"), "-1.5e3");
    EXPECT_EQ(json::find_member(kText, "s"), R"("x\"y")");
    EXPECT_EQ(json::find_member(kText, "o"), R"({"a":2,"n":[{"z":"]"}]})");
    EXPECT_EQ(json::find_member(kText, "l"), "[]");
    EXPECT_EQ(json::find_member(kText, "t"), "true");
    EXPECT_EQ(json::find_member(kText, "e"), "null");
    EXPECT_EQ(json::find_member(kText, "z"), "");
    EXPECT_EQ(json::to_plain_text(json::find_member(kText, "s")), std::nullopt);
}

TEST(JsonScan, EndsOnBrokenTextOfEveryLength) {
    constexpr std::string_view kText = R"({"a":[1,"\\",{"b":null}],"c":"d","version":7})";
    for (std::size_t cut = 0; cut < kText.size(); ++cut) {
        const auto text = kText.substr(0, cut);
        EXPECT_EQ(json::find_member(text, "nothing"), "");
        EXPECT_FALSE(json::is_enclosed_object(text));
        EXPECT_FALSE(json::scan_members(text, [](auto, auto) { return true; }));
    }
}

}  // namespace
}  // namespace streamwall::contracts
