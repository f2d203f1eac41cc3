#include "export_api.hpp"
#include "csv.hpp"
#include "import_api.hpp"
#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class ExportApi : public ApiTest {
  protected:
    static constexpr std::string_view kExport = "/api/v1/streams/export";
    static constexpr std::string_view kImport = "/api/v1/streams/bulk_import";

    // Two pages of two streams.
    void serve_pages() {
        fake.serve([](std::string_view, std::string_view request) {
            const bool is_second = request.find(R"("cursor":"two")") != request.npos;
            return Result<Buffer>(
                Buffer(is_second ? R"({"records":[{"id":3,"version":1}],"next_cursor":null})"
                                 : R"({"records":[{"id":1,"url":"u","labels":["a","b"]},)"
                                   R"({"id":2,"title":"=x"}],"next_cursor":"two"})"));
        });
    }
    // Makes streams whose title is not "bad"; "known" is there already.
    void serve_creation() {
        fake.serve([this](std::string_view, std::string_view request) -> Result<Buffer> {
            ++calls;
            if (request.find("bad") != request.npos) {
                return Error{SW_INVALID_ARGUMENT, "url is bad", "url",
                             R"({"errors":[{"field":"url","code":"x","message":"is bad"}]})"};
            }
            const bool is_known = request.find("known") != request.npos;
            return Buffer(R"({"created":)" + std::string(is_known ? "false" : "true") +
                          R"(,"stream":{"id":7,"version":1}})");
        });
    }
    static std::vector<boost::json::object> lines(std::string_view body) {
        std::vector<boost::json::object> out;
        while (!body.empty()) {
            const auto end = body.find('\n');
            out.push_back(json::parse_object(body.substr(0, end)).value());
            body.remove_prefix(end + 1);
        }
        return out;
    }
    int calls = 0;
};

TEST_F(ExportApi, GivesAllPagesAsOneDocument) {
    serve_pages();
    const auto& answer = fake.request("GET", kExport, {}, "status=live");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_whole);
    EXPECT_EQ(answer.parts, 2);
    EXPECT_EQ(answer.body,
              R"({"streams":[{"id":1,"url":"u","labels":["a","b"]},{"id":2,"title":"=x"},)"
              R"({"id":3,"version":1}]})");
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_NE(fake.last_call().find(R"("status":["live"])"), std::string::npos);
}

TEST_F(ExportApi, GivesLinesOfJsonOrOfCsv) {
    serve_pages();
    EXPECT_EQ(fake.request("GET", kExport, {}, "format=ndjson").body,
              "{\"id\":1,\"url\":\"u\",\"labels\":[\"a\",\"b\"]}\n{\"id\":2,\"title\":\"=x\"}\n"
              "{\"id\":3,\"version\":1}\n");
    const auto& csv = fake.request("GET", kExport, {}, "format=csv");
    EXPECT_EQ(csv.headers.at("content-disposition"), "attachment; filename=\"streams.csv\"");
    EXPECT_TRUE(csv.body.starts_with("id,url,title,source,"));
    EXPECT_NE(csv.body.find("\r\n2,,'=x,"), std::string::npos);
    EXPECT_NE(csv.body.find(",a; b,"), std::string::npos);
}

TEST_F(ExportApi, DescribesEachFormat) {
    for (const auto& route : fake.mounted()) {
        if (route.path != kExport) continue;
        const auto content =
            boost::json::parse(route.openapi).at("responses").at("200").at("content");
        for (const auto* type : {"application/json", "text/csv", "application/x-ndjson"})
            EXPECT_TRUE(content.as_object().contains(type)) << type;
    }
}

TEST_F(ExportApi, BreaksOffWhereTheCatalogGoesAwaySoThatNobodyTakesAPartForAll) {
    fake.serve([this](std::string_view, std::string_view) -> Result<Buffer> {
        if (++calls > 1) return Error::unavailable("gone");
        return Buffer(R"({"records":[{"id":1}],"next_cursor":"two"})");
    });
    const auto& answer = fake.request("GET", kExport);
    EXPECT_TRUE(answer.is_broken);
}

TEST_F(ExportApi, RefusesWhatItDoesNotUnderstandAndSaysThatAFlagIsOff) {
    for (const auto* query : {"format=xml", "format=", "page=2", "cursor=x", "colour=red"})
        EXPECT_EQ(fake.request("GET", kExport, {}, query).status, 400) << query;
    is_on = false;
    EXPECT_EQ(problem(fake.request("GET", kExport)).at("code"), "feature_disabled");
    EXPECT_EQ(fake.request("POST", kImport, {}, {}, "[]").status, 403);
}

