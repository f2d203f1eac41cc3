// Conformance: apply. Versions, unique keys, atomicity, events in a change list, the inbox.
#pragma once

#include "storage_conformance_fixture.hpp"

namespace streamwall::testing {

TEST_P(StorageConformance, UpdatesWhatIsSetAndCountsTheVersion) {
    const auto before = insert(R"({"title":"a","city":"c","viewers":1})");
    backend_.move_clock(1500);
    const auto after = apply(update_of(id_of(before), R"({"viewers":2,"city":null})"))[0];
    EXPECT_EQ(after.at("viewers"), 2);
    EXPECT_EQ(after.at("city"), nullptr);
    EXPECT_EQ(after.at("title"), "a");
    EXPECT_EQ(after.at("version"), 2);
    EXPECT_EQ(after.at("created_at"), before.at("created_at"));
    EXPECT_GT(after.at("updated_at").as_string(), before.at("updated_at").as_string());
    EXPECT_EQ(boost::json::parse(get(id_of(before)).body), after);
}

TEST_P(StorageConformance, UpdatedAtNeverGoesBack) {
    const auto before = insert(R"({"title":"a"})");
    backend_.move_clock(-60'000);
    const auto after = apply(update_of(id_of(before), R"({"title":"b"})"))[0];
    EXPECT_GE(after.at("updated_at").as_string(), before.at("updated_at").as_string());
}

TEST_P(StorageConformance, ChecksTheExpectedVersion) {
    const auto id = id_of(insert(R"({"title":"a"})"));
    apply(update_of(id, R"({"title":"b"})", R"(,"version":1)"));
    const auto stale = apply_raw(update_of(id, R"({"title":"c"})", R"(,"version":1)"));
    EXPECT_EQ(stale.status, kAborted);
    EXPECT_EQ(boost::json::parse(stale.details).at("version"), 2);
    const auto remove = apply_raw(R"({"op":"delete","collection":"shows","id":)" +
                                  std::to_string(id) + R"(,"version":1})");
    EXPECT_EQ(remove.status, kAborted);
    EXPECT_EQ(boost::json::parse(get(id).body).at("title"), "b");
}

TEST_P(StorageConformance, DeletesAndAnswersWithTheRecordAsItWas) {
    const auto record = insert(R"({"title":"a","url":"u"})");
    const std::string change =
        R"({"op":"delete","collection":"shows","id":)" + std::to_string(id_of(record)) + "}";
    EXPECT_EQ(apply(change)[0], record);
    EXPECT_EQ(get(id_of(record)).status, kNotFound);
    EXPECT_EQ(apply_raw(change).status, kNotFound);
    EXPECT_EQ(apply_raw(update_of(id_of(record), R"({"title":"b"})")).status, kNotFound);
}

TEST_P(StorageConformance, NeverGivesAnIdTwice) {
    const auto first = id_of(insert(R"({"title":"a"})"));
    EXPECT_GE(first, 1);
    apply(R"({"op":"delete","collection":"shows","id":)" + std::to_string(first) + "}");
    EXPECT_GT(id_of(insert(R"({"title":"b"})")), first);
}

TEST_P(StorageConformance, NamesTheHolderOfAUniqueKeyInUse) {
    const auto holder = id_of(insert(R"({"url":"u1","title":"T","city":"C"})"));
    const auto other = id_of(insert(R"({"url":"u2"})"));
    struct Case {
        std::string change;
        std::string field;
    };
    for (const auto& [change, field] : {
             Case{insert_of(R"({"url":"u1"})"), "url"},
             Case{update_of(other, R"({"url":"u1"})"), "url"},
             Case{insert_of(R"({"title":"T","city":"C"})"), "city"},
         }) {
        const auto reply = apply_raw(change);
        EXPECT_EQ(reply.status, kAlreadyExists) << change;
        EXPECT_EQ(blamed(reply), field);
        const auto details = boost::json::parse(reply.details);
        EXPECT_EQ(details.at("errors").at(0).at("code"), "taken");
        EXPECT_EQ(details.at("id"), holder);
    }
}

TEST_P(StorageConformance, NamesTheHolderWhenOnlyPartOfAKeyIsChanged) {
    const auto holder = id_of(insert(R"({"title":"T","city":"C"})"));
    const auto other = id_of(insert(R"({"title":"T","city":"D"})"));
    const auto reply = apply_raw(update_of(other, R"({"city":"C"})"));
    EXPECT_EQ(reply.status, kAlreadyExists);
    EXPECT_EQ(boost::json::parse(reply.details).at("id"), holder);
}

TEST_P(StorageConformance, AUniqueKeyLeavesOutWhatItsConditionLeavesOutAndNull) {
    insert(R"({"url":"u1","archived":true})");
    const auto active = id_of(insert(R"({"url":"u1"})"));
    const auto archived = id_of(insert(R"({"url":"u1","archived":true})"));
    const auto reply = apply_raw(update_of(archived, R"({"archived":false})"));
    EXPECT_EQ(reply.status, kAlreadyExists) << "coming under the condition is checked, too";
    EXPECT_EQ(boost::json::parse(reply.details).at("id"), active);
    insert(R"({"city":"C"})");
    insert(R"({"city":"C"})");
}

TEST_P(StorageConformance, AppliesAllChangesOrNone) {
    const auto id = id_of(insert(R"({"url":"u1","title":"before"})"));
    const std::string good =
        insert_of(R"({"title":"made"})") + "," + update_of(id, R"({"title":"after"})") +
        R"(,{"op":"event","type":"show.made","version":"1.0","subject":"s","data":{}}
                                ,{"op":"inbox","consumer":"c","event_id":"e1"},)";
    for (const auto& [bad, status] : std::vector<std::pair<std::string, int>>{
             {insert_of(R"({"url":"u1"})"), kAlreadyExists},
             {update_of(id + 100, R"({"title":"x"})"), kNotFound},
             {update_of(id, R"({"title":"x"})", R"(,"version":99)"), kAborted},
             {insert_of(R"({"viewers":"x"})"), kInvalidArgument},
             {R"({"op":"inbox","consumer":"c","event_id":"e1"})", kAlreadyExists},
         }) {
        EXPECT_EQ(apply_raw(good + bad).status, status) << bad;
        EXPECT_EQ(boost::json::parse(get(id).body).at("title"), "before");
        EXPECT_EQ(matching(R"({"field":"title","op":"eq","value":"made"})").size(), 0U);
    }
    EXPECT_EQ(journal("read", R"({"after":0})").at("last"), 0) << "no sequence was used up";
    apply(R"({"op":"inbox","consumer":"c","event_id":"e1"})");
}

TEST_P(StorageConformance, AnswersEachChangeInItsPlace) {
    const auto results = apply(
        R"({"op":"inbox","consumer":"c","event_id":"e"},)" + insert_of(R"({"title":"a"})") +
        R"(,{"op":"event","type":"show.created","version":"1.0","subject":"show/{id}","record":1},)" +
        insert_of(R"({"title":"b"})"));
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(results[0], boost::json::object());
    EXPECT_EQ(results[1].at("title"), "a");
    EXPECT_EQ(results[2].at("sequence"), 1);
    EXPECT_FALSE(results[2].at("epoch").as_string().empty());
    EXPECT_FALSE(results[2].at("id").as_string().empty());
    EXPECT_EQ(results[3].at("title"), "b");
}

TEST_P(StorageConformance, AnEventTakesTheRecordOfAChangeAsItsData) {
    const auto record = insert(R"({"title":"a"})");
    const auto results = apply(
        R"({"op":"event","type":"show.updated","version":"1.1","subject":"show/{id}","record":1,
            "changes":{"title":{"from":"a","to":"b"}}},)" +
        update_of(id_of(record), R"({"title":"b"})"));
    const auto event = journal("read", R"({"after":0})").at("events").at(0);
    auto data = event.at("data").as_object();
    EXPECT_EQ(data.at("changes"), boost::json::parse(R"({"title":{"from":"a","to":"b"}})"));
    data.erase("changes");
    EXPECT_EQ(data, results[1].as_object());
    EXPECT_EQ(event.at("subject").as_string(), "show/" + std::to_string(id_of(record)));
    EXPECT_EQ(event.at("version"), "1.1");
}

