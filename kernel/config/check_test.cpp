// Whole files: nodes, instances, plugins' schemas, and every mistake at once.
#include "config/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "config/test_manifests.hpp"

namespace streamwall::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::Manifests;
using testing_support::printed;
using testing_support::sources;

Manifests house() {
    Manifests manifests;
    manifests
        .add("http-server", R"json({"type":"object","properties":{
        "listen":{"type":"string","format":"listen-address","default":"127.0.0.1:3000"},
        "port":{"type":"integer","minimum":1,"maximum":65535},
        "max_connections":{"type":"integer","minimum":1,"maximum":100000,"default":1000},
        "compress":{"type":"boolean","default":true},
        "timeout":{"type":"string","format":"duration","default":"5s"},
        "mode":{"enum":["quick","slow"],"default":"quick"}}})json")
        .provides_interfaces = {"streamwall.http/1"};
    PluginFacts& catalog = manifests.add("catalog", R"json({"type":"object","properties":{
        "limits":{"type":"object"},"other":{"type":"string"},"title":{"type":"string"},
        "token":{"type":"string","x-secret":true}}})json");
    catalog.needs_services = {"store"};
    catalog.provides_services = {"catalog.streams"};
    manifests.add("storage-sqlite").provides_services = {"store"};
    manifests.add("web-ui").needs_interfaces = {"streamwall.http/1"};
    manifests.add("twitch-source", R"json({"type":"object","properties":{
        "channels":{"type":"array","items":{"type":"string"}},"tags":{"type":"array"}}})json");
    manifests.add("old-plugin");
    return manifests;
}

CheckResult check_text(std::string_view text, const SubstitutionSources& world = sources()) {
    const ParsedTopology parsed = parse_topology(text, "f");
    const Manifests manifests = house();
    CheckResult result = check(parsed, manifests, world);
    // How nodes reach each other is the matter of check_network_test.cpp.
    std::erase_if(result.diagnostics, [](const Diagnostic& found) {
        return found.code == Code::kNoTransport || found.code == Code::kSharedAddress;
    });
    return result;
}

struct Mistake {
    std::size_t line;
    std::size_t column;
    Code code;
};

TEST(Check, NamesAllMistakesOfAFileWithLineAndColumn) {
    std::ifstream stream(TESTDATA "/twenty_mistakes.yaml");
    ASSERT_TRUE(stream);
    std::stringstream text;
    text << stream.rdbuf();
    const CheckResult result = check_text(text.str());
    const Mistake expected[] = {{6, 37, Code::kRepeatedInstance}, {6, 65, Code::kUnknownPlugin},
                                {8, 15, Code::kOutOfRange},       {10, 5, Code::kUnknownKey},
                                {12, 3, Code::kBadName},          {13, 15, Code::kUnknownPlugin},
                                {15, 1, Code::kUnknownKey},       {19, 11, Code::kWrongType},
                                {21, 22, Code::kOutOfRange},      {23, 5, Code::kDuplicateKey},
                                {25, 15, Code::kWrongType},       {27, 5, Code::kUnknownKey},
                                {29, 14, Code::kBadFormat},       {31, 1, Code::kTabIndentation},
                                {31, 8, Code::kNotAllowed},       {34, 13, Code::kAnchor},
                                {36, 12, Code::kAlias},           {38, 5, Code::kMergeKey},
                                {40, 17, Code::kUnknownVariable}, {42, 12, Code::kYamlSyntax},
                                {46, 7, Code::kYamlSyntax},       {48, 11, Code::kYamlSyntax},
                                {50, 5, Code::kUnknownKey},       {52, 14, Code::kNotAllowed},
                                {54, 3, Code::kUnusedInstance}};
    for (const Mistake& mistake : expected) {
        EXPECT_TRUE(std::ranges::any_of(result.diagnostics,
                                        [&](const Diagnostic& d) {
                                            return d.position ==
                                                       Position{mistake.line, mistake.column} &&
                                                   d.code == mistake.code;
                                        }))
            << mistake.line << ":" << mistake.column << " " << code_id(mistake.code);
    }
    // Beside those, only that the catalog now lacks its store: nothing is invented.
    EXPECT_THAT(printed(result.diagnostics), Contains(HasSubstr("needs service 'store'")));
    EXPECT_EQ(result.diagnostics.size(), std::size(expected) + 1);
}

TEST(Check, ResolvesAGoodFile) {
    const CheckResult result = check_text(R"yaml(
nodes:
  main:
    plugins: [storage-sqlite, catalog, http-server, web-ui]
plugins:
  http-server:
    listen: "${STREAMWALL_LISTEN:-127.0.0.1:3000}"
    required: true
  catalog:
    token: ${file:/run/token}
)yaml",
                                          sources({}, {{"/run/token", "hush-hush\n"}}));
    EXPECT_THAT(printed(result.diagnostics), IsEmpty());
    ASSERT_EQ(result.nodes.size(), 1U);
    const ResolvedInstance* http = result.nodes[0].find("http-server");
    ASSERT_NE(http, nullptr);
    EXPECT_TRUE(http->config.required);
    EXPECT_EQ(boost::json::serialize(http->settings.value),
              R"({"listen":"127.0.0.1:3000","max_connections":1000,"compress":true,)"
              R"("timeout":"5s","mode":"quick"})");
    EXPECT_THAT(result.nodes[0].secrets, ElementsAre("hush-hush"));
}

