#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class SystemApi : public ApiTest {};

TEST_F(SystemApi, IsUpAlsoWhenDegradedAndDownWhenItSaysSo) {
    const std::pair<std::string_view, int> cases[] = {
        {R"({"status":"ok","node":"main"})", 200},
        {R"({"status":"degraded"})", 200},
        {R"({"status":"error"})", 503},
        {R"({})", 503},
        {"", 503},
    };
    for (const auto& [document, status] : cases) {
        documents["health"] = document;
        const auto& answer = fake.request("GET", "/health");
        EXPECT_EQ(answer.status, status) << document;
        EXPECT_EQ(answer.headers.contains("retry-after"), status == 503);
        if (document.size() > 2) EXPECT_EQ(answer.body, document);
    }
}

TEST_F(SystemApi, IsLiveWhateverItsHealth) {
    documents["health"] = R"({"status":"error"})";
    EXPECT_EQ(fake.request("GET", "/health/live").status, 200);
}

TEST_F(SystemApi, IsReadyWhenAllRequiredPluginsRun) {
    documents["health"] = R"({"status":"degraded","ready":true})";
    EXPECT_EQ(fake.request("GET", "/health/ready").status, 200);
    documents["health"] = R"({"status":"degraded","ready":false})";
    EXPECT_EQ(fake.request("GET", "/health/ready").status, 503);
    documents["health"] = R"({"status":"degraded"})";
    EXPECT_EQ(fake.request("GET", "/health/ready").status, 200);
}

TEST_F(SystemApi, PassesTheHostsMetricsOn) {
    documents["metrics"] = "a_total 1\n";
    const auto& answer = fake.request("GET", "/metrics");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "a_total 1\n");
    EXPECT_TRUE(answer.headers.at("content-type").starts_with("text/plain; version=0.0.4"));
    documents.clear();
    EXPECT_EQ(fake.request("GET", "/metrics").status, 503);
}

TEST_F(SystemApi, DescribesEveryRouteThatIsMounted) {
    const auto& answer = fake.request("GET", "/openapi.json");
    ASSERT_EQ(answer.status, 200);
    const auto document = json::parse_object(answer.body).value();
    EXPECT_EQ(document.at("openapi"), "3.0.3");
    std::size_t operations = 0;
    for (const auto& [path, methods] : document.at("paths").as_object())
        operations += methods.as_object().size();
    EXPECT_EQ(operations, fake.mounted().size());
    for (const auto& route : fake.mounted()) {
        auto method = route.method;
        for (auto& c : method)
            c = static_cast<char>(std::tolower(c));
        const auto& operation = document.at("paths").at(route.path).at(method);
        EXPECT_TRUE(operation.at("responses").is_object()) << route.path;
    }
}

// Every "$ref" of a document leads somewhere.
void expect_references(const boost::json::value& value, const boost::json::value& document) {
    if (value.is_array()) {
        for (const auto& item : value.get_array())
            expect_references(item, document);
    }
    if (!value.is_object()) return;
    for (const auto& [name, member] : value.get_object()) {
        expect_references(member, document);
        if (name != "$ref") continue;
        const std::string target(member.as_string());
        boost::json::error_code missing;
        EXPECT_TRUE(document.find_pointer(target.substr(1), missing)) << target;
    }
}

TEST_F(SystemApi, RefersOnlyToWhatIsThere) {
    const boost::json::value document =
        json::parse_object(fake.request("GET", "/openapi.json").body).value();
    expect_references(document, document);
    const auto& stream = document.at("components").at("schemas").at("Stream").at("properties");
    EXPECT_EQ(stream.at("url").at("maxLength"), 2048);
    EXPECT_EQ(stream.at("title").at("nullable"), true);
}

TEST_F(SystemApi, NamesIdsOfOperationsOnce) {
    const auto document = json::parse_object(fake.request("GET", "/openapi.json").body).value();
    std::map<std::string, int> ids;
    for (const auto& [path, methods] : document.at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object())
            ++ids[std::string(operation.at("operationId").as_string())];
    }
    for (const auto& [id, count] : ids)
        EXPECT_EQ(count, 1) << id;
}

TEST_F(SystemApi, SpeaksTheNewerVersionWhereAsked) {
    const auto& answer = fake.request("GET", "/openapi.json", {}, "openapi=3.1");
    EXPECT_NE(answer.body.find(R"("openapi":"3.1.0")"), std::string::npos);
    EXPECT_EQ(answer.body.find("nullable"), std::string::npos);
    const auto document = json::parse_object(answer.body).value();
    EXPECT_EQ(document.at("components")
                  .at("schemas")
                  .at("Stream")
                  .at("properties")
                  .at("title")
                  .at("type"),
              (boost::json::array{"string", "null"}));
    EXPECT_EQ(fake.request("GET", "/openapi.json", {}, "openapi=2.0").status, 400);
}

TEST_F(SystemApi, ShowsPeopleAPageWithoutScripts) {
    const auto& answer = fake.request("GET", "/api-docs");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.headers.at("content-security-policy").starts_with("default-src 'none'"));
    EXPECT_EQ(answer.body.find("<script"), std::string::npos);
    EXPECT_EQ(answer.body.find("=\"http"), std::string::npos) << "nothing from elsewhere";
    EXPECT_NE(answer.body.find("/api/v1/streams/{id}"), std::string::npos);
    const auto& style = fake.request("GET", "/api-docs/style.css");
    EXPECT_EQ(style.status, 200);
    EXPECT_EQ(style.headers.at("cache-control"), "public, max-age=3600");
}

}  // namespace
}  // namespace streamwall::rest_api::testing
