// Conformance: full-text search.
#pragma once

#include <algorithm>
#include <random>

#include "storage_conformance_fixture.hpp"

namespace streamwall::testing {

class StorageSearch : public StorageConformance {
  protected:
    using Titles = std::vector<std::string>;

    void SetUp() override {
        StorageConformance::SetUp();
        store("declare", declaration(kSearch));
    }

    static constexpr const char* kSearch =
        R"(,"search":{"fields":["title","notes"],"beside":["archived","pinned"]})";

    static std::string declaration(const std::string& search) {
        return R"({"collections":[{"name":"posts","fields":[
            {"name":"title","type":"text"},
            {"name":"notes","type":"text"},
            {"name":"city","type":"text"},
            {"name":"words","type":"integer"},
            {"name":"archived","type":"boolean","default":false},
            {"name":"pinned","type":"boolean","default":false}],
            "indexes":[{"name":"list","fields":["archived","pinned"]}])" +
               search + "}]}";
    }
    static std::string change(const std::string& op, const std::string& rest) {
        return R"({"op":")" + op + R"(","collection":"posts",)" + rest + "}";
    }
    static std::string set_of(std::int64_t id, const std::string& set) {
        return change("update", R"("id":)" + std::to_string(id) + R"(,"set":)" + set);
    }
    std::int64_t post(const std::string& record) const {
        const auto results = apply(change("insert", R"("record":)" + record));
        return results.empty() ? 0 : id_of(results[0]);
    }
    static std::string query_of(const std::string& filter, const std::string& rest = "") {
        return R"({"collection":"posts","count":true,"filter":)" + filter + rest + "}";
    }
    static std::string search_of(const std::string& text) {
        return R"({"op":"search","value":)" + boost::json::serialize(boost::json::string(text)) +
               "}";
    }
    static Titles titles_of(const Json& reply) {
        Titles out;
        if (!reply.is_object()) return out;
        for (const auto& record : reply.at("records").as_array()) {
            const auto& title = record.at("title");
            out.emplace_back(title.is_null() ? "null" : title.as_string().c_str());
        }
        return out;
    }
    // By id; the count must be theirs.
    Titles found(const std::string& text) const {
        const Json reply = store("query", query_of(search_of(text)));
        const Titles titles = titles_of(reply);
        if (reply.is_object()) {
            EXPECT_EQ(reply.at("count"), static_cast<std::int64_t>(titles.size())) << text;
        }
        return titles;
    }
    // Ids and counts on all pages, and on one that is asked for by its number.
    std::vector<std::int64_t> all_pages(const std::string& terms, const std::string& sort) const {
        std::vector<std::int64_t> ids;
        std::string cursor;
        const std::string filter = R"({"and":[)" + terms + "]}";
        do {
            const auto page = store(
                "query",
                query_of(filter, R"(,"limit":7,"sort":)" + sort +
                                     (cursor.empty() ? "" : R"(,"cursor":")" + cursor + "\"")));
            if (!page.is_object()) return ids;
            for (const auto& record : page.at("records").as_array())
                ids.push_back(id_of(record));
            const auto& next = page.at("next_cursor");
            cursor = next.is_null() ? "" : next.as_string().c_str();
            if (cursor.empty()) ids.push_back(page.at("count").as_int64());
        } while (!cursor.empty() && ids.size() < 1000);
        const auto second =
            store("query", query_of(filter, R"(,"limit":5,"offset":5,"sort":)" + sort));
        for (const auto& record : second.at("records").as_array())
            ids.push_back(id_of(record));
        ids.push_back(second.at("count").as_int64());
        return ids;
    }
    // The operator `words` looks at each record.
    void expect_same_pages(const std::string& words, const std::string& beside,
                           const std::string& sort) const {
        const auto value = boost::json::serialize(boost::json::string(words));
        EXPECT_EQ(
            all_pages(beside + R"({"op":"search","value":)" + value + "}", sort),
            all_pages(beside + R"({"op":"words","fields":["title","notes"],"value":)" + value + "}",
                      sort))
            << words << " " << beside << " " << sort;
    }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageSearch);

