#include "docs_page.hpp"
#include "openapi_document.hpp"

#include <streamwall/sdk/json.hpp>

#include <heap_buffers.hpp>

#include <gtest/gtest.h>

namespace streamwall::rest_api {
namespace {

TEST(OpenApi, TakesOperationsAsTextOrAsObjectAndLeavesHiddenRoutesOut) {
    const auto document = openapi::document(
        R"([{"method":"GET","path":"/a","access":"open","scope":"","openapi":"{\"summary\":\"x\"}"},)"
        R"({"method":"POST","path":"/a","access":2,"scope":"s:w","openapi":{"summary":"y"}},)"
        R"({"method":"GET","path":"/hidden","access":0,"scope":"","openapi":""},)"
        R"({"method":"GET","path":"/broken","access":0,"openapi":"{"},5])",
        openapi::Version::k30);
    ASSERT_TRUE(document);
    const auto parsed = json::parse_object(document->view()).value();
    EXPECT_EQ(parsed.at("paths"),
              boost::json::parse(R"({"/a":{"get":{"summary":"x","security":[]},)"
                                 R"("post":{"summary":"y","x-required-scope":"s:w"}}})"));
    EXPECT_EQ(openapi::document("nonsense", openapi::Version::k30).code(), SW_INTERNAL);
}

TEST(DocsPage, EscapesWhatOtherPluginsWrote) {
    const auto page = docs_page(
        R"({"paths":{"/x":{"get":{"summary":"<script>alert('1')</script>","responses":{}}}}})");
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("&lt;script&gt;alert(&#39;1&#39;)"), std::string::npos);
}

}  // namespace
}  // namespace streamwall::rest_api
