// The effective configuration, without its secrets.
#include "config/print.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "config/test_manifests.hpp"

namespace streamwall::config {
namespace {

ResolvedNode example() {
    testing_support::Manifests manifests;
    manifests.add("hub", R"json({"type":"object","properties":{
        "rate":{"type":"integer","default":5},
        "url":{"type":"string"},"empty":{"type":"string","default":"","x-secret":true},
        "keys":{"type":"array","x-secret":true,"items":{"type":"string"}},
        "token":{"type":"string","x-secret":true}}})json");
    const ParsedTopology parsed = parse_topology(R"yaml(
nodes: {main: {plugins: [hub]}}
plugins:
  hub:
    token: canary-1
    url: "https://x/?t=${file:/s}"
    keys: [canary-3]
kernel: {data_dir: "/tmp/${file:/s}", log: {level: debug}}
)yaml",
                                                 "f");
    Diagnostics found;
    ResolvedNode node = resolve(parsed.topology, *select_node(parsed.topology, {}), manifests,
                                testing_support::sources({}, {{"/s", "canary-2\n"}}), found);
    EXPECT_TRUE(found.empty()) << to_string(found[0]);
    return node;
}

TEST(Print, ShowsDefaultsAndHidesSecretsInJson) {
    EXPECT_EQ(boost::json::serialize(effective_json(example())),
              R"({"node":"main","replica":1,"kernel":{"data_dir":"***","log":{"level":"debug"}},)"
              R"("plugins":{"hub":{"plugin":"hub","enabled":true,"required":false,)"
              R"("restart":"on-failure","token":"***","url":"***","keys":["***"],"rate":5,)"
              R"("empty":""}}})");
}

TEST(Print, WritesYamlThatReadsBackTheSame) {
    const ResolvedNode node = example();
    const std::string yaml = effective_yaml(node);
    EXPECT_EQ(yaml.find("canary"), std::string::npos) << yaml;
    const Document read = parse_yaml(yaml, "f");
    ASSERT_TRUE(read.diagnostics.empty()) << to_string(read.diagnostics[0]) << yaml;
    EXPECT_EQ(to_json(read.root), effective_json(node)) << yaml;
}

TEST(Print, QuotesEveryTextThatYamlWouldReadAsSomethingElse) {
    const boost::json::value value = boost::json::parse(
        R"({"a":["yes","no","1","1.5","null","~","","- x","a: b","#c","*d","&e","!f","tab\t","\u007f",)"
        R"("é","${X}","plain","/path"],"list":[],"nested":[[1,[]],{"a":{"b":null}}],"x y":true})");
    const Document read = parse_yaml(to_yaml(value), "f");
    ASSERT_TRUE(read.diagnostics.empty()) << to_string(read.diagnostics[0]) << to_yaml(value);
    EXPECT_EQ(to_json(read.root), value) << to_yaml(value);
}

}  // namespace
}  // namespace streamwall::config
