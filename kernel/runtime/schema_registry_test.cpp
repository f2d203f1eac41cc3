#include "runtime/schema_registry.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <cstdlib>

namespace streamwall::runtime {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kPlain = R"({"type":"object","required":["url"],
                                   "properties":{"url":{"type":"string"}}})";
constexpr const char* kMore = R"({"type":"object","required":["url"],
    "properties":{"url":{"type":"string"},"note":{"type":"string"}}})";
constexpr const char* kBroken = R"({"type":"object",
                                    "properties":{"url":{"type":["string","null"]}}})";

modules::EventSchema schema(std::string version, std::string_view text) {
    return {"link.seen", std::move(version), boost::json::parse(text)};
}

class SchemaRegistryTest : public ::testing::Test {
  protected:
    exec::testing::TemporaryFolder folder{"schemas"};
};

TEST_F(SchemaRegistryTest, TakesWhatReadersCanBear) {
    SchemaRegistry registry(folder);
    EXPECT_EQ(registry.admit("a", {schema("1.0", kPlain)}).code, SW_OK);
    EXPECT_EQ(registry.admit("b", {schema("1.0", kPlain)}).code, SW_OK);
    EXPECT_EQ(registry.admit("b", {schema("1.1", kMore)}).code, SW_OK);
    EXPECT_EQ(registry.admit("b", {schema("2.0", kBroken)}).code, SW_OK);
    EXPECT_EQ(registry.list().size(), 3u);
}

TEST_F(SchemaRegistryTest, NamesTypeVersionsAndMemberOfWhatBreaks) {
    SchemaRegistry registry(folder);
    EXPECT_EQ(registry.admit("a", {schema("1.0", kPlain)}).code, SW_OK);
    const auto failure = registry.admit("b", {schema("1.1", kBroken)});
    EXPECT_EQ(failure.code, SW_FAILED_PRECONDITION);
    EXPECT_EQ(failure.where, "link.seen");
    EXPECT_EQ(failure.message,
              "event 'link.seen' 1.1 of 'b' does not fit 1.0 of 'a': 'url' may now be absent; give "
              "it version 2.0");
    EXPECT_EQ(registry.list().size(), 1u);
}

TEST_F(SchemaRegistryTest, WantsTheSameSchemaUnderTheSameVersion) {
    SchemaRegistry registry(folder);
    EXPECT_EQ(registry.admit("a", {schema("1.0", kPlain)}).code, SW_OK);
    EXPECT_THAT(registry.admit("b", {schema("1.0", kMore)}).message,
                HasSubstr("'note' is gone; give it version 1.1"));
}

TEST_F(SchemaRegistryTest, ComparesAnOlderVersionThatComesLater) {
    SchemaRegistry registry(folder);
    EXPECT_EQ(registry.admit("a", {schema("1.1", kBroken)}).code, SW_OK);
    EXPECT_EQ(registry.admit("b", {schema("1.0", kPlain)}).code, SW_FAILED_PRECONDITION);
}

TEST_F(SchemaRegistryTest, RemembersOverRestartsWhatItHasSeen) {
    SchemaRegistry(folder).admit("a", {schema("1.0", kPlain)});
    SchemaRegistry registry(folder);
    EXPECT_EQ(registry.list().size(), 1u);
    EXPECT_EQ(registry.admit("a", {schema("1.0", kBroken)}).code, SW_FAILED_PRECONDITION);
    EXPECT_EQ(SchemaRegistry("").admit("a", {schema("1.0", kBroken)}).code, SW_OK);
}

TEST_F(SchemaRegistryTest, TakesAllOfAPluginOrNothing) {
    SchemaRegistry registry(folder);
    EXPECT_EQ(registry.admit("a", {schema("1.0", kPlain)}).code, SW_OK);
    modules::EventSchema other{"link.gone", "1.0", boost::json::parse(kPlain)};
    EXPECT_NE(registry.admit("b", {other, schema("1.1", kBroken)}).code, SW_OK);
    EXPECT_EQ(registry.list().size(), 1u);
    EXPECT_THAT(registry.admit("c", {schema("one", kPlain)}).message, HasSubstr("'one'"));
}

}  // namespace
}  // namespace streamwall::runtime