TEST_P(StorageSearch, FindsEveryWordByItsBeginningInAnyOfTheFields) {
    post(R"({"title":"Protest live","notes":"Camera two, downtown","city":"Seattle"})");
    post(R"({"title":"PROTEST in São Paulo","notes":"https://x.test/a_b?c=100%"})");
    post(R"({"title":"Ünïted 東京 rally","notes":null})");
    post(R"({"title":null,"notes":"protests"})");
    const std::vector<std::pair<std::string, Titles>> cases{
        {"protest", {"Protest live", "PROTEST in São Paulo", "null"}},
        {"p", {"Protest live", "PROTEST in São Paulo", "null"}},
        {"prot", {"Protest live", "PROTEST in São Paulo", "null"}},
        {"prote", {"Protest live", "PROTEST in São Paulo", "null"}},
        {"protests", {"null"}},
        {"protestss", {}},
        {"cam LIVE", {"Protest live"}},
        {"live cam nothing", {}},
        {"rotest", {}},
        {"SÃO", {"PROTEST in São Paulo"}},
        {"sao", {}},
        {"ünÏ", {"Ünïted 東京 rally"}},
        {"東", {"Ünïted 東京 rally"}},
        {"東京 rall", {"Ünïted 東京 rally"}},
        {"100%", {"PROTEST in São Paulo"}},
        {"a_b", {"PROTEST in São Paulo"}},
        {"_", {"Protest live", "PROTEST in São Paulo", "Ünïted 東京 rally", "null"}},
        {"downtown camera two", {"Protest live"}},
        {"seattle", {}},
        {"protest protest prot", {"Protest live", "PROTEST in São Paulo", "null"}},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(found(text), expected) << text;
}

TEST_P(StorageSearch, TakesWhateverIsTypedForWordsAndNothingElse) {
    post(R"({"title":"near not and or","notes":"a\"b 'c' d*e -f g:h (i) NEAR(j k, 2) 😀l😀"})");
    post(R"({"title":"other"})");
    const Titles both{"near not and or", "other"};
    const Titles first{"near not and or"};
    const std::vector<std::pair<std::string, Titles>> cases{
        {"\"", both},        {"'", both},
        {"*", both},         {"-", both},
        {"()", both},        {"", both},
        {"  \t\n", both},    {"😀", both},
        {"a\"b", first},     {"\"a b\"", first},
        {"d*", first},       {"*e", first},
        {"-f", first},       {"f -other", {}},
        {"g:h", first},      {"title:near", {}},
        {"NEAR", first},     {"NEAR(j k)", first},
        {"NOT other", {}},   {"near NOT other", {}},
        {"i OR other", {}},  {"AND", first},
        {"'c' & !c", first}, {"c:*", first},
        {"c <-> d", first},  {"l😀", first},
        {"^near", first},    {"{title}:near", {}},
        {"near\\", first},   {"near; DROP TABLE posts", {}},
        {"'; --", both},     {"\x01", both},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(found(text), expected) << text;
}

TEST_P(StorageSearch, CountsTheFirst200CharactersOfAWord) {
    const std::string word(200, 'w');
    post(R"({"title":")" + word + R"(tail","notes":"long"})");
    EXPECT_EQ(found(word).size(), 1U);
    EXPECT_EQ(found(word + "head").size(), 1U) << "cut like the word it looks for";
    EXPECT_EQ(found(word.substr(1)).size(), 1U);
    EXPECT_EQ(found(word.substr(2) + "tail").size(), 0U);
}

TEST_P(StorageSearch, RefusesMoreWordsThanItTakesAndWhatIsNoText) {
    const auto words = [](int count) {
        std::string text;
        for (int i = 0; i < count; ++i)
            text += "w" + std::to_string(10000 + i) + " ";
        return text;
    };
    EXPECT_EQ(raw("store", "query", query_of(search_of(words(100)))).status, kOk);
    const std::vector<std::string> bad{search_of(words(101)), search_of(words(10'000)),
                                       R"({"op":"search","value":5})", R"({"op":"search"})",
                                       R"({"and":[{"op":"search","value":["a"]}]})"};
    for (const auto& filter : bad) {
        const auto reply = raw("store", "query", query_of(filter));
        EXPECT_EQ(reply.status, kInvalidArgument) << filter.substr(0, 100);
        EXPECT_EQ(blamed(reply), "search") << filter.substr(0, 100);
    }
    const auto undeclared =
        raw("store", "query", R"({"collection":"shows","filter":{"op":"search","value":"a"}})");
    EXPECT_EQ(undeclared.status, kInvalidArgument);
    EXPECT_EQ(blamed(undeclared), "search");
}

TEST_P(StorageSearch, DeclarationsNameFieldsThatFit) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"fields":[]})", "collections[0].search.fields"},
        {R"({})", "collections[0].search.fields"},
        {R"(5)", "collections[0].search"},
        {R"({"fields":["nowhere"]})", "collections[0].search.fields[0]"},
        {R"({"fields":["title","title"]})", "collections[0].search.fields[1]"},
        {R"({"fields":["words"]})", "collections[0].search.fields[0]"},
        {R"({"fields":["title"],"beside":["city"]})", "collections[0].search.beside[0]"},
        {R"({"fields":["title"],"beside":["archived","archived"]})",
         "collections[0].search.beside[1]"},
    };
    for (const auto& [search, field] : cases) {
        const auto reply = raw("store", "declare", declaration(R"(,"search":)" + search));
        EXPECT_EQ(reply.status, kInvalidArgument) << search;
        EXPECT_EQ(blamed(reply), field) << search << " " << reply.details;
    }
}

