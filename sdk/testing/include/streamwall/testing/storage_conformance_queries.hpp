// Conformance: filters, sorts, pages, cursors, counts.
#pragma once

#include <algorithm>
#include <set>

#include "storage_conformance_fixture.hpp"

namespace streamwall::testing {

using Titles = std::vector<std::string>;

// One filter and the titles that it finds, by id.
struct FilterCase {
    std::string filter;
    Titles found;
};

class StorageFilters : public StorageConformance {
  protected:
    void SetUp() override {
        StorageConformance::SetUp();
        insert(
            R"({"title":"Alpha","city":"Seattle","viewers":10,"score":1.5,"url":"https://x/100%"})");
        insert(R"({"title":"beta","city":"São Paulo","viewers":20,"score":-2,"archived":true,
                   "live_at":"2026-01-02T00:00:00Z"})");
        insert(
            R"({"title":"ALPHABET soup","city":"seattle","viewers":30,"url":"https://x/1000_a"})");
        insert(R"({"title":"Delta-wing","viewers":null,"labels":["x"],
                   "live_at":"2026-01-01T00:00:00Z"})");
    }
    void expect(const std::vector<FilterCase>& cases) {
        for (const auto& [filter, found] : cases)
            EXPECT_EQ(matching(filter), found) << filter;
    }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageFilters);

TEST_P(StorageFilters, CompareValuesOfEveryType) {
    expect({
        {R"({"field":"viewers","op":"eq","value":20})", {"beta"}},
        {R"({"field":"viewers","op":"ne","value":20})", {"Alpha", "ALPHABET soup", "Delta-wing"}},
        {R"({"field":"viewers","op":"lt","value":20})", {"Alpha"}},
        {R"({"field":"viewers","op":"le","value":20})", {"Alpha", "beta"}},
        {R"({"field":"viewers","op":"gt","value":20})", {"ALPHABET soup"}},
        {R"({"field":"viewers","op":"ge","value":20})", {"beta", "ALPHABET soup"}},
        {R"({"field":"score","op":"lt","value":0})", {"beta"}},
        {R"({"field":"score","op":"eq","value":1.5})", {"Alpha"}},
        {R"({"field":"archived","op":"eq","value":true})", {"beta"}},
        {R"({"field":"archived","op":"ne","value":true})",
         {"Alpha", "ALPHABET soup", "Delta-wing"}},
        {R"({"field":"live_at","op":"lt","value":"2026-01-01T12:00:00+01:00"})", {"Delta-wing"}},
        {R"({"field":"title","op":"eq","value":"alpha"})", {}},
        {R"({"field":"title","op":"eq","value":"Alpha"})", {"Alpha"}},
        {R"({"field":"title","op":"lt","value":"B"})", {"Alpha", "ALPHABET soup"}},
        {R"({"field":"id","op":"ge","value":1})", {"Alpha", "beta", "ALPHABET soup", "Delta-wing"}},
        {R"({"field":"version","op":"gt","value":1})", {}},
    });
}

TEST_P(StorageFilters, TreatNullAsAValueThatDiffersFromAllOthers) {
    expect({
        {R"({"field":"viewers","op":"eq","value":null})", {"Delta-wing"}},
        {R"({"field":"viewers","op":"ne","value":null})", {"Alpha", "beta", "ALPHABET soup"}},
        {R"({"field":"viewers","op":"null","value":true})", {"Delta-wing"}},
        {R"({"field":"viewers","op":"null","value":false})", {"Alpha", "beta", "ALPHABET soup"}},
        {R"({"field":"labels","op":"null","value":false})", {"Delta-wing"}},
        {R"({"not":{"field":"viewers","op":"eq","value":20}})",
         {"Alpha", "ALPHABET soup", "Delta-wing"}},
        {R"({"not":{"field":"viewers","op":"gt","value":0}})", {"Delta-wing"}},
        {R"({"not":{"and":[{"field":"viewers","op":"gt","value":0},
                           {"field":"city","op":"eq","value":"Seattle"}]}})",
         {"beta", "ALPHABET soup", "Delta-wing"}},
    });
    for (const std::string op : {"lt", "le", "gt", "ge"}) {
        const auto reply = raw("store", "query",
                               R"({"collection":"shows","filter":{"field":"viewers","op":")" + op +
                                   R"(","value":null}})");
        EXPECT_EQ(reply.status, kInvalidArgument) << op;
    }
}

