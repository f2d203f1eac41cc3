#include "config/overlay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::config {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

json::object object(std::string_view text) {
    return json::parse(text).as_object();
}

ResolvedInstance instance_from_file(std::string_view settings) {
    ResolvedInstance instance;
    instance.config.name = "wall";
    instance.known = true;
    instance.schema = *Schema::compile(json::parse(R"({
        "type": "object", "properties": {
          "rate": {"type": "integer", "minimum": 1, "default": 5},
          "key": {"type": "string", "x-secret": true},
          "file": {"type": "string", "default": "${data}/wall"},
          "tags": {"type": "array", "items": {"type": "string"}},
          "limits": {"type": "object", "properties": {
            "low": {"type": "integer"}, "high": {"type": "integer", "default": 9}}}}})"));
    instance.settings.value = json::parse(settings);
    return instance;
}

TEST(MergeSettings, AddsReplacesAndTakesBack) {
    struct Case {
        const char *before, *patch, *after;
    };
    const Case cases[] = {
        {"{}", R"({"a":1})", R"({"a":1})"},
        {R"({"a":1})", R"({"a":2,"b":[1]})", R"({"a":2,"b":[1]})"},
        {R"({"a":1,"b":2})", R"({"a":null})", R"({"b":2})"},
        {R"({"a":{"x":1}})", R"({"a":{"y":2}})", R"({"a":{"x":1,"y":2}})"},
        {R"({"a":{"x":1}})", R"({"a":{"x":null}})", R"({})"},
        {R"({"a":[1,2]})", R"({"a":[3]})", R"({"a":[3]})"},
        {R"({"a":1})", R"({"a":{"x":1,"y":null}})", R"({"a":{"x":1}})"},
        {R"({})", R"({"a":null})", R"({})"},
    };
    for (const auto& [before, patch, after] : cases) {
        auto merged = object(before);
        merge_settings(merged, object(patch));
        EXPECT_EQ(merged, object(after)) << before << " with " << patch;
    }
}

TEST(LayOver, LeavesWhatItDoesNotNameAndChecksTheRest) {
    const auto file = instance_from_file(R"({"rate":3,"limits":{"low":1,"high":2},"tags":["a"]})");
    Diagnostics found;
    const auto laid = lay_over(
        file, {std::nullopt, object(R"({"limits":{"high":7},"tags":["b","c"]})")}, "/srv", found);
    EXPECT_THAT(found, IsEmpty());
    EXPECT_EQ(laid.settings.value,
              json::parse(R"({"rate":3,"limits":{"low":1,"high":7},"tags":["b","c"],
                              "file":"/srv/wall"})"));
    EXPECT_TRUE(laid.config.enabled);
}

TEST(LayOver, FindsWhatTheSchemaForbids) {
    const auto file = instance_from_file("{}");
    Diagnostics found;
    lay_over(file, {std::nullopt, object(R"({"rate":0,"limits":{"lwo":1}})")}, "/srv", found);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].path, "plugins.wall.rate");
    EXPECT_EQ(found[1].path, "plugins.wall.limits.lwo");
    EXPECT_EQ(found[1].hint, "low");
}

TEST(LayOver, KeepsSecretsSecret) {
    auto file = instance_from_file(R"({"key":"from-a-file"})");
    file.settings.secrets = {"from-a-file"};
    Diagnostics found;
    const auto laid = lay_over(file, {std::nullopt, object(R"({"key":"typed"})")}, "", found);
    EXPECT_THAT(laid.settings.secrets, ElementsAre("from-a-file", "typed"));
}

TEST(LayOver, SwitchesWithoutTouchingSettings) {
    const auto file = instance_from_file(R"({"rate":3})");
    Diagnostics found;
    const auto laid = lay_over(file, {false, {}}, "", found);
    EXPECT_FALSE(laid.config.enabled);
    EXPECT_EQ(laid.settings.value, file.settings.value);
}

TEST(SettingNames, AreTheLeaves) {
    EXPECT_THAT(setting_names(object(R"({"a":1,"b":{"c":[1],"d":{}}})")),
                ElementsAre("a", "b.c", "b.d"));
}

}  // namespace
}  // namespace streamwall::config
