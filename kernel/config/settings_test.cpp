// From a settings tree to what a plugin gets.
#include "config/settings.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

namespace streamwall::config {
namespace {

Schema schema_of(const char* text) {
    auto schema = Schema::compile(boost::json::parse(text));
    EXPECT_TRUE(schema) << (schema ? "" : schema.error()[0].message);
    return schema ? *schema : Schema();
}

struct Outcome {
    Settings settings;
    std::string json;
    std::vector<std::string> findings;
};

Outcome normalise(const char* schema, std::string_view yaml) {
    const Document document = parse_yaml(yaml, "f");
    EXPECT_TRUE(document.diagnostics.empty());
    Diagnostics found;
    Outcome outcome;
    outcome.settings =
        normalise_settings(document.root, schema_of(schema), "f", "plugins.x", found);
    outcome.json = boost::json::serialize(outcome.settings.value);
    for (const Diagnostic& diagnostic : found)
        outcome.findings.push_back(to_string(diagnostic));
    return outcome;
}

constexpr const char* kServer = R"json({
  "type": "object",
  "required": ["name"],
  "properties": {
    "name": {"type": "string"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 3000},
    "tls": {"type": "boolean", "default": false},
    "rate": {"type": "number"},
    "timeout": {"type": "string", "format": "duration", "default": "5s"},
    "key": {"type": "string", "x-secret": true},
    "mode": {"enum": ["quick", "slow", 3]},
    "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true, "maxItems": 3},
    "limits": {"type": "object", "default": {},
               "properties": {"body": {"type": "integer", "default": 64}}}
  }
})json";

TEST(Settings, AreConvertedAndCompletedWithDefaults) {
    const Outcome outcome = normalise(kServer, "name: 012\nrate: 1\nmode: 3\ntags: [1, yes]\n");
    EXPECT_TRUE(outcome.findings.empty()) << outcome.findings[0];
    EXPECT_EQ(outcome.json,
              R"({"name":"012","rate":1,"mode":3,"tags":["1","yes"],"port":3000,"tls":false,)"
              R"("timeout":"5s","limits":{"body":64}})");
}

struct Case {
    const char* yaml;
    const char* finding;
};

TEST(Settings, SayWhatWasExpectedWhereItStands) {
    const Case cases[] = {
        {"name: a\nport: 80x",
         R"(f:2:7: plugins.x.port: expected integer 1..65535, got "80x" (SW-CFG-0103))"},
        {"name: a\nport: 70000",
         "f:2:7: plugins.x.port: expected integer 1..65535, got 70000 (SW-CFG-0104)"},
        {"name: a\nport: \"80\"",
         R"(f:2:7: plugins.x.port: expected integer 1..65535, got "80" (SW-CFG-0103); )"
         "remove the quotes, they make it text"},
        {"name: a\nport: 080",
         R"(f:2:7: plugins.x.port: expected integer 1..65535, got "080" (SW-CFG-0103); )"
         "write it without the leading zero"},
        {"name: a\nport: 80.5",
         "f:2:7: plugins.x.port: expected integer 1..65535, got 8.05E1 (SW-CFG-0103)"},
        {"name: a\nport:",
         "f:2:1: plugins.x.port: expected integer 1..65535, got nothing (SW-CFG-0103)"},
        {"name: a\ntls: no",
         R"(f:2:6: plugins.x.tls: expected true or false, got "no" (SW-CFG-0103); )"
         "did you mean 'false'?"},
        {"name: a\nmode: qiuck",
         R"(f:2:7: plugins.x.mode: expected one of "quick", "slow", 3, got "qiuck" (SW-CFG-0105); )"
         "did you mean 'quick'?"},
        {"name: a\ntimeout: 5 s",
         "f:2:10: plugins.x.timeout: expected a duration such as 5s or 250ms, got \"5 s\" "
         "(SW-CFG-0108)"},
        {"name: a\nprot: 1",
         "f:2:1: plugins.x.prot: unknown setting 'prot' (SW-CFG-0101); "
         "did you mean 'port'?"},
        {"naem: a\nport: 1",
         "f:1:1: plugins.x.naem: unknown setting 'naem' (SW-CFG-0101); "
         "did you mean 'name'?"},
        {"port: 1", "f:1:1: plugins.x.name: required setting 'name' is absent (SW-CFG-0102)"},
        {"name: a\nlimits: {boddy: 1}",
         "f:2:10: plugins.x.limits.boddy: unknown setting 'boddy' (SW-CFG-0101); "
         "did you mean 'body'?"},
        {"name: a\ntags: [b, c, b]",
         R"(f:2:14: plugins.x.tags[2]: "b" stands in the list twice (SW-CFG-0109))"},
        {"name: a\ntags: [b, [c]]",
         "f:2:11: plugins.x.tags[1]: expected text, got a list (SW-CFG-0103)"},
        {"name: a\nkey: [s3cret]", "f:2:6: plugins.x.key: expected text, got *** (SW-CFG-0103)"},
        {"[a]", "f:1:1: plugins.x: expected a mapping of settings (SW-CFG-0103)"},
    };
    for (const Case& item : cases) {
        const Outcome outcome = normalise(kServer, item.yaml);
        EXPECT_NE(std::ranges::find(outcome.findings, item.finding), outcome.findings.end())
            << item.yaml << "\n  expected " << item.finding << "\n  got      "
            << (outcome.findings.empty() ? "nothing" : outcome.findings[0]);
    }
}

TEST(Settings, ReportEveryMistakeNotOnlyTheFirst) {
    const Outcome outcome = normalise(kServer, "port: x\ntls: x\nrate: x\nmode: x\nwhat: x\n");
    EXPECT_EQ(outcome.findings.size(), 6U);
}

TEST(Settings, RememberWhatIsSecret) {
    const Outcome outcome = normalise(kServer, "name: a\nkey: s3cret\n");
    EXPECT_EQ(outcome.settings.secret_paths, std::set<std::string>{"/key"});
    EXPECT_EQ(outcome.settings.secrets, std::set<std::string>{"s3cret"});
}

TEST(Settings, StaySilentAboutWhatWasAlreadyReportedAsUnreadable) {
    const Document document = parse_yaml("name: a\nport: *nowhere\n", "f");
    Diagnostics found;
    normalise_settings(document.root, schema_of(kServer), "f", "p", found);
    EXPECT_TRUE(found.empty()) << to_string(found[0]);
}

TEST(Settings, PickTheFormThatFits) {
    constexpr const char* kForms = R"json({"type": "object", "properties": {"on": {"oneOf": [
        {"type": "boolean"}, {"type": "integer", "minimum": 5},
        {"type": "object", "properties": {"every": {"type": "string", "format": "duration"}}}]}}})json";
    EXPECT_EQ(normalise(kForms, "on: true").json, R"({"on":true})");
    EXPECT_EQ(normalise(kForms, "on: 7").json, R"({"on":7})");
    EXPECT_EQ(normalise(kForms, "on: {every: 5s}").json, R"({"on":{"every":"5s"}})");
    EXPECT_EQ(normalise(kForms, "on: 3").findings.at(0),
              "f:1:5: plugins.x.on: expected integer of at least 5, got 3 (SW-CFG-0104)");
    EXPECT_EQ(normalise(kForms, "on: {every: x}").findings.at(0),
              "f:1:13: plugins.x.on.every: expected a duration such as 5s or 250ms, got \"x\" "
              "(SW-CFG-0108)");
}

}  // namespace
}  // namespace streamwall::config