TEST_P(StorageSearch, FollowsEveryChangeOfARecord) {
    const auto id = post(R"({"title":"first words","notes":"kept"})");
    apply(set_of(id, R"({"title":"second words"})"));
    EXPECT_EQ(found("first").size(), 0U);
    EXPECT_EQ(found("second kept words").size(), 1U);
    apply(set_of(id, R"({"city":"Seattle"})"));
    EXPECT_EQ(found("second kept").size(), 1U);
    apply(set_of(id, R"({"notes":null})"));
    EXPECT_EQ(found("kept").size(), 0U);
    EXPECT_EQ(found("second").size(), 1U);
    apply(set_of(id, R"({"archived":true})") + "," + set_of(id, R"({"title":"third"})") + "," +
          set_of(id, R"({"title":"fourth","pinned":true})"));
    EXPECT_EQ(found("second").size() + found("third").size(), 0U);
    EXPECT_EQ(found("fourth").size(), 1U);
    const auto archived = [&](const char* value) {
        return titles_of(
            store("query", query_of(R"({"and":[{"field":"archived","op":"eq","value":)" +
                                    std::string(value) + "}," + search_of("fourth") + "]}")));
    };
    EXPECT_EQ(archived("true"), Titles{"fourth"});
    EXPECT_EQ(archived("false"), Titles{});
    apply(change("delete", R"("id":)" + std::to_string(id)));
    EXPECT_EQ(found("fourth").size(), 0U);
}

TEST_P(StorageSearch, KnowsNothingOfChangesThatWereRefused) {
    const auto id = post(R"({"title":"stays"})");
    const auto refused =
        apply_raw(set_of(id, R"({"title":"gone"})") + "," +
                  change("insert", R"("record":{"title":"gone too"})") + "," +
                  change("update", R"("id":)" + std::to_string(id) + R"(,"version":99,"set":{})"));
    EXPECT_NE(refused.status, kOk);
    EXPECT_EQ(found("gone").size(), 0U);
    EXPECT_EQ(found("stays").size(), 1U);
    apply(set_of(id, R"({"title":"moved"})"));
    EXPECT_EQ(found("stays").size(), 0U);
    EXPECT_EQ(found("moved").size(), 1U);
}

TEST_P(StorageSearch, FindsWhatWasThereBeforeItWasDeclared) {
    const auto declare = [&](const std::string& search) {
        store("declare", R"({"collections":[{"name":"older","fields":[
            {"name":"title","type":"text"},{"name":"notes","type":"text"}])" +
                             search + "}]}");
    };
    declare("");
    apply(R"({"op":"insert","collection":"older","record":{"title":"old title","notes":"n"}})");
    const auto count = [&](const std::string& text) {
        return store("query",
                     R"({"collection":"older","count":true,"filter":)" + search_of(text) + "}")
            .at("count");
    };
    declare(R"(,"search":{"fields":["title"]})");
    EXPECT_EQ(count("old"), 1);
    EXPECT_EQ(count("n"), 0);
    declare(R"(,"search":{"fields":["title","notes"]})");
    EXPECT_EQ(count("n"), 1);
    declare("");
    EXPECT_EQ(count("n"), 1) << "what a later declaration leaves out is kept";
    apply(R"({"op":"update","collection":"older","id":1,"set":{"notes":"m"}})");
    EXPECT_EQ(count("n"), 0);
    EXPECT_EQ(count("m"), 1);
}

