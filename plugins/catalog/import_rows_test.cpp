#include "import_rows.hpp"

#include <streamwall/sdk/json.hpp>

#include <gtest/gtest.h>

namespace streamwall::catalog {
namespace {

boost::json::value only_row(std::string_view text, std::string_view format) {
    const auto read = read_import(text);
    if (!read) {
        ADD_FAILURE() << read.error().message;
        return {};
    }
    EXPECT_EQ(read->format, format);
    EXPECT_TRUE(read->refused.empty());
    EXPECT_EQ(read->rows.size(), 1u);
    return read->rows.empty() ? boost::json::value() : read->rows.front().body;
}

TEST(ImportRows, ReadsTheStreamsOfAPostgresqlDump) {
    const auto* dump =
        "SET x = 1;\nCOPY public.users (id, email) FROM stdin;\n1\ta@b\n\\.\n"
        "COPY public.streams (id, link, title, is_pinned, status, city, last_checked_at, "
        "\"notes\", created_at) FROM stdin;\n"
        "7\thttps://twitch.tv/a\tone\\ttab\tt\tLive\t\\N\t2025-01-31 "
        "12:34:56.5\tx\\\\y\t2024-01-01\n"
        "\\.\nCOPY public.other (id) FROM stdin;\n9\n\\.\n";
    EXPECT_EQ(only_row(dump, "postgresql"),
              boost::json::parse(R"({"url":"https://twitch.tv/a","title":"one\ttab","pinned":true,)"
                                 R"("status":"Live","last_checked_at":"2025-01-31 12:34:56.5Z",)"
                                 R"("notes":"x\\y"})"));
    EXPECT_EQ(read_import(dump)->rows.front().number, 6u);
}

TEST(ImportRows, ReadsJsonOfStreamSource) {
    for (
        const std::string_view text :
        {R"([{"id":5,"link":"u","is_pinned":true,"created_at":"x","location":{"city":"Austin"}}])",
         R"({"streams":[{"id":5,"url":"u","pinned":true,"location":{"city":"Austin"}}],"meta":{}})"}) {
        EXPECT_EQ(only_row(text, "json"),
                  boost::json::parse(R"({"url":"u","pinned":true,"location":{"city":"Austin"}})"));
    }
}

TEST(ImportRows, ReadsTheFeedOfTheDesktopApp) {
    EXPECT_EQ(only_row(R"([{"link":"u","kind":"video","source":"Ada","label":"L","status":"Live",)"
                       R"("orientation":"V","addedDate":"2025-01-01","rotation":90}])",
                       "feed"),
              boost::json::parse(R"({"url":"u","kind":"video","streamer_name":"Ada","title":"L",)"
                                 R"("status":"Live","orientation":"vertical"})"));
}

TEST(ImportRows, ReadsCsvWithQuotesAndWhatAnExportMarked) {
    EXPECT_EQ(only_row("\xEF\xBB\xBFLink,Title,Pinned,Labels,viewer_count,Colour,Platform\r\n"
                       "u,\"a \"\"b\"\", c\nd\",true,x; y,5,red,\r\n",
                       "csv"),
              boost::json::parse(R"({"url":"u","title":"a \"b\", c\nd","pinned":true,)"
                                 R"("labels":["x","y"],"viewer_count":5})"));
    EXPECT_EQ(only_row("url,title\nu,'=1+1\n", "csv").at("title"), "=1+1");
}

TEST(ImportRows, ReadsTheTomlOfStreamwall) {
    EXPECT_EQ(
        only_row(R"(# what to show
grid = {count = 3}

[[streams]]
kind = "video"
link = "https://twitch.tv/ada"
label = "the \"Ada\" hour"
source = "Ada"
city = "Zürich"
orientation = "V"
addedDate = 2025-01-31T12:00:00Z
rotation = 90
)",
                 "toml"),
        boost::json::parse(R"({"kind":"video","url":"https://twitch.tv/ada",)"
                           R"("title":"the \"Ada\" hour","streamer_name":"Ada","city":"Zürich",)"
                           R"("orientation":"vertical"})"));
}

TEST(ImportRows, SaysWhichRowsItCannotRead) {
    const auto csv = read_import("url,title\nu,a\nv\n\nw,b\n");
    ASSERT_TRUE(csv);
    EXPECT_EQ(csv->rows.size(), 2u);
    EXPECT_EQ(csv->rows[1].number, 5u);
    ASSERT_EQ(csv->refused.size(), 1u);
    EXPECT_EQ(csv->refused[0].number, 3u);
    EXPECT_EQ(read_import("[5]")->refused.size(), 1u);
}

TEST(ImportRows, ReadsTablesOfTomlInLineAndSaysWhichAreNone) {
    const auto read = read_import("streams = [\n{link = \"u\", source = \"u\"},\n5,\n]\n");
    ASSERT_TRUE(read);
    ASSERT_EQ(read->rows.size(), 1u);
    EXPECT_EQ(read->rows.front().number, 2u);
    ASSERT_EQ(read->refused.size(), 1u);
    EXPECT_EQ(read->refused.front().number, 3u);
    const auto wrong = read_import("[[streams]]\nlink = \"u\"\nlink = 5\n");
    ASSERT_EQ(wrong.code(), SW_INVALID_ARGUMENT);
    EXPECT_TRUE(wrong.error().message.starts_with("line 3 is no TOML: ")) << wrong.error().message;
}

TEST(ImportRows, ASourceThatIsTheHostOfTheLinkIsNoStreamer) {
    EXPECT_EQ(only_row("[[streams]]\nlink = \"https://x.org:81/a\"\nsource = \"x.org\"\n", "toml"),
              boost::json::parse(R"({"url":"https://x.org:81/a"})"));
}

TEST(ImportRows, SaysHowADumpMustBeWritten) {
    for (const std::string_view dump :
         {"PGDMP\x01\x0e", "SET x = 1;\nINSERT INTO public.streams VALUES (1);\n"}) {
        const auto refused = read_import(dump);
        ASSERT_EQ(refused.code(), SW_INVALID_ARGUMENT);
        EXPECT_TRUE(refused.error().message.starts_with("this dump ")) << refused.error().message;
    }
}

TEST(ImportRows, RefusesWhatIsNoneOfTheFormats) {
    for (const std::string_view text : {"", " \n", "hello", "a,b\n1,2\n", "{", "{}", "[", "5"})
        EXPECT_FALSE(read_import(text)) << text;
}

}  // namespace
}  // namespace streamwall::catalog
