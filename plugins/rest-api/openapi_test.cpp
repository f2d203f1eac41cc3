#include "docs_page.hpp"
#include "openapi_document.hpp"
#include "openapi_examples.hpp"
#include "openapi_parts.hpp"
#include "openapi_streams.hpp"

#include <streamwall/model/text.hpp>
#include <streamwall/sdk/json.hpp>

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::rest_api {
namespace {

TEST(OpenApi, TakesOperationsAsTextOrAsObjectAndLeavesHiddenRoutesOut) {
    const auto document = openapi::document(
        R"([{"method":"GET","path":"/a","access":"open","scope":"","openapi":"{\"summary\":\"x\"}"},)"
        R"({"method":"POST","path":"/a","access":2,"scope":"s:w t:w","openapi":{"summary":"y"}},)"
        R"({"method":"GET","path":"/hidden","access":0,"scope":"","openapi":""},)"
        R"({"method":"GET","path":"/broken","access":0,"openapi":"{"},5])",
        openapi::Version::k30);
    ASSERT_TRUE(document);
    const auto parsed = json::parse_object(document->view()).value();
    const auto& paths = parsed.at("paths").as_object();
    ASSERT_EQ(paths.size(), 1u);
    const auto& get = paths.at("/a").at("get").as_object();
    const auto& post = paths.at("/a").at("post").as_object();
    EXPECT_EQ(get.at("summary"), "x");
    EXPECT_EQ(get.at("security"), boost::json::array());
    EXPECT_EQ(post.at("summary"), "y");
    EXPECT_EQ(post.at("x-required-scopes"), (boost::json::array{"s:w", "t:w"}));
    EXPECT_EQ(post.at("description"), "y. For the role editor and above, or the scope s:w or t:w.");
    EXPECT_EQ(post.at("x-required-role"), "editor");
    EXPECT_FALSE(post.contains("security"));
    EXPECT_EQ(openapi::document("nonsense", openapi::Version::k30).code(), SW_INTERNAL);
}

boost::json::object operation(std::string_view method, std::string_view path,
                              std::string_view text) {
    boost::json::array routes{{{"method", method},
                               {"path", path},
                               {"access", "editor"},
                               {"scope", "streams:write"},
                               {"openapi", boost::json::parse(text)}}};
    const auto document =
        openapi::document(boost::json::serialize(routes), openapi::Version::k30).value();
    auto parsed = json::parse_object(document.view()).value();
    return parsed.at("paths").at(path).at(model::to_lower(method)).as_object();
}

TEST(OpenApi, AddsWhatAllRoutesHaveInCommon) {
    const auto made = operation("POST", "/api/v1/things/{id}/parts/{part}", R"({
        "summary":"Add","parameters":[{"name":"id","in":"path","required":true,
        "schema":{"type":"integer"}}],"responses":{"201":{"description":"Made.",
        "content":{"application/json":{"schema":{"$ref":"#/components/schemas/Stream"}}}}}})");
    EXPECT_EQ(made.at("description"),
              "Add. For the role editor and above, or the scope streams:write.");
    std::string names;
    for (const auto& parameter : made.at("parameters").as_array())
        names.append(parameter.at("name").as_string()).append(" ");
    EXPECT_EQ(names, "id part Idempotency-Key ");
    EXPECT_EQ(made.at("parameters").at(0).at("example"), 1);
    const auto& example =
        made.at("responses").at("201").at("content").at("application/json").at("example");
    EXPECT_EQ(example.at("url"), "https://twitch.tv/example");
    EXPECT_EQ(example.at("status"), "unknown");
    EXPECT_TRUE(made.at("responses").at("201").at("headers").as_object().contains("X-Request-Id"));
    EXPECT_EQ(made.at("responses")
                  .at("default")
                  .at("content")
                  .at("application/problem+json")
                  .at("example")
                  .at("status"),
              500);
}

TEST(OpenApi, DescribesEveryTypeOfABodyAndAnAnswer) {
    const auto text = openapi::render({.body = "StreamImport",
                                       .other_body_type = "application/x-ndjson",
                                       .answer = openapi::reference("Stream"),
                                       .other_types = {"text/csv", "application/x-ndjson"}});
    const auto made = boost::json::parse(text);
    const auto types = [](const boost::json::value& holder) {
        std::string out;
        for (const auto& [type, schema] : holder.at("content").as_object())
            out.append(type).append(" ");
        return out;
    };
    EXPECT_EQ(types(made.at("requestBody")), "application/json application/x-ndjson ");
    EXPECT_EQ(types(made.at("responses").at("200")),
              "application/json text/csv application/x-ndjson ");
    EXPECT_FALSE(made.at("responses").as_object().contains("304"));
}

TEST(OpenApi, SaysThatWhatTakesEntityTagsMayAnswerThatNothingChanged) {
    const auto text = openapi::render({.parameters = {openapi::if_none_match_parameter()},
                                       .answer = openapi::reference("Stream")});
    const auto made = boost::json::parse(text);
    EXPECT_FALSE(made.at("responses").at("304").as_object().contains("content"));
}

TEST(OpenApi, ListsOnlySchemasThatAreUsed) {
    const auto document = openapi::document(
        R"([{"method":"GET","path":"/a","access":"open","openapi":{"summary":"x"}}])",
        openapi::Version::k31);
    const auto parsed = json::parse_object(document->view()).value();
    const auto& schemas = parsed.at("components").at("schemas").as_object();
    ASSERT_EQ(schemas.size(), 1u);
    EXPECT_TRUE(schemas.contains("Problem"));
    EXPECT_EQ(parsed.at("openapi"), "3.1.0");
}

TEST(OpenApi, MarksTheOldNamesOfAStreamsFieldsAndNoOthers) {
    const auto schemas = openapi::schemas();
    std::vector<std::string> marked;
    for (const auto& [name, schema] : schemas.at("Stream").at("properties").as_object()) {
        if (schema.as_object().contains("deprecated")) marked.emplace_back(name);
    }
    EXPECT_EQ(marked, (std::vector<std::string>{"link", "last_checked"}));
}

TEST(OpenApiExamples, AreWhatTheirSchemasDescribe) {
    const boost::json::object schemas =
        boost::json::parse(R"({"Self":{"type":"object","properties":{"self":{"$ref":"#/x/Self"},
            "n":{"type":"integer"}}},"Word":{"type":"string","enum":["one","two"]}})")
            .as_object();
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({"example":5})", "5"},
        {R"({"$ref":"#/x/Word"})", R"("one")"},
        {R"({"$ref":"#/x/None"})", "null"},
        {R"({"type":"integer","default":25})", "25"},
        {R"({"type":"integer","minimum":7})", "7"},
        {R"({"type":"string","format":"date-time"})", R"("2026-01-31T12:34:56.789Z")"},
        {R"({"type":"string","maxLength":2})", R"("te")"},
        {R"({"type":"array","items":{"type":"boolean"}})", "[false]"},
        {R"({"oneOf":[{"type":"array"},{"type":"object"}]})", "[]"},
        {R"({"allOf":[{"type":"object","properties":{"city":{"type":"string"}}},{"type":"object"}]})",
         R"({"city":"Seattle"})"},
        {R"({})", "{}"},
    };
    for (const auto& [schema, example] : cases) {
        EXPECT_EQ(openapi::example_of(boost::json::parse(schema), schemas),
                  boost::json::parse(example))
            << schema;
    }
    const auto deep = openapi::example_of(boost::json::parse(R"({"$ref":"#/x/Self"})"), schemas);
    EXPECT_EQ(deep.at("n"), 1) << "a schema that names itself ends";
}

TEST(DocsPage, EscapesWhatOtherPluginsWrote) {
    const auto page = docs_page(
        R"({"paths":{"/x":{"get":{"summary":"<script>alert('1')</script>","responses":{}}}}})");
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("&lt;script&gt;alert(&#39;1&#39;)"), std::string::npos);
}

TEST(DocsPage, ShowsWhatIsSentAndAnswered) {
    const auto page = docs_page(R"({"paths":{"/x":{"post":{"description":"For the role editor.",
        "requestBody":{"content":{"application/json":{"example":{"a":"<b>"}}}},
        "responses":{"201":{"content":{"application/json":{"example":{"id":1}}}}}}}}})");
    EXPECT_NE(page.find("For the role editor."), std::string::npos);
    EXPECT_NE(page.find("{&quot;a&quot;:&quot;&lt;b&gt;&quot;}"), std::string::npos);
    EXPECT_NE(page.find("{&quot;id&quot;:1}"), std::string::npos);
}

TEST(OpenApiDocument, SaysOfAnObjectOfWhichNothingIsSaidThatItMayHoldAnything) {
    const auto text =
        openapi::document(R"([{"method":"GET","path":"/a","access":"open","openapi":)"
                          R"({"operationId":"a","responses":{"200":{"description":"x","content":)"
                          R"({"application/json":{"schema":{"type":"object"}}}}}}}])",
                          openapi::Version::k30);
    ASSERT_TRUE(text);
    const auto document = boost::json::parse(text->view());
    const auto& schema =
        document.at_pointer("/paths/~1a/get/responses/200/content/application~1json/schema");
    EXPECT_EQ(schema, boost::json::parse(R"({"type":"object","additionalProperties":true})"));
}

}  // namespace
}  // namespace streamwall::rest_api