TEST_P(StorageFilters, KnowListsAndRanges) {
    expect({
        {R"({"field":"viewers","op":"in","value":[10,30,99]})", {"Alpha", "ALPHABET soup"}},
        {R"({"field":"viewers","op":"in","value":[10,null]})", {"Alpha", "Delta-wing"}},
        {R"({"field":"viewers","op":"in","value":[]})", {}},
        {R"({"field":"archived","op":"in","value":[true]})", {"beta"}},
        {R"({"field":"viewers","op":"range","value":[10,20]})", {"Alpha", "beta"}},
        {R"({"field":"viewers","op":"range","value":[null,10]})", {"Alpha"}},
        {R"({"field":"viewers","op":"range","value":[20,null]})", {"beta", "ALPHABET soup"}},
        {R"({"field":"viewers","op":"range","value":[null,null]})",
         {"Alpha", "beta", "ALPHABET soup"}},
    });
}

TEST_P(StorageFilters, MatchTextWithoutCase) {
    expect({
        {R"({"field":"title","op":"contains","value":"LPHA"})", {"Alpha", "ALPHABET soup"}},
        {R"({"field":"title","op":"contains","value":""})",
         {"Alpha", "beta", "ALPHABET soup", "Delta-wing"}},
        {R"({"field":"city","op":"contains","value":"SÃO"})", {"beta"}},
        {R"({"field":"title","op":"prefix","value":"alpha"})", {"Alpha", "ALPHABET soup"}},
        {R"({"field":"title","op":"prefix","value":"lpha"})", {}},
        {R"({"field":"city","op":"prefix","value":"são p"})", {"beta"}},
        {R"({"not":{"field":"city","op":"contains","value":"e"}})", {"beta", "Delta-wing"}},
    });
}

TEST_P(StorageFilters, GiveNoMeaningToWildcards) {
    expect({
        {R"({"field":"url","op":"contains","value":"100%"})", {"Alpha"}},
        {R"({"field":"url","op":"contains","value":"0_a"})", {"ALPHABET soup"}},
        {R"({"field":"url","op":"contains","value":"_"})", {"ALPHABET soup"}},
        {R"({"field":"url","op":"contains","value":"%"})", {"Alpha"}},
        {R"({"field":"title","op":"prefix","value":"%"})", {}},
        {R"({"field":"title","op":"contains","value":"' OR 1=1 --"})", {}},
        {R"({"field":"title","op":"eq","value":"' OR ''='"})", {}},
    });
}

TEST_P(StorageFilters, FindWordsByTheirBeginning) {
    expect({
        {R"({"op":"words","fields":["title"],"value":"alpha"})", {"Alpha", "ALPHABET soup"}},
        {R"({"op":"words","fields":["title"],"value":"SOU alph"})", {"ALPHABET soup"}},
        {R"({"op":"words","fields":["title"],"value":"oup"})", {}},
        {R"({"op":"words","fields":["title"],"value":"wing"})", {"Delta-wing"}},
        {R"({"op":"words","fields":["title","city"],"value":"alpha seat"})",
         {"Alpha", "ALPHABET soup"}},
        {R"({"op":"words","fields":["city"],"value":"são paulo"})", {"beta"}},
        {R"({"op":"words","fields":["url"],"value":"100%"})", {"Alpha", "ALPHABET soup"}},
        {R"({"op":"words","fields":["title"],"value":"  "})",
         {"Alpha", "beta", "ALPHABET soup", "Delta-wing"}},
    });
}

TEST_P(StorageFilters, JoinWithAndOrNot) {
    expect({
        {R"({"and":[{"field":"viewers","op":"gt","value":5},{"field":"archived","op":"eq","value":false}]})",
         {"Alpha", "ALPHABET soup"}},
        {R"({"or":[{"field":"title","op":"eq","value":"beta"},{"field":"viewers","op":"eq","value":10}]})",
         {"Alpha", "beta"}},
        {R"({"and":[]})", {"Alpha", "beta", "ALPHABET soup", "Delta-wing"}},
        {R"({"or":[]})", {}},
        {R"({"not":{"or":[]}})", {"Alpha", "beta", "ALPHABET soup", "Delta-wing"}},
    });
}

TEST_P(StorageFilters, RefuseWhatTheyDoNotKnowAndNameIt) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"field":"nowhere","op":"eq","value":1})", "nowhere"},
        {R"({"field":"title\" = 1 --","op":"eq","value":1})", "title\" = 1 --"},
        {R"({"field":"title","op":"like","value":"x"})", "op"},
        {R"({"field":"viewers","op":"eq","value":"x"})", "viewers"},
        {R"({"field":"viewers","op":"contains","value":"x"})", "viewers"},
        {R"({"field":"viewers","op":"in","value":5})", "viewers"},
        {R"({"field":"viewers","op":"range","value":[1]})", "viewers"},
        {R"({"field":"labels","op":"eq","value":"x"})", "labels"},
        {R"({"op":"words","fields":["nowhere"],"value":"x"})", "nowhere"},
        {R"({"op":"words","fields":[],"value":"x"})", "fields"},
        {R"([])", "filter"},
        {R"({"and":5})", "filter"},
    };
    for (const auto& [filter, field] : cases) {
        const auto reply =
            raw("store", "query", R"({"collection":"shows","filter":)" + filter + "}");
        EXPECT_EQ(reply.status, kInvalidArgument) << filter;
        EXPECT_EQ(blamed(reply), field) << filter << "\n" << reply.details;
    }
}

