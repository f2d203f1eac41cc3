// What ${…} becomes, and what is said when it cannot.
#include "config/substitute.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/test_manifests.hpp"

namespace streamwall::config {
namespace {

using testing_support::printed;

struct Outcome {
    Node root;
    std::set<std::string> secrets;
    std::vector<std::string> findings;
};

Outcome run(std::string_view yaml) {
    Document document = parse_yaml(yaml, "f");
    EXPECT_TRUE(document.diagnostics.empty());
    Outcome outcome{std::move(document.root), {}, {}};
    Diagnostics found;
    substitute(
        outcome.root, "plugins.x",
        testing_support::sources({{"A", "one"}, {"EMPTY", ""}, {"TRICK", "x: ${A}\ny: 1"}},
                                 {{"/s", "hush\n"}, {"/crlf", "hush\r\n"}, {"/two", "a\n\n"}}),
        {"ingest", 2}, "f", outcome.secrets, found);
    outcome.findings = printed(found);
    return outcome;
}

TEST(Substitute, ReplacesInScalars) {
    const std::pair<const char*, const char*> cases[] = {
        {"v: ${A}", "one"},
        {"v: a${A}b${A}c", "aonebonec"},
        {"v: ${NONE:-dflt}", "dflt"},
        {"v: ${NONE:-}", ""},
        {"v: ${A:-dflt}", "one"},
        {"v: ${EMPTY:-dflt}", "dflt"},
        {"v: ${EMPTY}", ""},
        {"v: ${NONE:-127.0.0.1:3000}", "127.0.0.1:3000"},
        {"v: ${node}-${replica}", "ingest-2"},
        {"v: ${NONE:-127.0.0.1:300${replica}}", "127.0.0.1:3002"},
        {"v: ${NONE:-./${node}/${replica}}/x", "./ingest/2/x"},
        {"v: ${A:-300${replica}}/${A}", "one/one"},
        {"v: ${NONE:-${A}}", "${A}"},
        {"v: ${file:/s}", "hush"},
        {"v: ${file:/crlf}", "hush"},
        {"v: ${file:/two}", "a\n"},
        {"v: $${A}", "${A}"},
        {"v: $${A} ${A}", "${A} one"},
        {"v: $A $ {A} $", "$A $ {A} $"},
        {"v: '${A}'", "one"},
    };
    for (const auto& [yaml, expected] : cases) {
        const Outcome outcome = run(yaml);
        EXPECT_TRUE(outcome.findings.empty()) << yaml << ": " << outcome.findings[0];
        EXPECT_EQ(outcome.root.find("v")->text, expected) << yaml;
    }
}

TEST(Substitute, AValueAddsNoKeyAndIsNotSearchedAgain) {
    const Outcome outcome = run("v: ${TRICK}\n");
    EXPECT_EQ(outcome.root.entries.size(), 1U);
    EXPECT_EQ(outcome.root.find("v")->text, "x: ${A}\ny: 1");
}

TEST(Substitute, LeavesKeysAlone) {
    EXPECT_NE(run("'${A}': 1\n").root.find("${A}"), nullptr);
}

TEST(Substitute, RemembersWhatCameFromFilesAsSecret) {
    const Outcome outcome = run("a: ${file:/s}\nb: token ${file:/s}\nc: ${A}\n");
    EXPECT_TRUE(outcome.root.find("a")->secret);
    EXPECT_FALSE(outcome.root.find("c")->secret);
    EXPECT_EQ(outcome.secrets, (std::set<std::string>{"hush", "token hush"}));
}

TEST(Substitute, NamesTheExactColumn) {
    const std::pair<const char*, const char*> cases[] = {
        {"v: x ${NONE}",
         "f:1:6: plugins.x.v: environment variable NONE is not set (SW-CFG-0301); set it, or write "
         "${NONE:-default}"},
        {"v: \"\\t\\u00e4 ${A} ${NONE}\"",
         "f:1:19: plugins.x.v: environment variable NONE is not set (SW-CFG-0301); set it, or "
         "write ${NONE:-default}"},
        {"l: [a, '${NONE}']",
         "f:1:9: plugins.x.l[1]: environment variable NONE is not set (SW-CFG-0301); set it, or "
         "write ${NONE:-default}"},
        {"v: |\n  one\n  two ${NONE}\n",
         "f:3:7: plugins.x.v: environment variable NONE is not set (SW-CFG-0301); set it, or write "
         "${NONE:-default}"},
        {"v: $${A} ${NONE}",
         "f:1:10: plugins.x.v: environment variable NONE is not set (SW-CFG-0301); set it, or "
         "write ${NONE:-default}"},
        {"v: ${A",
         "f:1:4: plugins.x.v: '${' without its '}' (SW-CFG-0302); write $${ for a "
         "literal ${"},
        {"v: ${a-b}",
         "f:1:4: plugins.x.v: 'a-b' is no variable name (SW-CFG-0302); write ${NAME}, "
         "${NAME:-default} or ${file:/path}"},
        {"v: ${}",
         "f:1:4: plugins.x.v: '' is no variable name (SW-CFG-0302); write ${NAME}, "
         "${NAME:-default} or ${file:/path}"},
        {"v: ${file:/none}",
         "f:1:4: plugins.x.v: cannot read /none (SW-CFG-0303); check the path "
         "and who may read it"},
    };
    for (const auto& [yaml, expected] : cases) {
        const Outcome outcome = run(yaml);
        ASSERT_EQ(outcome.findings.size(), 1U) << yaml;
        EXPECT_EQ(outcome.findings[0], expected) << yaml;
    }
}

TEST(Substitute, ReportsEachFailureOfOneValue) {
    EXPECT_EQ(run("v: ${X} ${Y} ${Z}\n").findings.size(), 3U);
}

TEST(SystemSources, ReadFilesButNotFoldersOrWhatIsNotThere) {
    const SubstitutionSources sources = system_sources();
    EXPECT_TRUE(sources.read_file(TESTDATA "/twenty_mistakes.yaml").has_value());
    EXPECT_FALSE(sources.read_file(TESTDATA).has_value());
    EXPECT_FALSE(sources.read_file(TESTDATA "/absent").has_value());
    EXPECT_FALSE(sources.environment("STREAMWALL_NO_SUCH_VARIABLE").has_value());
}

}  // namespace
}  // namespace streamwall::config
