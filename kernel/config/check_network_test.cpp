#include "config/check_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/test_manifests.hpp"

namespace streamwall::config {
namespace {

using testing::HasSubstr;
using testing_support::Manifests;
using testing_support::sources;

Manifests house() {
    Manifests manifests;
    manifests.add("web", R"json({"type":"object","properties":{
        "listen":{"type":"string","format":"listen-address","default":"127.0.0.1:3000"}}})json");
    manifests
        .add("bridge", R"json({"type":"object","properties":{
        "url":{"type":"string","x-endpoint":4222},
        "more":{"type":"array","items":{"type":"string"},"x-endpoint":true}}})json")
        .provides_interfaces = {kTransportInterface};
    return manifests;
}

CheckResult checked(const std::string& text) {
    const auto parsed = parse_topology(text, "f");
    return check(parsed, house(), sources());
}

struct Case {
    const char* text;
    Code code;
    std::size_t line, column;  // 0: nothing is found
    Severity severity;
    const char* message;
};

const Case kCases[] = {
    {"nodes: {a: {plugins: [web]}}\n", Code::kSharedAddress, 0, 0, {}, ""},
    {"nodes: {a: {plugins: [web, web-2]}}\nplugins:\n  web-2: {plugin: web, listen: \"*:3000\"}\n",
     Code::kSharedAddress, 3, 32, Severity::kError,
     "node 'a' listens on '*:3000', and so does 'plugins.web.listen' of the same node"},
    {"nodes: {a: {plugins: [web]}, b: {plugins: [web]}}\n", Code::kSharedAddress, 1, 44,
     Severity::kError, "of node 'a'"},
    {"nodes: {a: {plugins: [web, bridge]}, b: {plugins: [web, bridge]}}\n", Code::kSharedAddress, 1,
     52, Severity::kWarning, "and so does 'plugins.web.listen' of node 'a'"},
    {"nodes: {a: {plugins: [web, bridge], replicas: 2}}\n", Code::kSharedAddress, 1, 23,
     Severity::kWarning, "node 'a-2'"},
    {"nodes: {a: {plugins: [web, bridge], replicas: 9}}\n", Code::kSharedAddress, 1, 23,
     Severity::kWarning, "node 'a-2'"},
    {"nodes: {a: {plugins: [web]}, b: {plugins: [web]}}\nplugins: {web: {listen: \"*:0\"}}\n",
     Code::kSharedAddress,
     0,
     0,
     {},
     ""},
    {"nodes: {a: {plugins: [web]}, b: {plugins: [web]}}\nplugins: {web: {enabled: false}}\n",
     Code::kSharedAddress,
     0,
     0,
     {},
     ""},
    {"nodes: {a: {plugins: []}}\n", Code::kNoTransport, 0, 0, {}, ""},
    {"nodes: {a: {plugins: []}, b: {plugins: []}}\n", Code::kNoTransport, 1, 9, Severity::kWarning,
     "`streamwall up`"},
    {"nodes: {a: {plugins: [bridge]}, b: {plugins: []}}\n", Code::kNoTransport, 1, 33,
     Severity::kError, "node 'b' has no transport"},
    {"nodes: {a: {plugins: [bridge]}, b: {plugins: [bridge]}}\n", Code::kNoTransport, 0, 0, {}, ""},
    {"nodes: {a: {plugins: [], replicas: 2}}\n", Code::kNoTransport, 1, 9, Severity::kWarning, ""},
};

TEST(CheckNetwork, FindsSharedAddressesAndMissingTransports) {
    for (const auto& [text, code, line, column, severity, message] : kCases) {
        SCOPED_TRACE(text);
        Diagnostics found;
        for (const auto& diagnostic : checked(text).diagnostics) {
            if (diagnostic.code == code) found.push_back(diagnostic);
        }
        ASSERT_EQ(found.size(), line == 0 ? 0u : 1u);
        if (line == 0) continue;
        EXPECT_EQ(found[0].position.line, line);
        EXPECT_EQ(found[0].position.column, column);
        EXPECT_EQ(found[0].severity, severity);
        EXPECT_THAT(found[0].message, HasSubstr(message));
    }
}

TEST(CheckNetwork, FindsWhereOthersHaveToListen) {
    const auto result = checked(
        "nodes: {a: {plugins: [bridge]}}\n"
        "plugins:\n"
        "  bridge:\n"
        "    url: nats://me:secret@one, nats:///here, nats://[::1]:4333/x\n"
        "    more: [two:5, three]\n");
    const auto found = find_endpoints(result.nodes);
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].setting, "plugins.bridge.url");
    EXPECT_EQ(found[0].position.line, 4u);
    EXPECT_EQ(found[0].text, "nats://one");
    EXPECT_EQ(found[0].host + " " + found[0].port, "one 4222");
    EXPECT_EQ(found[1].host + " " + found[1].port, "::1 4333");
    EXPECT_EQ(found[2].host + " " + found[2].port, "two 5");
    EXPECT_EQ(found[3].host, "");  // names no port, and the schema neither
}

}  // namespace
}  // namespace streamwall::config