TEST_P(StorageFilters, AreBoundedInDepthAndLength) {
    const auto nested = [](int depth) {
        std::string filter = R"({"field":"viewers","op":"eq","value":20})";
        for (int i = 1; i < depth; ++i)
            filter = R"({"and":[)" + filter + "]}";
        return R"({"collection":"shows","filter":)" + filter + "}";
    };
    EXPECT_EQ(raw("store", "query", nested(8)).status, kOk);
    EXPECT_EQ(raw("store", "query", nested(9)).status, kInvalidArgument);
    const auto listed = [](int count) {
        std::string values = "0";
        for (int i = 1; i < count; ++i)
            values += "," + std::to_string(i);
        return R"({"collection":"shows","filter":{"field":"viewers","op":"in","value":[)" + values +
               "]}}";
    };
    EXPECT_EQ(raw("store", "query", listed(200)).status, kOk);
    EXPECT_EQ(raw("store", "query", listed(201)).status, kInvalidArgument);
}

TEST_P(StorageFilters, SortBySeveralFieldsAndThenById) {
    EXPECT_EQ(titles(R"(,"sort":[{"field":"viewers","direction":"desc"}])"),
              (Titles{"ALPHABET soup", "beta", "Alpha", "Delta-wing"}));
    EXPECT_EQ(titles(R"(,"sort":[{"field":"viewers"}])"),
              (Titles{"Delta-wing", "Alpha", "beta", "ALPHABET soup"}))
        << "null comes before every value";
    EXPECT_EQ(titles(R"(,"sort":[{"field":"title","direction":"asc"}])"),
              (Titles{"ALPHABET soup", "Alpha", "Delta-wing", "beta"}))
        << "byte for byte";
    EXPECT_EQ(titles(R"(,"sort":[{"field":"archived","direction":"desc"},
                                 {"field":"viewers","direction":"asc"}])"),
              (Titles{"beta", "Delta-wing", "Alpha", "ALPHABET soup"}));
    for (const std::string sort :
         {R"([{"field":"nowhere"}])", R"([{"field":"title","direction":"up"}])",
          R"([{"field":"labels"}])", R"("title")"}) {
        EXPECT_EQ(raw("store", "query", R"({"collection":"shows","sort":)" + sort + "}").status,
                  kInvalidArgument)
            << sort;
    }
}