TEST_F(ExportApi, ImportsEachItemForItselfAndTellsOfAll) {
    serve_creation();
    const auto& answer = fake.request(
        "POST", kImport, {}, {}, R"({"streams":[{"url":"a"},{"url":"known"},{"url":"bad"},5]})");
    EXPECT_EQ(answer.status, 200);
    const auto out = lines(answer.body);
    ASSERT_EQ(out.size(), 5u);
    EXPECT_EQ(out[0], (boost::json::object{{"index", 0}, {"status", 201}, {"id", 7}}));
    EXPECT_EQ(out[1].at("status"), 200);
    EXPECT_EQ(out[2].at("status"), 422);
    EXPECT_EQ(out[2].at("error").at("errors").at(0).at("field"), "url");
    EXPECT_EQ(out[3].at("status"), 422);
    EXPECT_EQ(out[4],
              (boost::json::object{{"done", true}, {"created", 1}, {"known", 1}, {"refused", 2}}));
}

TEST_F(ExportApi, ImportsLinesInPartsAndPassesOverABrokenOne) {
    serve_creation();
    std::string body = "{\"url\":\"a\"}\r\n\n{oops\n";
    for (int i = 0; i < 118; ++i)
        body += "{\"url\":\"a\"}\n";
    const auto& answer =
        fake.request("POST", kImport, {}, {}, body, {{"content-type", "application/x-ndjson"}});
    EXPECT_EQ(answer.parts, 3);
    const auto out = lines(answer.body);
    ASSERT_EQ(out.size(), 121u);
    EXPECT_EQ(out[1].at("status"), 400);
    EXPECT_EQ(out.back().at("created"), 119);
}

TEST_F(ExportApi, ImportsWhatComesInPiecesAsItComes) {
    serve_creation();
    fake.body_piece = 7;
    const auto& answer = fake.request("POST", kImport, {}, {},
                                      R"({"v":1,"streams":[{"url":"a"},{"url":"known"},5,)");
    EXPECT_EQ(answer.status, 200);
    const auto out = lines(answer.body);
    ASSERT_EQ(out.size(), 5u);
    EXPECT_EQ(out[1].at("status"), 200);
    EXPECT_EQ(out[2].at("status"), 422);
    EXPECT_EQ(out[3].at("index"), 3) << "the document is cut off there";
    EXPECT_EQ(out[3].at("status"), 400);
    EXPECT_EQ(out[4],
              (boost::json::object{{"done", false}, {"created", 1}, {"known", 1}, {"refused", 1}}));
    EXPECT_GE(answer.parts, 3);
}

TEST_F(ExportApi, PassesOverAnItemThatIsTooLong) {
    serve_creation();
    const auto body = R"({"url":"a"})" + ("\n{\"notes\":\"" + std::string(1 << 20, 'x')) + "\"}\n" +
                      R"({"url":"a"})";
    const auto& answer =
        fake.request("POST", kImport, {}, {}, body, {{"content-type", "application/x-ndjson"}});
    const auto out = lines(answer.body);
    ASSERT_EQ(out.size(), 4u);
    EXPECT_EQ(out[1].at("status"), 413);
    EXPECT_EQ(out[2].at("status"), 201);
}

TEST_F(ExportApi, RefusesAnImportThatIsNoList) {
    serve_creation();
    for (const auto& [body, status] : {std::pair("{", 400), std::pair("5", 422),
                                       std::pair("{}", 422), std::pair(R"({"streams":{}})", 422)})
        EXPECT_EQ(fake.request("POST", kImport, {}, {}, body).status, status) << body;
    EXPECT_EQ(fake.request("POST", kImport, {}, {}, "a,b", {{"content-type", "text/csv"}}).status,
              415);
    EXPECT_EQ(calls, 0);
}

TEST(Csv, QuotesAndKeepsSpreadsheetsFromRunningCells) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"plain", "plain"},   {"", ""},
        {"a,b", "\"a,b\""},   {"say \"x\"", "\"say \"\"x\"\"\""},
        {"a\nb", "\"a\nb\""}, {"=1+1", "'=1+1"},
        {"+1", "'+1"},        {"-1", "'-1"},
        {"@x", "'@x"},        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},  {"=a,b", "\"'=a,b\""},
        {"a=b", "a=b"},
    };
    for (const auto& [text, cell] : cases) {
        std::string out;
        append_csv_cell(out, text);
        EXPECT_EQ(out, cell);
    }
}

}  // namespace
}  // namespace streamwall::rest_api::testing
