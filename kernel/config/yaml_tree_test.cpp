// What the YAML reader accepts, what it refuses, and where it says the mistake is.
#include "config/yaml_tree.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/json/serialize.hpp>
#include <ctime>
#include <string>
#include <tuple>
#include <vector>

#include "config/text_checks.hpp"

namespace streamwall::config {
namespace {

using Found = std::tuple<Code, std::size_t, std::size_t>;

std::vector<Found> findings(const Document& document) {
    std::vector<Found> result;
    for (const Diagnostic& d : document.diagnostics) {
        result.emplace_back(d.code, d.position.line, d.position.column);
    }
    return result;
}

TEST(YamlTree, RemembersPositionsAndWhatWasQuoted) {
    const Document document = parse_yaml("a:\n  b: 12\n  \"c\": '12'\nlist: [x, \"y\"]\n", "f");
    ASSERT_TRUE(document.diagnostics.empty());
    const Node* a = document.root.find("a");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->find_entry("b")->key_position, (Position{2, 3}));
    EXPECT_EQ(a->find("b")->position, (Position{2, 6}));
    EXPECT_FALSE(a->find("b")->quoted);
    EXPECT_EQ(a->find("c")->position, (Position{3, 8}));
    EXPECT_TRUE(a->find("c")->quoted);
    EXPECT_EQ(document.root.find("list")->items.at(1).position, (Position{4, 11}));
}

TEST(YamlTree, CountsColumnsInCharactersNotBytes) {
    const Document document = parse_yaml("äöü: {x: '${A}', y: '${B}'}\n", "f");
    ASSERT_TRUE(document.diagnostics.empty());
    EXPECT_EQ(document.root.find("äöü")->find("y")->markers.at(0), (Position{1, 22}));
}

TEST(YamlTree, AnEmptyValueStandsAtItsKey) {
    const Document document = parse_yaml("a:\n  b:\n  c: ~\n", "f");
    EXPECT_EQ(document.root.find("a")->find("b")->position, (Position{2, 3}));
    EXPECT_EQ(document.root.find("a")->find("c")->position, (Position{3, 6}));
}

TEST(YamlTree, ReadsBlockTextAndItsMarkers) {
    const Document document = parse_yaml("a: |\n  one\n\ttab \"open\n  ${X}\n", "f");
    const Document indented = parse_yaml("a: |\n  one\n  \ttab \"open [\n  ${X}\nb: 1\n", "f");
    EXPECT_TRUE(indented.diagnostics.empty());
    EXPECT_EQ(indented.root.find("a")->text, "one\n\ttab \"open [\n${X}\n");
    EXPECT_EQ(indented.root.find("a")->markers.at(0), (Position{4, 3}));
    EXPECT_FALSE(document.diagnostics.empty());
}

TEST(YamlTree, ToJsonFollowsTheCoreSchema) {
    const Document document = parse_yaml(
        "{a: 1, b: -2.5, c: true, d: null, e: no, f: 012, g: '1', h: 0x10, i: .inf, j: 1e3}", "f");
    ASSERT_TRUE(document.diagnostics.empty());
    EXPECT_EQ(boost::json::serialize(to_json(document.root)),
              R"({"a":1,"b":-2.5E0,"c":true,"d":null,"e":"no","f":"012","g":"1","h":"0x10",)"
              R"("i":".inf","j":1E3})");
}

struct Case {
    const char* name;
    std::string text;
    std::vector<Found> expected;
};

class YamlMistakes : public testing::TestWithParam<Case> {};

TEST_P(YamlMistakes, AreAllFoundWhereTheyStand) {
    EXPECT_EQ(findings(parse_yaml(GetParam().text, "f")), GetParam().expected) << [&] {
        std::string all;
        for (const auto& d : parse_yaml(GetParam().text, "f").diagnostics) {
            all += to_string(d) + "\n";
        }
        return all;
    }();
}

INSTANTIATE_TEST_SUITE_P(
    Table, YamlMistakes,
    testing::Values(
        Case{"duplicate_keys",
             "a: 1\nb: {x: 1, x: 2}\na: 2\n",
             {{Code::kDuplicateKey, 2, 11}, {Code::kDuplicateKey, 3, 1}}},
        Case{"anchor_and_alias", "a: &x 1\nb: *x\n", {{Code::kAnchor, 1, 4}, {Code::kAlias, 2, 4}}},
        Case{"unknown_aliases",
             "a: *x\nb: [*y, 1]\nc: 1\n",
             {{Code::kAlias, 1, 4}, {Code::kAlias, 2, 5}}},
        Case{"merge", "a:\n  <<: {b: 1}\n", {{Code::kMergeKey, 2, 3}}},
        Case{"tags",
             "a: !foo 1\nb: !!str 2\nc: &k !t {}\n",
             {{Code::kTag, 1, 4}, {Code::kTag, 2, 4}, {Code::kAnchor, 3, 4}, {Code::kTag, 3, 7}}},
        Case{"second_document", "a: 1\n---\nb: 2\n", {{Code::kManyDocuments, 2, 1}}},
        Case{"one_document_with_marker", "---\na: 1\n...\n", {}},
        Case{"tabs",
             "a:\n\tb: 1\n\tc: 2\nd: 3\n",
             {{Code::kTabIndentation, 2, 1}, {Code::kTabIndentation, 3, 1}}},
        Case{"tab_after_spaces", "a:\n  \tb: 1\n", {{Code::kTabIndentation, 2, 3}}},
        Case{"tab_before_comment_is_fine", "a: 1\n\t# note\nb: 2\n", {}},
        Case{"two_open_quotes_and_a_tag",
             "a: \"open\nb: 'open\nc: !t 1\n",
             {{Code::kYamlSyntax, 1, 4}, {Code::kYamlSyntax, 2, 4}, {Code::kTag, 3, 4}}},
        Case{"open_bracket",
             "a: [1, 2\nb: 1\nc: {x: 1\nd: 2\n",
             {{Code::kYamlSyntax, 1, 4}, {Code::kYamlSyntax, 3, 4}}},
        Case{"stray_bracket", "a: 1\nb: ]\nc: 2\n", {{Code::kYamlSyntax, 2, 4}}},
        Case{"missing_colon", "a:\n  listen 3000\n  port: 1\n", {{Code::kYamlSyntax, 2, 3}}},
        Case{"colon_in_value", "a: b: c\nd: 1\n", {{Code::kYamlSyntax, 1, 5}}},
        Case{"too_deep_indentation", "a: 1\n  b: 2\nc: 3\n", {{Code::kYamlSyntax, 2, 3}}},
        Case{"bad_dedent", "a:\n    b: 1\n  c: 2\nd: 3\n", {{Code::kYamlSyntax, 3, 3}}},
        Case{"at_sign", "a: @x\nb: `y`\n", {{Code::kYamlSyntax, 1, 4}, {Code::kYamlSyntax, 2, 4}}},
        Case{"list_as_key",
             "[a, b]: 1\n? {c: 1}\n: 2\n",
             {{Code::kKeyNotScalar, 1, 1}, {Code::kKeyNotScalar, 2, 3}}},
        Case{"nul", std::string("a: \0b\n", 6), {{Code::kNotText, 1, 4}}},
        Case{"bad_utf8_on_two_lines",
             "a: \xff\nb: \xc0\xaf\nc: \xed\xa0\x80\n",
             {{Code::kNotText, 1, 4}, {Code::kNotText, 2, 4}, {Code::kNotText, 3, 4}}},
        Case{"escape_character", "a: \x1b[31m\n", {{Code::kNotText, 1, 4}}},
        Case{"windows_line_ends_are_fine", "a: 1\r\nb:\r\n  c: 2\r\n", {}},
        Case{"byte_order_mark_is_fine",
             "\xEF\xBB\xBF"
             "a: 1\n",
             {}},
        Case{"empty_file", "", {}}),
    [](const auto& info) { return info.param.name; });

TEST(YamlTree, KeepsWhatIsRightAroundAMistake) {
    const Document document = parse_yaml("a: 1\nb: \"open\nc:\n  d: 2\n", "f");
    ASSERT_EQ(document.diagnostics.size(), 1U);
    EXPECT_EQ(document.root.find("a")->text, "1");
    EXPECT_EQ(document.root.find("b")->kind, Node::Kind::kUnreadable);
    EXPECT_EQ(document.root.find("c")->find("d")->text, "2");
}

TEST(YamlTree, TabsAreReadAsTheSpacesThatWereMeant) {
    const Document document = parse_yaml("a:\n\tb:\n\t\tc: 1\n\td: 2\ne: 3\n", "f");
    EXPECT_EQ(document.diagnostics.size(), 3U);
    EXPECT_EQ(boost::json::serialize(to_json(document.root)), R"({"a":{"b":{"c":1},"d":2},"e":3})");
    EXPECT_EQ(document.root.find("a")->find("d")->position, (Position{4, 5}));
}

std::string repeated(std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i)
        text += part;
    return text;
}