TEST(Check, ConvertsSubstitutedValuesToTheSchemasType) {
    const CheckResult good = check_text(
        "nodes: {a: {plugins: [http-server]}}\n"
        "plugins: {http-server: {port: \"${PORT}\"}}\n",
        sources({{"PORT", "8080"}}));
    EXPECT_THAT(printed(good.diagnostics), IsEmpty());
    EXPECT_EQ(good.nodes[0].instances[0].settings.value.at("port"), 8080);
    const CheckResult bad = check_text(
        "nodes: {a: {plugins: [http-server]}}\n"
        "plugins: {http-server: {port: \"${PORT}\"}}\n",
        sources({{"PORT", "80x"}}));
    EXPECT_THAT(printed(bad.diagnostics),
                ElementsAre("f:2:31: plugins.http-server.port: expected integer 1..65535, got "
                            "\"80x\" (SW-CFG-0103)"));
}

TEST(Check, MergesTheNodesOverridesAndKeepsTheirPositions) {
    const CheckResult result = check_text(R"yaml(nodes:
  a:
    plugins: [http-server]
    settings:
      http-server: {port: 99999, compress: false}
  b:
    plugins: [http-server]
plugins:
  http-server: {port: 80, mode: slow}
)yaml");
    EXPECT_THAT(printed(result.diagnostics),
                ElementsAre("f:5:27: plugins.http-server.port: expected integer 1..65535, got "
                            "99999 (SW-CFG-0104)"));
    EXPECT_EQ(result.nodes[0].instances[0].settings.value.at("mode"), "slow");
    EXPECT_EQ(result.nodes[0].instances[0].settings.value.at("compress"), false);
    EXPECT_EQ(result.nodes[1].instances[0].settings.value.at("compress"), true);
}

TEST(Check, ReplicasAreNodesOfTheirOwn) {
    const CheckResult result = check_text(
        "nodes: {a: {plugins: [http-server], replicas: 2}}\n"
        "plugins: {http-server: {port: '300${replica}', listen: '${node}:80'}}\n");
    EXPECT_THAT(printed(result.diagnostics), IsEmpty());
    ASSERT_EQ(result.nodes.size(), 2U);
    EXPECT_EQ(result.nodes[1].identity.node, "a-2");
    EXPECT_EQ(result.nodes[1].instances[0].settings.value.at("port"), 3002);
    EXPECT_EQ(result.nodes[1].instances[0].settings.value.at("listen"), "a-2:80");
}

TEST(Check, OneTableOfStructuralMistakes) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "f:1:1: nodes: required setting 'nodes' is absent (SW-CFG-0102)"},
        {"nodes: {}\n", "f:1:1: nodes: no node is named (SW-CFG-0201)"},
        {"nodes:\n", "f:1:1: nodes: no node is named (SW-CFG-0201)"},
        {"nodes: [a]\n", "f:1:8: nodes: expected a mapping, got a list (SW-CFG-0103)"},
        {"nodes: {a: {}}\n",
         "f:1:12: nodes.a.plugins: required setting 'plugins' is absent "
         "(SW-CFG-0102)"},
        {"nodes: {a: {plugins: http-server}}\n",
         "f:1:22: nodes.a.plugins: expected a list of at most 1000 entries, got \"http-server\" "
         "(SW-CFG-0103)"},
        {"version: 2\nnodes: {a: {plugins: []}}\n",
         "f:1:10: version: expected 1, got 2 (SW-CFG-0105)"},
        {"nodes: {a: {plugins: []}}\nplugins: {Web_UI: {}}\n",
         "f:2:11: plugins.Web_UI: 'Web_UI' is not a kebab-case name (SW-CFG-0204); use a-z, 0-9 "
         "and single hyphens, beginning with a letter"},
        {"nodes: {a: {plugins: [web-ui], settings: {web-iu: {}}}}\n",
         "f:1:43: nodes.a.settings.web-iu: node 'a' does not run 'web-iu' (SW-CFG-0207); did you "
         "mean 'web-ui'?"},
        {"nodes: {a: {plugins: [old-plugin]}}\nplugins: {old-plugin: 5}\n",
         "f:2:23: plugins.old-plugin: expected a mapping, got 5 (SW-CFG-0103)"},
        {"nodes: {a: {plugins: [old-plugin]}}\nplugins: {old-plugin: {enabled: maybe}}\n",
         "f:2:33: plugins.old-plugin.enabled: expected true or false, got \"maybe\" "
         "(SW-CFG-0103)"},
        {"nodes: {a: {plugins: [old-plugin]}}\nplugins: {old-plugin: {sha256: abc}}\n",
         "f:2:32: plugins.old-plugin.sha256: expected text matching ^[0-9a-fA-F]{64}$, got "
         "\"abc\" (SW-CFG-0107)"},
        {"nodes: {a: {plugins: [mine]}}\nplugins: {mine: {plugin: catalgo}}\n",
         "f:2:26: plugins.mine: no plugin is called 'catalgo' (SW-CFG-0208); did you mean "
         "'catalog'?"},
        {"nodes: {a: {plugins: []}}\nkernel: {log: {level: loud}}\n",
         "f:2:23: kernel.log.level: expected one of \"trace\", \"debug\", \"info\", \"warn\", "
         "\"error\", \"off\", got \"loud\" (SW-CFG-0105)"},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_THAT(printed(check_text(text).diagnostics), Contains(expected)) << text;
    }
}

