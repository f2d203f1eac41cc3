// Conformance: declarations, types, defaults, get.
#pragma once

#include "storage_conformance_fixture.hpp"

namespace streamwall::testing {

TEST_P(StorageConformance, RendersDeclaredFieldsInOrderBetweenTheStoresOwn) {
    const auto reply = apply_raw(insert_of(
        R"({"labels":["a", {"b" : 1}],"score":0.5,"viewers":7,"url":"u","title":"T",
            "live_at":"2026-01-31T14:34:56.7+02:00"})"));
    ASSERT_EQ(reply.status, kOk) << reply.message;
    const auto record = boost::json::parse(reply.body).at("results").at(0);
    std::vector<std::string> names;
    for (const auto& member : record.as_object())
        names.emplace_back(member.key());
    EXPECT_EQ(names, (std::vector<std::string>{"id", "url", "title", "city", "viewers", "score",
                                               "archived", "labels", "live_at", "created_at",
                                               "updated_at", "version"}));
    EXPECT_EQ(record.at("city"), nullptr);
    EXPECT_EQ(record.at("viewers"), 7);
    EXPECT_EQ(record.at("score"), 0.5);
    EXPECT_EQ(record.at("archived"), false);
    EXPECT_EQ(record.at("labels"), boost::json::parse(R"(["a",{"b":1}])"));
    EXPECT_EQ(record.at("live_at"), "2026-01-31T12:34:56.700Z");
    EXPECT_EQ(record.at("version"), 1);
    EXPECT_EQ(record.at("created_at"), record.at("updated_at"));
}

TEST_P(StorageConformance, RendersTheSameBytesInEveryReplyAndEvent) {
    const auto reply = raw(
        "store", "apply",
        R"({"changes":[)" + insert_of(R"({"title":"é \"quoted\" \u0001","labels":{"k": [1.50]}})") +
            R"(,{"op":"event","type":"show.created","version":"1.0","subject":"show/{id}",
                 "record":0}]})");
    ASSERT_EQ(reply.status, kOk) << reply.message;
    const auto id = id_of(boost::json::parse(reply.body).at("results").at(0));
    const std::string record = get(id).body;
    EXPECT_NE(reply.body.find(record), std::string::npos) << reply.body << "\n" << record;
    const auto listed = raw("store", "query", R"({"collection":"shows"})").body;
    EXPECT_NE(listed.find(record), std::string::npos) << listed;
    const auto events = raw("journal", "read", R"({"after":0})").body;
    EXPECT_NE(events.find(R"("data":)" + record), std::string::npos) << events;
}

TEST_P(StorageConformance, KeepsJsonFieldsAsGivenWithoutWhiteSpace) {
    const auto id = id_of(insert(R"({"labels":{ "z" : 1.50, "a" : "x  y" , "e":[ ] }})"));
    EXPECT_NE(get(id).body.find(R"("labels":{"z":1.50,"a":"x  y","e":[]})"), std::string::npos)
        << get(id).body;
}

TEST_P(StorageConformance, DeclaringTheSameAgainChangesNothing) {
    const auto id = id_of(insert(R"({"title":"kept"})"));
    const auto before = get(id).body;
    store("declare", kShows);
    EXPECT_EQ(get(id).body, before);
}

TEST_P(StorageConformance, AddsFieldsThatAreMissingWithTheirDefault) {
    const auto id = id_of(insert(R"({"title":"old"})"));
    store("declare", R"({"collections":[{"name":"shows","fields":[
        {"name":"rank","type":"integer","default":5},{"name":"note","type":"text"}]}]})");
    const auto record = boost::json::parse(get(id).body);
    EXPECT_EQ(record.at("rank"), 5);
    EXPECT_EQ(record.at("note"), nullptr);
    EXPECT_EQ(record.at("title"), "old") << "fields that a declaration leaves out are kept";
    EXPECT_EQ(insert(R"({"title":"new","rank":6,"note":"n"})").at("rank"), 6);
}

TEST_P(StorageConformance, AFieldWithADefaultIsNeverNull) {
    EXPECT_EQ(insert(R"({"title":"a","archived":null})").at("archived"), false);
    const auto id = id_of(insert(R"({"title":"b","archived":true})"));
    EXPECT_EQ(apply(update_of(id, R"({"archived":null})"))[0].at("archived"), false);
}

TEST_P(StorageConformance, RefusesAChangedType) {
    const auto reply = raw("store", "declare", R"({"collections":[{"name":"shows","fields":[
        {"name":"viewers","type":"text"}]}]})");
    EXPECT_EQ(reply.status, kFailedPrecondition);
    EXPECT_EQ(blamed(reply), "shows.viewers");
}

TEST_P(StorageConformance, RefusesAUniqueKeyThatRecordsAlreadyBreak) {
    insert(R"({"title":"a","viewers":1})");
    insert(R"({"title":"b","viewers":1})");
    const auto reply =
        raw("store", "declare",
            R"({"collections":[{"name":"shows","fields":[{"name":"viewers","type":"integer"}],
        "unique":[{"name":"viewers","fields":["viewers"]}]}]})");
    EXPECT_EQ(reply.status, kFailedPrecondition);
    EXPECT_EQ(insert(R"({"title":"c","viewers":1})").at("viewers"), 1) << "nothing is half done";
}