std::string staircase(std::size_t levels) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i)
        text += std::string(i, ' ') + "a:\n";
    return text;
}

std::string billion_laughs() {
    std::string text = "a: &a [lol, lol]\n";
    for (char c = 'b'; c <= 'z'; ++c) {
        text += std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" +
                static_cast<char>(c - 1) + "]\n";
    }
    return text;
}

struct Bomb {
    const char* name;
    std::string text;
};

class YamlBombs : public testing::TestWithParam<Bomb> {};

std::size_t peak_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss);
}

// Of this thread, so that a busy machine changes nothing.
double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

TEST_P(YamlBombs, AreRefusedWithinASecondAndFiftyMebibytes) {
    const std::size_t before = peak_kib();
    const auto start = cpu_seconds();
    const Document document = parse_yaml(GetParam().text, "f");
    const auto took = cpu_seconds() - start;
    EXPECT_TRUE(has_errors(document.diagnostics));
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    EXPECT_LT(took, 1.0);
    EXPECT_LT(peak_kib() - before, 50U * 1024);
#else
    (void)took;
    (void)before;
#endif
}

INSTANTIATE_TEST_SUITE_P(
    Table, YamlBombs,
    testing::Values(Bomb{"billion_laughs", billion_laughs()},
                    Bomb{"twenty_thousand_brackets", repeated("[", 20'000)},
                    Bomb{"twenty_thousand_braces", repeated("{a: ", 20'000)},
                    Bomb{"brackets_behind_a_stray_quote", "a: don't [" + repeated("x: [", 20'000)},
                    Bomb{"hundred_brackets", repeated("[", 100) + repeated("]", 100)},
                    Bomb{"two_mebibytes", repeated("a: b\n", 420'000)},
                    Bomb{"deep_blocks", staircase(1'000)},
                    Bomb{"deep_list_on_one_line", repeated("- ", 20'000) + "x"},
                    Bomb{"deep_keys_on_one_line", repeated("? ", 20'000) + "x"},
                    Bomb{"many_values", "[" + repeated("a,", 500'000) + "]"},
                    Bomb{"many_duplicates", repeated("a: b\n", 200'000)},
                    Bomb{"one_long_open_quote", "a: \"" + repeated("x\n", 500'000)},
                    Bomb{"many_open_quotes", repeated("a: \"b\n", 150'000)},
                    Bomb{"many_anchors", repeated("- &a x\n", 140'000)},
                    Bomb{"many_unknown_aliases", repeated("- *a\n", 200'000)},
                    Bomb{"many_tabs", repeated("\ta: b\n", 170'000)},
                    Bomb{"many_stray_brackets", repeated("a: ]\n", 200'000)},
                    Bomb{"many_tags", repeated("- !<x> y\n", 110'000)},
                    Bomb{"many_documents", repeated("---\n", 260'000)},
                    Bomb{"bad_bytes", repeated("\xff\n", 500'000)},
                    Bomb{"nothing_but_nul", std::string(1'000'000, '\0')},
                    Bomb{"long_key", repeated("k", 1'000'000) + ": [1"},
                    Bomb{"utf16", std::string("\xff\xfe"
                                              "a\0:\0 \0",
                                              8)},
                    Bomb{"many_colons", repeated("a: ", 330'000)},
                    Bomb{"many_questions", repeated("?\n", 500'000) + "]"}),
    [](const auto& info) { return info.param.name; });

TEST(YamlTree, AcceptsSixtyFourLevelsAndOneMebibyte) {
    EXPECT_TRUE(parse_yaml(repeated("[", 64) + repeated("]", 64), "f").diagnostics.empty());
    EXPECT_TRUE(parse_yaml(staircase(64), "f").diagnostics.empty());
    const std::string text = "a: \"" + std::string(kMaxTextBytes - 6, 'x') + "\"\n";
    EXPECT_TRUE(parse_yaml(text, "f").diagnostics.empty());
}

}  // namespace
}  // namespace streamwall::config
