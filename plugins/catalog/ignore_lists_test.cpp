#include "testing/resource_fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

using boost::json::array;

class IgnoreListsTest : public ResourceTest {
  protected:
    Object bulk(std::string_view body) {
        return good(lists.bulk_create(json::Writer().raw("body", body).take(), Context(context)));
    }
    Result<Object> bulk_delete(std::string_view body) {
        return ask(lists.bulk_delete(json::Writer().raw("body", body).take(), Context(context)));
    }
    IgnoreLists lists{store};
};

TEST_F(IgnoreListsTest, HaveOneSpellingForEachValue) {
    const std::array<std::array<std::string_view, 3>, 18> cases = {{
        {"twitch_user", "  TestUser  ", "testuser"},
        {"discord_user", "ÄRGER", "ärger"},
        {"domain", "  WWW.Example.COM  ", "example.com"},
        {"domain", "live.example.com", "live.example.com"},
        {"domain", "example.com.", "example.com"},
        {"url", "https://example.com///", "https://example.com"},
        {"url", "example.com/path", "https://example.com/path"},
        {"url", "http://example.com/path", "http://example.com/path"},
        {"url", "https://example.com/path?a=1", "https://example.com/path?a=1"},
        {"url", "https://live.example.com/path/", "https://live.example.com/path"},
        {"url", "HTTPS://WWW.Twitch.tv/Example/", "https://twitch.tv/example"},
        {"url", "youtu.be/dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"},
        {"url", "javascript:alert(1)", ""},
        {"url", "ftp://example.com", ""},
        {"url", "https://", ""},
        {"domain", "https://example.com/path", ""},
        {"domain", "localhost", ""},
        {"twitch_user", "two words", ""},
    }};
    for (const auto& [type, value, expected] : cases) {
        const auto normal = normalise_ignored(type, value);
        EXPECT_EQ(normal.value_or(""), expected) << type << " " << value;
        if (normal) EXPECT_EQ(normalise_ignored(type, *normal), normal) << "again: " << value;
    }
}

TEST_F(IgnoreListsTest, KeepAnEntryAsItWasMade) {
    const auto entry =
        made(lists, R"({"list_type":"Domain","value":"www.Example.com","notes":"spam"})");
    EXPECT_EQ(entry.at("list_type"), "domain");
    EXPECT_EQ(entry.at("value"), "example.com");
    EXPECT_EQ(entry.at("notes"), "spam");
    EXPECT_EQ(entry.at("version"), 1);
    EXPECT_EQ(get(lists, 1).value(), entry);
    EXPECT_EQ(event_types(), std::vector<std::string>{"ignore_entry.created"});
}

TEST_F(IgnoreListsTest, TakeAValueOnceForEachType) {
    made(lists, R"({"list_type":"twitch_user","value":"bob"})");
    const auto again = create(lists, R"({"list_type":"twitch_user","value":" BOB "})");
    EXPECT_EQ(again.code(), SW_ALREADY_EXISTS);
    EXPECT_EQ(complaint(again), "value taken");
    EXPECT_EQ(contracts::store::detail_number(again.error(), "id"), 1);
    made(lists, R"({"list_type":"discord_user","value":"bob"})");
}

TEST_F(IgnoreListsTest, NameEachFieldThatIsWrong) {
    const std::array<std::pair<std::string_view, std::string_view>, 12> cases = {{
        {"{}", "list_type required, value required"},
        {R"({"list_type":null,"value":null})", "list_type required, value required"},
        {R"({"list_type":"ip","value":"x"})", "list_type unknown_value"},
        {R"({"list_type":5,"value":"x"})", "list_type unknown_value"},
        {R"({"list_type":"url","value":5})", "value type"},
        {R"({"list_type":"url","value":["x"]})", "value type"},
        {R"x({"list_type":"url","value":"javascript:alert(1)"})x", "value format"},
        {R"({"list_type":"domain","value":"a b"})", "value format"},
        {R"({"list_type":"twitch_user","value":"  "})", "value format"},
        {R"({"list_type":"url","value":"x.com/a","notes":5})", "notes type"},
        {R"([])", "3"},
        {R"({"list_type":"url","list_type":"url"})", "3"},
    }};
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(complaint(create(lists, body)), expected) << body;
    const std::string long_text(10'001, 'x');
    EXPECT_EQ(complaint(create(
                  lists, R"({"list_type":"domain","value":"x.com","notes":")" + long_text + "\"}")),
              "notes too_long");
    EXPECT_EQ(complaint(create(lists, R"({"list_type":"twitch_user","value":")" +
                                          long_text.substr(0, 300) + "\"}")),
              "value format");
    EXPECT_EQ(complaint(create(lists, R"({"list_type":"domain","value":"x.com","a":1})", true)),
              "a unknown");
    EXPECT_TRUE(store.events().empty());
}

