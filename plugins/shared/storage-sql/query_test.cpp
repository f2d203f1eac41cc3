// Requests become SQL in which no value of theirs appears.
#include "storage-sql/query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "storage-sql/change.hpp"

namespace streamwall::storage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Schema shows() {
    const auto declaration = boost::json::parse(R"({"name":"shows","fields":[
        {"name":"title","type":"text"},{"name":"n","type":"integer"},
        {"name":"archived","type":"boolean","default":false},{"name":"at","type":"time"}],
        "unique":[{"name":"title","fields":["title"],
                   "where":{"field":"title","op":"ne","value":"it's"}}]})");
    return {*Collection::parse(sqlite_dialect(), declaration.as_object(), "test")};
}

std::unique_ptr<Document> document(const std::string& text) {
    auto parsed = Document::parse(text);
    if (!parsed) throw std::invalid_argument(parsed.error().message);
    return std::move(*parsed);
}

// Counts placeholders, which no test has in a text.
std::size_t placeholders(const std::string& sql) {
    return static_cast<std::size_t>(std::ranges::count(sql, '?'));
}

TEST(Query, BindsEveryValueAndInlinesNone) {
    const auto request = document(R"({"collection":"shows","count":true,"filter":{"and":[
        {"field":"title","op":"eq","value":"hostile-1"},
        {"field":"title","op":"in","value":["hostile-2","hostile-3"]},
        {"field":"title","op":"contains","value":"hostile-4"},
        {"field":"title","op":"prefix","value":"hostile-5"},
        {"op":"words","fields":["title"],"value":"hostile 6"},
        {"field":"n","op":"range","value":[4711,4712]},
        {"not":{"field":"n","op":"ne","value":4713}}]}})");
    const auto query = parse_query(sqlite_dialect(), shows(), *request);
    ASSERT_TRUE(query) << query.error().message;
    for (const auto* statement : {&query->list, &query->count}) {
        EXPECT_THAT(statement->sql, Not(HasSubstr("hostile")));
        EXPECT_THAT(statement->sql, Not(HasSubstr("471")));
        EXPECT_EQ(placeholders(statement->sql), statement->values.size());
    }
}

TEST(Query, KeepsOneTextForEachShapeOfQuestion) {
    const auto sql = [](const std::string& value) {
        const auto request = document(
            R"({"collection":"shows","filter":{"field":"n","op":"eq","value":)" + value + "}}");
        return parse_query(sqlite_dialect(), shows(), *request)->list.sql;
    };
    EXPECT_EQ(sql("1"), sql("2")) << "so that the prepared statement is found again";
}

TEST(Query, QuotesTheConditionOfAUniqueKey) {
    EXPECT_EQ(shows()[0]->uniques()[0].where_sql, R"("title" IS NOT 'it''s')");
}

TEST(Query, SurvivesDamagedCursors) {
    const std::string alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.%";
    for (std::size_t length = 1; length < 40; ++length) {
        std::string cursor;
        for (std::size_t i = 0; i < length; ++i)
            cursor += alphabet[(i * 7 + length) % alphabet.size()];
        const auto request = document(R"({"collection":"shows","cursor":")" + cursor + "\"}");
        const auto query = parse_query(sqlite_dialect(), shows(), *request);
        ASSERT_FALSE(query);
        EXPECT_EQ(query.error().where, "cursor");
    }
}

TEST(Changes, WriteEachFieldOfARecordSoThatOneStatementServesAll) {
    const auto sql = [](const std::string& record) {
        const auto request = document(
            R"({"changes":[{"op":"insert","collection":"shows","record":)" + record + "}]}");
        const auto list = parse_changes(sqlite_dialect(), shows(), *request);
        return std::get<RecordChange>(list->changes[0]).statement.sql;
    };
    EXPECT_EQ(sql("{}"), sql(R"({"title":"x","n":1})"));
}

TEST(Collections, AreReadBackFromTheirOwnDeclaration) {
    const auto first = shows()[0];
    const auto again = Collection::parse(
        sqlite_dialect(), boost::json::parse(first->declaration()).as_object(), "test");
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->declaration(), first->declaration());
    EXPECT_EQ((*again)->column_list(), first->column_list());
}

}  // namespace
}  // namespace streamwall::storage
