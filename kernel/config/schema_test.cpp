// The JSON Schema subset: what it accepts, what it refuses, and schemas that are wrong themselves.
#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace streamwall::config {
namespace {

namespace json = boost::json;

std::vector<Violation> check(const char* schema, const char* value) {
    const auto compiled = Schema::compile(json::parse(schema));
    EXPECT_TRUE(compiled) << schema << (compiled ? "" : compiled.error()[0].message);
    return validate(compiled->root(), json::parse(value));
}

struct Case {
    const char* schema;
    std::vector<const char*> good;
    std::vector<const char*> bad;
};

TEST(Schema, EachKeywordMeansWhatTheStandardSays) {
    const std::vector<Case> cases = {
        {R"({"type":"null"})", {"null"}, {"0", "\"\"", "false"}},
        {R"({"type":"integer"})", {"1", "1.0", "18446744073709551615"}, {"1.5", "\"1\"", "true"}},
        {R"({"type":"number"})", {"1", "1.5"}, {"\"1\"", "null"}},
        {R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1", "[]"}},
        {R"({"minimum":1,"maximum":3})", {"1", "3", "\"text\""}, {"0", "3.01"}},
        {R"({"exclusiveMinimum":1,"exclusiveMaximum":3})", {"2", "1.1"}, {"1", "3"}},
        {R"({"minLength":2,"maxLength":3})", {"\"äö\"", "\"abc\"", "1"}, {"\"ä\"", "\"abcd\""}},
        {R"({"pattern":"^a+$"})", {"\"aa\"", "1"}, {"\"ab\"", "\"\""}},
        {R"({"enum":["a",1,null]})", {"\"a\"", "1", "1.0", "null"}, {"\"b\"", "2"}},
        {R"({"const":{"a":1}})", {R"({"a":1})"}, {R"({"a":2})", "{}"}},
        {R"({"items":{"type":"integer"},"minItems":1,"maxItems":2})",
         {"[1]", "[1,2]", "1"},
         {"[]", "[1,2,3]", "[\"a\"]"}},
        {R"({"uniqueItems":true})", {"[1,2]", "[]"}, {"[1,1]", "[{\"a\":1},{\"a\":1}]"}},
        {R"({"properties":{"a":{"type":"integer"}},"required":["a"]})",
         {R"({"a":1})", R"({"a":1,"b":2})", "5"},
         {"{}", R"({"a":"x"})"}},
        {R"({"properties":{"a":{}},"additionalProperties":false})",
         {R"({"a":1})", "{}"},
         {R"({"b":1})"}},
        {R"({"additionalProperties":{"type":"integer"}})", {R"({"x":1})"}, {R"({"x":"y"})"}},
        {R"({"oneOf":[{"type":"integer"},{"minimum":5}]})", {"1", "5.5"}, {"6", "2.5"}},
        {R"({"anyOf":[{"type":"integer"},{"type":"null"}]})", {"1", "null"}, {"\"a\""}},
        {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1"}, {"0", "3"}},
        {R"({"format":"duration"})",
         {"\"5s\"", "\"250ms\"", "\"1h30m\"", "\"0s\""},
         {"\"5\"", "\"s\"", "\"-5s\"", "\"30m1h\"", "\"999999d\"", "\"\"",
          "\"99999999999999999999s\""}},
        {R"({"format":"byte-size"})", {"\"10MiB\"", "\"5\""}, {"\"10 MiB\"", "\"MiB\"", "\"-1B\""}},
        {R"({"format":"uri"})",
         {"\"https://a.b/c?d#e\"", "\"irc://h:6697\"", "\"urn:x:y\""},
         {"\"a.b\"", "\"http://\"", "\"http://a b\"", "\"://x\"", "\"1a://x\""}},
        {R"({"format":"listen-address"})",
         {"\"127.0.0.1:3000\"", "\"[::1]:0\"", "\"*:80\"", "\"localhost:65535\"", "\"unix:/a/b\""},
         {"\"3000\"", "\":80\"", "\"a:65536\"", "\"a:-1\"", "\"::1:80\"", "\"unix:a\"",
          "\"a b:1\""}},
        {R"({"format":"date-time"})",
         {"\"2026-02-28T23:59:59Z\"", "\"2026-01-01T00:00:00.5+01:00\""},
         {"\"2026-02-30T00:00:00Z\"", "\"2026-01-01\"", "\"2026-01-01T24:00:00Z\"",
          "\"2026-01-01T00:00:00\""}},
        {R"({"format":"uuid"})", {"\"123e4567-e89b-12d3-a456-426614174000\""}, {"\"123e4567\""}},
        {"true", {"1", "null"}, {}},
        {R"({"properties":{"a":false}})", {"{}"}, {R"({"a":1})", R"({"a":[]})"}},
    };
    for (const Case& item : cases) {
        for (const char* value : item.good) {
            EXPECT_TRUE(check(item.schema, value).empty()) << item.schema << " refuses " << value;
        }
        for (const char* value : item.bad) {
            EXPECT_FALSE(check(item.schema, value).empty()) << item.schema << " accepts " << value;
        }
    }
}

TEST(Schema, NamesTheFieldByPointerAndPath) {
    const auto violations =
        check(R"({"properties":{"a/b":{"items":{"properties":{"c":{"type":"integer"}}}}}})",
              R"({"a/b":[{"c":1},{"c":"x"}]})");
    ASSERT_EQ(violations.size(), 1U);
    EXPECT_EQ(violations[0].pointer(), "/a~1b/1/c");
    EXPECT_EQ(violations[0].field_path(), "a/b[1].c");
    EXPECT_EQ(violations[0].message(), "expected integer, got \"x\"");
}

TEST(Schema, ShowsLongValuesShortAndSecretsNotAtAll) {
    const std::string value = "\"" + std::string(5000, 'x') + "\"";
    EXPECT_LT(check(R"({"type":"integer"})", value.c_str()).at(0).message().size(), 150U);
    EXPECT_EQ(check(R"({"type":"integer","x-secret":true})", "\"hush\"").at(0).got, "***");
}

TEST(Schema, TakesLinearTimeForHostilePatternsAndLists) {
    const auto schema =
        Schema::compile(json::parse(R"({"anyOf":[{"type":"string","pattern":"^(a+)+$"},)"
                                    R"({"type":"array","uniqueItems":true}]})"));
    ASSERT_TRUE(schema);
    json::array many;
    for (int i = 0; i < 100'000; ++i)
        many.emplace_back(i);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(validate(schema->root(), json::value(std::string(100'000, 'a') + "!")).empty());
    EXPECT_TRUE(validate(schema->root(), many).empty());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Schema, StopsCountingViolationsAtTheLimit) {
    json::array many;
    for (int i = 0; i < 1000; ++i)
        many.emplace_back("x");
    const auto schema = Schema::compile(json::parse(R"({"items":{"type":"integer"}})"));
    EXPECT_EQ(validate(schema->root(), many, {.max_violations = 10}).size(), 10U);
}

TEST(Schema, ItsOwnMistakesAreErrors) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"minimun":1})",
         "/minimun: keyword 'minimun' is not supported; did you mean 'minimum'?"},
        {R"({"$ref":"#/x"})", "/$ref: keyword '$ref' is not supported"},
        {R"({"properties":{"a":{"x-secert":true}}})",
         "/properties/a/x-secert: keyword 'x-secert' is not supported; did you mean 'x-secret'?"},
        {R"({"type":"int"})",
         "/type: expected null, boolean, integer, number, string, array or object"},
        {R"({"pattern":"("})", "/pattern: bad pattern: missing ): ("},
        {R"({"format":"dur"})",
         "/format: unknown format; known are duration, byte-size, uri, "
         "listen-address, date-time, uuid, email"},
        {R"({"x-reload":"later"})", "/x-reload: expected 'live' or 'restart'"},
        {R"({"minimum":5,"maximum":1})", ": minimum is above maximum"},
        {R"({"minLength":-1})", "/minLength: expected a whole number, not negative"},
        {R"({"type":"integer","minimum":1,"default":0})",
         "/default: expected integer of at least 1, got 0"},
        {R"({"properties":{"a":{}},"required":["b"]})",
         "/required: 'b' is required but not among the properties"},
        {R"({"enum":[]})", "/enum: expected a list of values"},
        {R"([])", ": expected a schema"},
    };
    for (const auto& [schema, expected] : cases) {
        const auto compiled = Schema::compile(json::parse(schema));
        ASSERT_FALSE(compiled) << schema;
        EXPECT_EQ(compiled.error()[0].pointer + ": " + compiled.error()[0].message, expected);
    }
}

TEST(Schema, ReportsAllOfItsOwnMistakes) {
    const auto compiled = Schema::compile(json::parse(R"({"type":"x","minimun":1,"items":3})"));
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().size(), 3U);
}

TEST(Formats, GiveTheirValues) {
    using namespace std::chrono_literals;
    EXPECT_EQ(parse_duration("1m30s"), 90s);
    EXPECT_EQ(parse_duration("250ms"), 250ms);
    EXPECT_EQ(parse_byte_size("64KiB"), 65536U);
    EXPECT_EQ(parse_listen_address("[::1]:3000")->host, "::1");
    EXPECT_EQ(parse_listen_address("127.0.0.1:3000")->port, 3000);
    EXPECT_EQ(parse_listen_address("unix:/run/x")->unix_path, "/run/x");
}

}  // namespace
}  // namespace streamwall::config