TEST_P(StorageConformance, RefusesDeclarationsThatMakeNoSense) {
    const std::vector<std::string> declarations{
        R"({"name":"Bad Name","fields":[]})",
        R"({"name":"x\"; DROP TABLE shows; --","fields":[]})",
        R"({"name":"x","fields":[{"name":"a","type":"blob"}]})",
        R"({"name":"x","fields":[{"name":"id","type":"text"}]})",
        R"({"name":"x","fields":[{"name":"a","type":"text"},{"name":"a","type":"text"}]})",
        R"({"name":"x","fields":[{"name":"a","type":"integer","default":"one"}]})",
        R"({"name":"x","fields":[],"indexes":[{"name":"i","fields":["nowhere"]}]})",
        R"({"name":"x","fields":[],"unique":[{"name":"u","fields":[]}]})",
    };
    for (const auto& declaration : declarations) {
        const auto reply = raw("store", "declare", R"({"collections":[)" + declaration + "]}");
        EXPECT_EQ(reply.status, kInvalidArgument) << declaration << "\n" << reply.message;
    }
}

TEST_P(StorageConformance, RefusesValuesOfTheWrongType) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"title", "1"},
        {"viewers", "\"1\""},
        {"viewers", "1.5"},
        {"score", "true"},
        {"archived", "1"},
        {"live_at", "\"yesterday\""},
        {"live_at", "\"2026-02-30T00:00:00Z\""},
        {"live_at", "17"},
        {"nowhere", "1"},
        {"id", "5"},
        {"version", "2"},
        {"created_at", "\"2026-01-01T00:00:00Z\""},
    };
    for (const auto& [field, value] : cases) {
        const auto reply = apply_raw(insert_of("{\"" + field + "\":" + value + "}"));
        EXPECT_EQ(reply.status, kInvalidArgument) << field << " = " << value;
        EXPECT_EQ(blamed(reply), field) << reply.details;
    }
}

TEST_P(StorageConformance, RefusesWhatTheContractRefusesInJson) {
    for (const std::string record :
         {R"({"title":"a\u0000b"})", R"({"viewers":9223372036854775808})",
          R"({"viewers":123456789012345678901234567890})", R"({"score":1e999})",
          R"({"title":"a","title":"b"})", R"({"labels":{"a":1,"a":2}})", R"({"title":)"}) {
        EXPECT_EQ(apply_raw(insert_of(record)).status, kInvalidArgument) << record;
    }
    std::string deep;
    for (int i = 0; i < 40; ++i)
        deep += '[';
    for (int i = 0; i < 40; ++i)
        deep += ']';
    EXPECT_EQ(apply_raw(insert_of(R"({"labels":)" + deep + "}")).status, kInvalidArgument);
}

TEST_P(StorageConformance, KeepsTheWholeRangeOfEachType) {
    const auto record = insert(
        R"({"viewers":-9223372036854775808,"score":-1.7976931348623157e308,
            "title":"😀 \ud83d\ude00 'quotes\" -- ; % _ \\ \n","live_at":"0000-01-01T00:00:00.000Z"})");
    EXPECT_EQ(record.at("viewers"), INT64_MIN);
    EXPECT_EQ(record.at("score"), -1.7976931348623157e308);
    EXPECT_EQ(record.at("title"), "😀 😀 'quotes\" -- ; % _ \\ \n");
    EXPECT_EQ(record.at("live_at"), "0000-01-01T00:00:00.000Z");
    EXPECT_EQ(boost::json::parse(get(id_of(record)).body), record);
}

TEST_P(StorageConformance, GetsByIdAndByUniqueKey) {
    const auto record = insert(R"({"url":"u1","title":"T","city":"C"})");
    EXPECT_EQ(boost::json::parse(get(id_of(record)).body), record);
    EXPECT_EQ(store("get", R"({"collection":"shows","unique":"url","values":["u1"]})"), record);
    EXPECT_EQ(store("get", R"({"collection":"shows","unique":"place","values":["C","T"]})"),
              record);
    EXPECT_EQ(get(id_of(record) + 1).status, kNotFound);
    EXPECT_EQ(
        raw("store", "get", R"({"collection":"shows","unique":"url","values":["u2"]})").status,
        kNotFound);
}

TEST_P(StorageConformance, AUniqueKeyFindsOnlyWhatItsConditionCovers) {
    insert(R"({"url":"u1","archived":true})");
    const std::string lookup = R"({"collection":"shows","unique":"url","values":["u1"]})";
    EXPECT_EQ(raw("store", "get", lookup).status, kNotFound);
    const auto active = insert(R"({"url":"u1"})");
    EXPECT_EQ(store("get", lookup), active);
}

TEST_P(StorageConformance, RefusesALookupThatNamesNothing) {
    for (const std::string request :
         {R"({"collection":"nowhere","id":1})", R"({"collection":"shows"})",
          R"({"collection":"shows","id":"1"})",
          R"({"collection":"shows","unique":"nothing","values":["x"]})",
          R"({"collection":"shows","unique":"url","values":[]})",
          R"({"collection":"shows","unique":"url","values":[1]})", "[]", "{"}) {
        EXPECT_EQ(raw("store", "get", request).status, kInvalidArgument) << request;
    }
}

}  // namespace streamwall::testing