TEST_F(IgnoreListsTest, ChangeUnderVersionsAndNormaliseAnew) {
    made(lists, R"({"list_type":"domain","value":"example.com"})");
    EXPECT_EQ(patch(lists, 1, R"({"value":"WWW.Other.com"})", "[2]").code(),
              SW_FAILED_PRECONDITION);
    const auto changed = patch(lists, 1, R"({"value":"WWW.Other.com"})", "[1]");
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->at("value"), "other.com");
    EXPECT_EQ(changed->at("version"), 2);
    EXPECT_EQ(patch(lists, 1, R"({"value":"other.com"})").value().at("version"), 2)
        << "no difference, no change";
    EXPECT_EQ(patch(lists, 1, R"({"list_type":"url"})").value().at("value"), "https://other.com");
    EXPECT_EQ(complaint(patch(lists, 1, R"({"value":null})")), "value required");
    EXPECT_EQ(patch(lists, 9, R"({"notes":"x"})").code(), SW_NOT_FOUND);
    EXPECT_EQ(event_types(),
              (std::vector<std::string>{"ignore_entry.created", "ignore_entry.updated",
                                        "ignore_entry.updated"}));
}

TEST_F(IgnoreListsTest, ChangeWhatSomebodyElseChangedMeanwhile) {
    made(lists, R"({"list_type":"domain","value":"example.com"})");
    store.before_next_apply([&] { (void)patch(lists, 1, R"({"notes":"theirs"})"); });
    const auto changed = patch(lists, 1, R"({"value":"other.com"})");
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->at("notes"), "theirs");
    EXPECT_EQ(changed->at("value"), "other.com");
    EXPECT_EQ(changed->at("version"), 3);
}

TEST_F(IgnoreListsTest, AreGoneOnceDeleted) {
    made(lists, R"({"list_type":"domain","value":"example.com"})");
    EXPECT_TRUE(remove(lists, 1));
    EXPECT_EQ(get(lists, 1).code(), SW_NOT_FOUND);
    EXPECT_EQ(remove(lists, 1).code(), SW_NOT_FOUND);
    EXPECT_EQ(event_types().back(), "ignore_entry.deleted");
}

TEST_F(IgnoreListsTest, AreListedByTypeNewestFirst) {
    made(lists, R"({"list_type":"domain","value":"b.com","notes":"100% spam"})");
    made(lists, R"({"list_type":"twitch_user","value":"bob"})");
    made(lists, R"({"list_type":"domain","value":"a.com"})");
    EXPECT_EQ(listed(lists, "value"), (array{"a.com", "bob", "b.com"}));
    EXPECT_EQ(listed(lists, "value", R"({"filters":{"list_type":["domain"]},"sort":"value"})"),
              (array{"a.com", "b.com"}));
    EXPECT_EQ(listed(lists, "value", R"({"filters":{"value":["bob","b.com"]}})"),
              (array{"bob", "b.com"}));
    EXPECT_EQ(listed(lists, "value", R"({"filters":{"search":["SPAM"]}})"), (array{"b.com"}));
    for (const auto* wildcard : {"%", "_"}) {
        const auto request = R"({"filters":{"search":["b)" + std::string(wildcard) + R"("]}})";
        EXPECT_LE(listed(lists, "value", request).size(), 2U) << "nothing stands for anything";
    }
    for (const auto* wrong : {R"({"filters":{"colour":["red"]}})", R"({"sort":"notes"})",
                              R"({"filters":{"value":[]}})", R"({"filters":{"value":"x"}})"}) {
        EXPECT_EQ(ask(lists.list(wrong, Context(context))).code(), SW_INVALID_ARGUMENT) << wrong;
    }
    EXPECT_EQ(good(lists.by_type("{}", Context(context))),
              boost::json::parse(R"({"twitch_users":["bob"],"discord_users":[],"urls":[],)"
                                 R"("domains":["a.com","b.com"]})")
                  .as_object());
}