TEST_P(StorageFilters, CountWhatTheFilterFindsWhateverThePage) {
    const auto reply = store("query", R"({"collection":"shows","limit":1,"offset":1,"count":true,
        "filter":{"field":"archived","op":"eq","value":false}})");
    EXPECT_EQ(reply.at("count"), 3);
    EXPECT_EQ(reply.at("records").as_array().size(), 1U);
    EXPECT_FALSE(store("query", R"({"collection":"shows"})").as_object().contains("count"));
}

TEST_P(StorageConformance, AQuerySaysUpToWhichEventItKnows) {
    const auto sequence = [&](const std::string& rest) {
        return store("query", R"({"collection":"shows","sequence":true)" + rest + "}")
            .at("sequence");
    };
    EXPECT_EQ(sequence(""), 0);
    std::int64_t last = 0;
    for (int i = 0; i < 3; ++i) {
        const auto results = apply(
            insert_of(R"({"title":"t"})") +
            R"(,{"op":"event","type":"show.added","version":"1.0","subject":"s","record":0})");
        last = results.at(1).at("sequence").as_int64();
        EXPECT_EQ(sequence(""), last);
        EXPECT_EQ(sequence(R"(,"count":true,"limit":1)"), last);
        EXPECT_EQ(sequence(R"(,"limit":500)"), last);
    }
    journal("trim", R"({"keep_events":0})");
    EXPECT_EQ(sequence(""), last) << "behind a trimmed log, too";
    EXPECT_FALSE(store("query", R"({"collection":"shows"})").as_object().contains("sequence"));
}

TEST_P(StorageConformance, PagesHaveLimitsWithinBounds) {
    std::string changes = insert_of(R"({"title":"0"})");
    for (int i = 1; i < 30; ++i)
        changes += "," + insert_of(R"({"title":")" + std::to_string(i) + "\"}");
    apply(changes);
    EXPECT_EQ(titles("").size(), 25U);
    EXPECT_EQ(titles(R"(,"limit":1000)").size(), 30U);
    EXPECT_EQ(titles(R"(,"limit":2,"offset":28)"), (Titles{"28", "29"}));
    EXPECT_EQ(titles(R"(,"offset":30)"), Titles());
    for (const std::string bad : {R"("limit":0)", R"("limit":1001)", R"("limit":"5")",
                                  R"("offset":-1)", R"("cursor":"%%%")", R"("cursor":"AAAA")"}) {
        EXPECT_EQ(raw("store", "query", R"({"collection":"shows",)" + bad + "}").status,
                  kInvalidArgument)
            << bad;
    }
}

TEST_P(StorageConformance, CursorsVisitEveryRecordOnceInTheOrderOfTheSort) {
    std::string changes;
    for (int i = 0; i < 40; ++i) {
        changes += changes.empty() ? "" : ",";
        const std::string viewers = i % 4 == 0 ? "null" : std::to_string(i % 4);
        const std::string score = i % 3 == 0 ? "null" : std::to_string(i % 3) + ".25";
        changes += insert_of(R"({"title":")" + std::to_string(i) + R"(","city":"c)" +
                             std::to_string(i % 5) + R"(","viewers":)" + viewers + R"(,"score":)" +
                             score + R"(,"archived":)" + (i % 2 ? "true" : "false") + "}");
    }
    apply(changes);
    for (const std::string sort :
         {R"([])", R"([{"field":"id","direction":"desc"}])",
          R"([{"field":"viewers","direction":"desc"}])", R"([{"field":"viewers"}])",
          R"([{"field":"viewers","direction":"desc"},{"field":"score"}])",
          R"([{"field":"archived","direction":"desc"},{"field":"created_at","direction":"desc"}])",
          R"([{"field":"archived"},{"field":"score","direction":"desc"},{"field":"city"}])",
          R"([{"field":"city","direction":"desc"},{"field":"title"}])"}) {
        const std::string common = R"(,"sort":)" + sort;
        const Titles whole = titles(common + R"(,"limit":100)");
        ASSERT_EQ(whole.size(), 40U);
        Titles walked;
        std::string cursor;
        do {
            const auto page =
                store("query", R"({"collection":"shows","limit":7)" + common +
                                   (cursor.empty() ? "" : R"(,"cursor":")" + cursor + "\"") + "}");
            for (const auto& record : page.at("records").as_array()) {
                walked.emplace_back(record.at("title").as_string());
            }
            const auto& next = page.at("next_cursor");
            cursor = next.is_null() ? "" : next.as_string().c_str();
        } while (!cursor.empty() && walked.size() < 100);
        EXPECT_EQ(walked, whole) << sort;
    }
}

