#include "import_command.hpp"
#include "testing/fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

class ImportCommand : public CatalogTest {
  protected:
    Result<Buffer> import(std::string_view arguments, std::string_view file) {
        const ReadFile read = [file](const std::string& path, Reply reply) {
            if (path == "missing.csv") return reply(Error::not_found("there is no such file"));
            reply(Buffer(file));
        };
        std::optional<Result<Buffer>> out;
        const auto tell = [this](const std::string& subject, std::int64_t done,
                                 std::int64_t total) {
            progress += subject + " " + std::to_string(done) + "/" + std::to_string(total) + " ";
        };
        const auto request = json::Writer()
                                 .text("progress", onlooker)
                                 .raw("arguments", arguments)
                                 .text("input", "url\nhttps://kick.com/in\n")
                                 .take();
        run(import_streams({records, resources, {}}, read, tell, request, Context(context)),
            [&](Result<Buffer> reply) { out = std::move(reply); });
        return std::move(*out);
    }
    std::string said(std::string_view arguments, std::string_view file) {
        return std::string(parsed(import(arguments, file)).at("out").as_string());
    }
    Resources resources{store, records, [](const sw_context&) { return false; }};
    std::string onlooker;
    std::string progress;
    static constexpr std::string_view kCsv =
        "url,title,status\nhttps://twitch.tv/a,A,live\nnonsense,B,live\nhttps://twitch.tv/c,C,odd\n"
        "https://twitch.tv/a,again,live\nhttps://twitch.tv/e,E,Offline\n";
};

TEST_F(ImportCommand, MakesTheStreamsAndTellsOfEachRefusedRow) {
    const auto text = said(R"({"_":["streams.csv"]})", kCsv);
    EXPECT_TRUE(text.starts_with("Made 2 streams of 5 rows (csv); 1 were known, 2 refused.\n"))
        << text;
    EXPECT_NE(text.find("  row 3: url "), std::string::npos) << text;
    EXPECT_NE(text.find("  row 4: status "), std::string::npos) << text;
    EXPECT_EQ(store.records().at(1).at("source"), "import");
    EXPECT_EQ(store.records().at(1).at("title"), "A");
}

TEST_F(ImportCommand, RunAgainItMakesNothingTwice) {
    said(R"({"_":["streams.csv"]})", kCsv);
    const auto text = said(R"({"_":["streams.csv"],"output":"json"})", kCsv);
    const auto report = json::parse_object(text).value();
    EXPECT_EQ(report.at("created"), 0);
    EXPECT_EQ(report.at("known"), 3);
    EXPECT_EQ(report.at("refused").at(0).at("row"), 3);
    EXPECT_EQ(report.at("go_on_with"), nullptr);
    EXPECT_EQ(store.records().size(), 2u);
}

TEST_F(ImportCommand, ADryRunMakesNothingAndFindsTheSameFaults) {
    const auto text = said(R"({"_":["streams.csv"],"dry-run":true})", kCsv);
    EXPECT_TRUE(text.starts_with("Would make 3 streams of 5 rows (csv); 0 were known, 2 refused."))
        << text;
    EXPECT_TRUE(store.records().empty());
}

TEST_F(ImportCommand, GoesOnBehindARow) {
    said(R"({"_":["streams.csv"],"from":6})", kCsv);
    ASSERT_EQ(store.records().size(), 1u);
    EXPECT_EQ(store.records().begin()->second.at("url"), "https://twitch.tv/e");
}

TEST_F(ImportCommand, SaysWhereToGoOnWhenTimeRunsOut) {
    now = context.deadline_ns;
    const auto text = said(R"({"_":["streams.csv"]})", kCsv);
    EXPECT_NE(text.find("Go on with --from 2."), std::string::npos) << text;
    EXPECT_TRUE(store.records().empty());
}

TEST_F(ImportCommand, TellsWhoLooksOnHowFarItIs) {
    std::string rows = "url\n";
    for (int n = 0; n < 250; ++n)
        rows += "https://twitch.tv/row" + std::to_string(n) + "\n";
    said(R"({"_":["streams.csv"],"dry-run":true})", rows);
    EXPECT_EQ(progress, "") << "nobody looks on";
    onlooker = "me";
    said(R"({"_":["streams.csv"],"dry-run":true})", rows);
    EXPECT_EQ(progress, "command/me 0/250 command/me 100/250 command/me 200/250 ");
}

TEST_F(ImportCommand, ReadsStandardInput) {
    said(R"({"_":["-"]})", "");
    EXPECT_EQ(store.records().at(1).at("url"), "https://kick.com/in");
}

TEST_F(ImportCommand, SaysWhatItCannotRead) {
    EXPECT_EQ(import(R"({"_":[]})", "").code(), SW_INVALID_ARGUMENT);
    EXPECT_EQ(import(R"({"_":["missing.csv"]})", "").code(), SW_NOT_FOUND);
    EXPECT_EQ(import(R"({"_":["x"]})", "neither").code(), SW_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace streamwall::catalog::testing