TEST(Check, BoundsHowManyProcessesAFileMayAskFor) {
    std::string text = "nodes:\n";
    for (int i = 0; i < 5'000; ++i) {
        text += "  n" + std::to_string(i) + ": {plugins: [], replicas: 100}\n";
    }
    const CheckResult result = check_text(text);
    EXPECT_EQ(result.nodes.size(), 200U);
    EXPECT_THAT(printed(result.diagnostics),
                Contains("f:4:3: nodes.n2: the system has more than 256 processes (SW-CFG-0104)"));
}

TEST(Check, WhatIsSwitchedOffOnlyWarns) {
    const CheckResult result = check_text(
        "nodes: {a: {plugins: [catalog]}}\n"
        "plugins: {catalog: {enabled: false, token: '${NO_TOKEN}', other: [x]}}\n");
    EXPECT_EQ(result.diagnostics.size(), 2U);
    EXPECT_FALSE(has_errors(result.diagnostics));
}

TEST(Check, NeedsOfPluginsMustBeMet) {
    const CheckResult no_store = check_text("nodes: {a: {plugins: [catalog]}}\n");
    EXPECT_THAT(printed(no_store.diagnostics),
                ElementsAre("f:1:23: plugins.catalog: needs service 'store', which no enabled "
                            "plugin of this file provides (SW-CFG-0209); it is provided by: "
                            "storage-sqlite"));
    EXPECT_THAT(printed(check_text("nodes: {a: {plugins: [catalog]}, b: {plugins: "
                                   "[storage-sqlite]}}\n")
                            .diagnostics),
                IsEmpty());
}

TEST(Check, LocalInterfacesMustStayTogether) {
    const char* other_node = "nodes: {a: {plugins: [web-ui]}, b: {plugins: [http-server]}}\n";
    EXPECT_THAT(
        printed(check_text(other_node).diagnostics),
        ElementsAre(HasSubstr("plugins.web-ui: needs local interface 'streamwall.http/1'")));
    const char* other_process =
        "nodes: {a: {plugins: [web-ui, http-server]}}\nplugins: {web-ui: {isolation: pages}}\n";
    EXPECT_THAT(printed(check_text(other_process).diagnostics),
                ElementsAre(HasSubstr("SW-CFG-0210")));
    const char* same_process =
        "nodes: {a: {plugins: [web-ui, http-server]}}\n"
        "plugins: {web-ui: {isolation: pages}, http-server: {isolation: pages}}\n";
    EXPECT_THAT(printed(check_text(same_process).diagnostics), IsEmpty());
}

TEST(Check, NeverPrintsASecret) {
    const CheckResult result = check_text(
        "nodes: {a: {plugins: [http-server, catalog, storage-sqlite]}}\n"
        "plugins: {http-server: {port: '${file:/s}'}, catalog: {token: [canary]}}\n",
        sources({}, {{"/s", "canary"}}));
    EXPECT_EQ(result.diagnostics.size(), 2U);
    for (const std::string& line : printed(result.diagnostics)) {
        EXPECT_THAT(line, testing::Not(HasSubstr("canary")));
        EXPECT_THAT(line, HasSubstr("***"));
    }
}

TEST(SelectNode, TakesTheOnlyNodeOrTheOneWished) {
    const ParsedTopology one = parse_topology("nodes: {main: {plugins: []}}\n", "f");
    EXPECT_EQ(select_node(one.topology, std::nullopt)->identity.node, "main");
    const ParsedTopology two =
        parse_topology("nodes: {ingest: {plugins: [], replicas: 2}, web: {plugins: []}}\n", "f");
    EXPECT_EQ(select_node(two.topology, "web")->identity.node, "web");
    EXPECT_EQ(select_node(two.topology, "ingest-2")->identity.replica, 2);
    EXPECT_EQ(to_string(select_node(two.topology, "wbe").error()),
              "f: nodes: no node is called 'wbe' (SW-CFG-0202); did you mean 'web'?");
    EXPECT_EQ(to_string(select_node(two.topology, std::nullopt).error()),
              "f: nodes: the file has 3 nodes; say which one with --node (SW-CFG-0203); use one "
              "of: ingest-1, ingest-2, web");
}

}  // namespace
}  // namespace streamwall::config