TEST_P(StorageConformance, AnEventOfADeletionCarriesTheRecordAsItWas) {
    const auto record = insert(R"({"title":"a"})");
    apply(
        R"({"op":"delete","collection":"shows","id":)" + std::to_string(id_of(record)) +
        R"(},{"op":"event","type":"show.deleted","version":"1.0","subject":"show/{id}","record":0})");
    EXPECT_EQ(journal("read", R"({"after":0})").at("events").at(0).at("data"), record);
}

TEST_P(StorageConformance, TheInboxLetsEachEventPassOnceForEachConsumer) {
    const std::string pass = R"({"op":"inbox","consumer":"sheets","event_id":"evt-1"},)";
    apply(pass + insert_of(R"({"title":"once"})"));
    const auto again = apply_raw(pass + insert_of(R"({"title":"once"})"));
    EXPECT_EQ(again.status, kAlreadyExists);
    EXPECT_EQ(boost::json::parse(again.details).at("code"), "inbox_seen");
    EXPECT_EQ(matching(R"({"field":"title","op":"eq","value":"once"})").size(), 1U);
    apply(R"({"op":"inbox","consumer":"other","event_id":"evt-1"})");
    apply(R"({"op":"inbox","consumer":"sheets","event_id":"evt-2"})");
}

TEST_P(StorageConformance, RefusesChangeListsThatMakeNoSense) {
    for (const std::string change :
         {R"({"op":"upsert","collection":"shows"})", R"({"collection":"shows"})",
          R"({"op":"insert","collection":"nowhere","record":{}})",
          R"({"op":"insert","collection":"shows"})",
          R"({"op":"update","collection":"shows","set":{}})",
          R"({"op":"update","collection":"shows","id":1})",
          R"({"op":"delete","collection":"shows","id":"1"})",
          R"({"op":"event","type":"Bad Type","version":"1.0","subject":"s","data":{}})",
          R"({"op":"event","type":"a.b","subject":"s","data":{}})",
          R"({"op":"event","type":"a.b","version":"1.0","data":{}})",
          R"({"op":"event","type":"a.b","version":"1.0","subject":"s"})",
          R"({"op":"event","type":"a.b","version":"1.0","subject":"s","data":[]})",
          R"({"op":"event","type":"a.b","version":"1.0","subject":"s","record":0})",
          R"({"op":"event","type":"a.b","version":"1.0","subject":"s","record":7})",
          R"({"op":"inbox","consumer":"c"})", "5"}) {
        EXPECT_EQ(apply_raw(change).status, kInvalidArgument) << change;
    }
    EXPECT_EQ(apply_raw("").status, kInvalidArgument) << "an empty list";
}

TEST_P(StorageConformance, HostileTextsComeBackAsTheyWent) {
    for (const std::string text :
         {R"('; DROP TABLE shows; --)", R"(\" OR \"\"=\")", R"(%_\\)", R"(😀𝕏\u0001\u001f)",
          R"({id} ? ?1 :name @x $y)", "\xE2\x80\xA8\xE2\x80\xA9"}) {
        const auto record = insert(R"({"title":")" + text + "\"}");
        EXPECT_EQ(record.at("title"), boost::json::parse("\"" + text + "\""));
        EXPECT_EQ(boost::json::parse(get(id_of(record)).body), record);
        EXPECT_EQ(matching(R"({"field":"title","op":"eq","value":")" + text + "\"}").size(), 1U)
            << text;
    }
    EXPECT_EQ(apply_raw(insert_of("{\"title\":\"bad \xFF utf-8\"}")).status, kInvalidArgument);
}

}  // namespace streamwall::testing
