#include "config/schema_compat.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::config {
namespace {

Schema compiled(std::string_view text) {
    auto schema = Schema::compile(boost::json::parse(text));
    if (!schema) throw std::logic_error(schema.error().front().message);
    return *schema;
}

struct Change {
    const char *before, *after;
    const char* member;  // null: readers go on
    const char* why;
};

const Change kChanges[] = {
    // What a minor version may do.
    {R"({"type":"object"})", R"({"type":"object","properties":{"a":{"type":"string"}}})", nullptr,
     ""},
    {R"({"properties":{"a":{"type":"string"}}})",
     R"({"properties":{"a":{"type":"string"}},"required":["a"]})", nullptr, ""},
    {R"({"properties":{"a":{"type":["string","null"]}}})",
     R"({"properties":{"a":{"type":"string"}}})", nullptr, ""},
    {R"({"properties":{"a":{"type":"number"}}})", R"({"properties":{"a":{"type":"integer"}}})",
     nullptr, ""},
    {R"({"properties":{"a":{"enum":["x","y"]}}})", R"({"properties":{"a":{"enum":["x"]}}})",
     nullptr, ""},
    {R"({"properties":{"a":{"type":"integer","minimum":1}}})",
     R"({"properties":{"a":{"type":"integer","minimum":2,"maximum":9}}})", nullptr, ""},
    {R"({"description":"old"})", R"({"description":"new","title":"t"})", nullptr, ""},
    // What needs a new major one.
    {R"({"properties":{"a":{"type":"string"}}})", R"({"properties":{}})", "a", "is gone"},
    {R"({"properties":{"a":{}},"required":["a"]})", R"({"properties":{"a":{}}})", "a",
     "may now be absent"},
    {R"({"properties":{"a":{"type":"string"}}})",
     R"({"properties":{"a":{"type":["string","null"]}}})", "a", "may now be of another type"},
    {R"({"properties":{"a":{"type":"integer"}}})", R"({"properties":{"a":{"type":"number"}}})", "a",
     "may now be of another type"},
    {R"({"properties":{"a":{"type":"integer"}}})", R"({"properties":{"a":{}}})", "a",
     "may now be of another type"},
    {R"({"properties":{"a":{"enum":["x"]}}})", R"({"properties":{"a":{"enum":["x","y"]}}})", "a",
     R"(may now be "y")"},
    {R"({"properties":{"a":{"enum":["x"]}}})", R"({"properties":{"a":{}}})", "a",
     "may now be anything"},
    {R"({"properties":{"a":{"type":"integer","minimum":1}}})",
     R"({"properties":{"a":{"type":"integer","minimum":0}}})", "a", "may now be smaller"},
    {R"({"properties":{"a":{"type":"string","maxLength":5}}})",
     R"({"properties":{"a":{"type":"string"}}})", "a", "may now be longer"},
    {R"({"properties":{"a":{"type":"string","pattern":"^x"}}})",
     R"({"properties":{"a":{"type":"string","pattern":"^y"}}})", "a", "another pattern"},
    {R"({"properties":{"a":{"properties":{"b":{}}}}})", R"({"properties":{"a":{}}})", "a.b",
     "is gone"},
    {R"({"properties":{"a":{"type":"array","items":{"type":"string"}}}})",
     R"({"properties":{"a":{"type":"array","items":{"type":"integer"}}}})", "a[]",
     "may now be of another type"},
    {R"({"additionalProperties":false,"properties":{"a":{}}})",
     R"({"additionalProperties":false,"properties":{"a":{},"b":{}}})", "b", "is new"},
    {R"({"oneOf":[{"type":"string"}]})", R"({"oneOf":[{"type":"string"},{"type":"null"}]})", "",
     "other alternatives"},
};

TEST(SchemaCompatibility, FollowsWhatReadersCanBear) {
    for (const auto& [before, after, member, why] : kChanges) {
        SCOPED_TRACE(std::string(before) + " → " + after);
        const auto broken = find_break(compiled(before).root(), compiled(after).root());
        EXPECT_EQ(broken.has_value(), member != nullptr);
        if (!broken || member == nullptr) continue;
        EXPECT_EQ(broken->member, member);
        EXPECT_NE(broken->why.find(why), std::string::npos) << broken->why;
    }
}

TEST(SchemaCompatibility, SeesADifferenceInEitherDirection) {
    const auto narrow = compiled(R"({"properties":{"a":{"type":"string"}}})");
    const auto wide = compiled(R"({"properties":{"a":{"type":["string","null"]}}})");
    EXPECT_TRUE(find_difference(narrow.root(), wide.root()));
    EXPECT_TRUE(find_difference(wide.root(), narrow.root()));
    EXPECT_FALSE(find_difference(wide.root(), wide.root()));
}

}  // namespace
}  // namespace streamwall::config