TEST_F(IgnoreListsTest, TakeManyAtOnceAndSayWhatIsWrongWithTheRest) {
    made(lists, R"({"list_type":"domain","value":"known.com"})");
    const auto reply = bulk(R"({"entries":[{"list_type":"domain","value":"new.com"},
        {"list_type":"domain","value":"WWW.known.com"},{"list_type":"nonsense","value":"x"},
        {"list_type":"domain","value":"NEW.com"},7]})");
    ASSERT_EQ(reply.at("created").as_array().size(), 1U);
    EXPECT_EQ(reply.at("created").at(0).at("value"), "new.com");
    std::string problems;
    for (const auto& error : reply.at("errors").as_array()) {
        problems += std::to_string(error.at("index").as_int64()) + " " +
                    std::string(error.at("errors").at(0).at("code").as_string()) + ";";
    }
    EXPECT_EQ(problems, "1 taken;2 unknown_value;3 taken;4 invalid;");
}

TEST_F(IgnoreListsTest, TakeManyThoughSomebodyElseTakesOneOfThemMeanwhile) {
    store.before_next_apply([&] { made(lists, R"({"list_type":"domain","value":"b.com"})"); });
    const auto reply = bulk(R"({"entries":[{"list_type":"domain","value":"a.com"},
        {"list_type":"domain","value":"b.com"},{"list_type":"domain","value":"c.com"}]})");
    EXPECT_EQ(reply.at("created").as_array().size(), 2U);
    ASSERT_EQ(reply.at("errors").as_array().size(), 1U);
    EXPECT_EQ(reply.at("errors").at(0).at("index"), 1);
}

TEST_F(IgnoreListsTest, TakeAThousandAtOnceAndNoMore) {
    const auto entries = [](int count) {
        std::string out = R"({"entries":[)";
        for (int i = 0; i < count; ++i) {
            out += (i > 0 ? "," : "") +
                   (R"({"list_type":"twitch_user","value":"u)" + std::to_string(i) + R"("})");
        }
        return out + "]}";
    };
    EXPECT_EQ(bulk(entries(1000)).at("created").as_array().size(), 1000U);
    EXPECT_EQ(bulk(entries(1000)).at("errors").as_array().size(), 1000U);
    const auto many = json::Writer().raw("body", entries(1001)).take();
    EXPECT_EQ(complaint(ask(lists.bulk_create(many, Context(context)))), "entries too_many");
    EXPECT_EQ(complaint(ask(lists.bulk_create(R"({"body":{}})", Context(context)))),
              "entries required");
    EXPECT_EQ(complaint(ask(lists.bulk_create(R"({"body":{"entries":{}}})", Context(context)))),
              "entries type");
}

TEST_F(IgnoreListsTest, LoseManyAtOnceAndPassUnknownIdsOver) {
    for (const auto* value : {"a.com", "b.com", "c.com"})
        made(lists, R"({"list_type":"domain","value":")" + std::string(value) + "\"}");
    store.before_next_apply([&] { (void)patch(lists, 1, R"({"notes":"changed"})"); });
    EXPECT_EQ(bulk_delete(R"({"ids":[1,3,99]})").value().at("deleted_count"), 2);
    EXPECT_EQ(listed(lists, "value"), (array{"b.com"}));
    EXPECT_EQ(bulk_delete(R"({"ids":[1]})").value().at("deleted_count"), 0);
    for (const auto* wrong : {R"({"ids":["1"]})", R"({"ids":[0]})", R"({"ids":[1.5]})"})
        EXPECT_EQ(complaint(bulk_delete(wrong)), "ids type") << wrong;
    EXPECT_EQ(complaint(bulk_delete("{}")), "ids required");
}

}  // namespace
}  // namespace streamwall::catalog::testing