TEST_P(StorageConformance, CursorsStayTrueWhileRecordsAreInserted) {
    for (int i = 0; i < 10; ++i)
        insert(R"({"title":"old","viewers":)" + std::to_string(i * 10) + "}");
    std::set<std::int64_t> seen;
    std::string cursor;
    int pages = 0;
    do {
        const auto page =
            store("query", R"({"collection":"shows","limit":3,
            "filter":{"field":"title","op":"eq","value":"old"},
            "sort":[{"field":"viewers","direction":"desc"}])" +
                               (cursor.empty() ? "" : R"(,"cursor":")" + cursor + "\"") + "}");
        for (const auto& record : page.at("records").as_array()) {
            EXPECT_TRUE(seen.insert(id_of(record)).second) << "seen twice";
        }
        const auto& next = page.at("next_cursor");
        cursor = next.is_null() ? "" : next.as_string().c_str();
        // Before and behind the place that the cursor names.
        insert(R"({"title":"new","viewers":1000})");
        insert(R"({"title":"new","viewers":-1})");
    } while (!cursor.empty() && ++pages < 20);
    EXPECT_EQ(seen.size(), 10U);
}

TEST_P(StorageConformance, CursorsBelongToTheirSort) {
    for (int i = 0; i < 3; ++i)
        insert(R"({"title":"t"})");
    const auto page =
        store("query", R"({"collection":"shows","limit":1,"sort":[{"field":"title"}]})");
    const std::string cursor(page.at("next_cursor").as_string());
    for (const std::string sort :
         {R"([{"field":"viewers"}])", R"([])", R"([{"field":"title","direction":"desc"}])"}) {
        const auto reply = raw(
            "store", "query",
            R"({"collection":"shows","limit":1,"cursor":")" + cursor + R"(","sort":)" + sort + "}");
        EXPECT_EQ(reply.status, kInvalidArgument) << sort;
        EXPECT_EQ(blamed(reply), "cursor");
    }
    const auto both =
        raw("store", "query",
            R"({"collection":"shows","offset":1,"sort":[{"field":"title"}],"cursor":")" + cursor +
                "\"}");
    EXPECT_EQ(both.status, kInvalidArgument) << "a cursor and an offset exclude each other";
}

TEST_P(StorageConformance, TheLastPageHasNoCursor) {
    for (int i = 0; i < 4; ++i)
        insert(R"({"title":"t"})");
    const auto first = store("query", R"({"collection":"shows","limit":2})");
    const auto second =
        store("query", R"({"collection":"shows","limit":2,"cursor":")" +
                           std::string(first.at("next_cursor").as_string()) + "\"}");
    EXPECT_EQ(second.at("records").as_array().size(), 2U);
    EXPECT_EQ(second.at("next_cursor"), nullptr);
}

TEST_P(StorageConformance, ALongReplyEndsEarlyWithACursor) {
    const std::string text(200'000, 'x');
    for (int i = 0; i < 12; ++i)
        insert(R"({"title":")" + text + "\"}");
    std::size_t found = 0;
    std::string cursor;
    do {
        const auto reply = raw("store", "query",
                               R"({"collection":"shows","limit":100)" +
                                   (cursor.empty() ? "" : R"(,"cursor":")" + cursor + "\"") + "}");
        ASSERT_EQ(reply.status, kOk);
        EXPECT_LE(reply.body.size(), std::size_t{1} << 20);
        const auto page = boost::json::parse(reply.body);
        found += page.at("records").as_array().size();
        const auto& next = page.at("next_cursor");
        cursor = next.is_null() ? "" : next.as_string().c_str();
    } while (!cursor.empty() && found < 100);
    EXPECT_EQ(found, 12U);
}

}  // namespace streamwall::testing