// As looking at each record does: in every order, on every page, beside every other condition.
TEST_P(StorageSearch, FindsOnEveryPageWhatLookingAtEachRecordFinds) {
    std::mt19937 random(20260131);
    const auto pick = [&](auto count) { return static_cast<std::size_t>(random()) % count; };
    const std::vector<std::string> vocabulary{"protest",  "protests", "protege", "prot",   "pro",
                                              "seattle",  "seat",     "camera",  "Ünïted", "東京",
                                              "downtown", "LIVE",     "a",       "100"};
    const auto text = [&] {
        std::string out;
        for (std::size_t i = pick(6U); i > 0; --i)
            out += vocabulary[pick(vocabulary.size())] + (pick(3U) == 0 ? "-" : " ");
        return boost::json::serialize(boost::json::string(out));
    };
    const auto flag = [&] { return std::string(pick(4U) == 0 ? "true" : "false"); };
    std::string changes;
    for (int i = 0; i < 150; ++i) {
        changes +=
            (i > 0 ? "," : "") +
            change("insert", R"("record":{"title":)" + text() + R"(,"notes":)" + text() +
                                 R"(,"city":"c)" + std::to_string(pick(3U)) + R"(","archived":)" +
                                 flag() + R"(,"pinned":)" + flag() + "}");
    }
    apply(changes);
    changes.clear();
    for (int i = 0; i < 100; ++i) {
        const auto id = static_cast<std::int64_t>(1 + pick(150U));
        changes +=
            (i > 0 ? "," : "") +
            set_of(id, pick(2U) == 0 ? R"({"title":)" + text() + "}"
                                     : R"({"archived":)" + flag() + R"(,"pinned":)" + flag() + "}");
    }
    apply(changes);
    const std::vector<std::string> besides{
        "",
        R"({"field":"archived","op":"eq","value":false},)",
        R"({"field":"archived","op":"eq","value":true},)",
        R"({"field":"pinned","op":"eq","value":true},)",
        R"({"field":"archived","op":"in","value":[true,false]},)",
        R"({"field":"archived","op":"eq","value":false},{"field":"city","op":"eq","value":"c1"},)",
        R"({"field":"archived","op":"eq","value":false},{"field":"archived","op":"eq","value":true},)"};
    const std::vector<std::string> sorts{
        R"([{"field":"id","direction":"desc"}])",
        R"([])",
        R"([{"field":"pinned","direction":"desc"},{"field":"id","direction":"desc"}])",
        R"([{"field":"archived"}])",
        R"([{"field":"city"},{"field":"pinned"}])",
        R"([{"field":"title","direction":"desc"}])"};
    for (int round = 0; round < 120; ++round) {
        auto words = vocabulary[pick(vocabulary.size())];
        if (words.size() > 3) words.resize(words.size() - pick(3U));
        if (words.back() & 0x80) words = "東";  // no character is cut
        if (pick(2U) == 0) words += " " + vocabulary[pick(vocabulary.size())];
        const auto& beside = besides[pick(besides.size())];
        const auto& sort = sorts[pick(sorts.size())];
        expect_same_pages(words, beside, sort);
    }
}

// A back end may look at the newest records to find its way.
TEST_P(StorageSearch, FindsWhatOnlyOlderOrOnlyNewerRecordsHave) {
    std::string changes;
    for (int i = 0; i < 300; ++i) {
        const std::string age = i < 40 ? "early" : "late";
        const std::string own = i % 50 == 3 ? " seldom" : "";
        changes +=
            (i > 0 ? "," : "") +
            change("insert", R"("record":{"title":"shared )" + age + own + " n" +
                                 std::to_string(i) + R"(","city":"c)" + std::to_string(i % 3) +
                                 R"(","pinned":)" + (i % 60 == 1 ? "true" : "false") + "}");
    }
    apply(changes);
    const std::string listed = R"({"field":"archived","op":"eq","value":false},)";
    for (const auto* words :
         {"early", "late", "shared", "early shared", "late shared", "early late", "seldom",
          "shared seldom", "early seldom", "n17", "shared n17", "n2"}) {
        for (const auto& sort :
             {R"([{"field":"id","direction":"desc"}])", R"([{"field":"pinned","direction":"desc"},)"
                                                        R"({"field":"id","direction":"desc"}])"}) {
            expect_same_pages(words, listed, sort);
            expect_same_pages(words, listed + R"({"field":"city","op":"eq","value":"c1"},)", sort);
        }
    }
}

}  // namespace streamwall::testing
