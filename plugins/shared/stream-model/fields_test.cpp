// A body in, column values or errors out.
#include "streamwall/model/fields.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace streamwall::model {
namespace {

StreamInput read(std::string_view body, InputMode mode = InputMode::kPatch, bool strict = false) {
    return read_stream_input(boost::json::parse(boost::json::string_view(body.data(), body.size())),
                             {.mode = mode, .strict = strict});
}

std::string patched(std::string_view body) {
    const StreamInput input = read(body);
    if (!input.ok()) return input.errors.front().field + ": " + input.errors.front().code;
    return boost::json::serialize(input.values);
}

std::string text_of(std::size_t characters) {
    std::string text;
    for (std::size_t i = 0; i < characters; ++i)
        text += "ж";
    return text;
}

TEST(StreamInput, FillsInDefaultsOnCreate) {
    const StreamInput input =
        read(R"({"url":"https://www.twitch.tv/Example"})", InputMode::kCreate);
    ASSERT_TRUE(input.ok());
    EXPECT_EQ(input.values.at("url"), "https://twitch.tv/example");
    EXPECT_EQ(input.values.at("platform"), "twitch");
    EXPECT_EQ(input.values.at("status"), "unknown");
    EXPECT_EQ(input.values.at("kind"), "video");
    EXPECT_EQ(input.values.at("pinned"), false);
    EXPECT_EQ(input.values.at("archived"), false);
    EXPECT_EQ(input.values.at("labels"), boost::json::array());
    EXPECT_TRUE(input.values.at("title").is_null());
    for (const FieldSpec& spec : stream_fields()) {
        EXPECT_EQ(input.values.contains(spec.name), spec.writable) << spec.name;
    }
}

TEST(StreamInput, NormalisesValuesAndNames) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {R"({"title":"A"})", R"({"title":"A"})"},
        {R"({"title":"  "})", R"({"title":null})"},
        {R"({"title":null})", R"({"title":null})"},
        {R"({"link":"http://twitch.tv/A"})",
         R"({"url":"https://twitch.tv/a","platform":"twitch"})"},
        {R"({"url":"https://a.example/","platform":"TikTok"})",
         R"({"url":"https://a.example/","platform":"tiktok"})"},
        {R"({"status":"LIVE"})", R"({"status":"live"})"},
        {R"({"status":"Archived"})", R"({"archived":true})"},
        {R"({"orientation":"Vertical"})", R"({"orientation":"vertical"})"},
        {R"({"orientation":null})", R"({"orientation":null})"},
        {R"({"is_pinned":true,"is_archived":false})", R"({"pinned":true,"archived":false})"},
        {R"({"checked_at":"2026-01-31T12:00:00+01:00"})",
         R"({"last_checked_at":"2026-01-31T11:00:00.000Z"})"},
        {R"({"last_checked":null})", R"({"last_checked_at":null})"},
        {R"({"location":{"city":"Austin","state_province":"TX","country":"US"}})",
         R"({"city":"Austin","state":"TX","country":"US"})"},
        {R"({"location":null})", R"({})"},
        {R"({"stream":{"title":"A"}})", R"({"title":"A"})"},
        {R"({"labels":[" a ","b","a"]})", R"({"labels":["a","b"]})"},
        {R"({"viewer_count":0,"streamer_id":9007199254740991})",
         R"({"viewer_count":0,"streamer_id":9007199254740991})"},
        {R"({"nonsense":1,"id":5,"version":9,"created_at":"x"})", R"({})"},
        {R"({"url":"https://a.example/","link":"https://A.example"})",
         R"({"url":"https://a.example/","platform":"other"})"},
    };
    for (const auto& [body, expected] : rows) {
        EXPECT_EQ(patched(body), expected) << body;
    }
}

TEST(StreamInput, RefusesWhatDoesNotFit) {
    const std::pair<std::string, std::string_view> rows[] = {
        {R"({"url":null})", "url: required"},
        {R"({"link":"ftp://a.example/"})", "link: invalid_scheme"},
        {R"({"url":5})", "url: invalid_type"},
        {R"({"url":"https://a.example/","link":"https://b.example/"})", "link: conflict"},
        {R"({"title":5})", "title: invalid_type"},
        {R"({"title":")" + text_of(501) + R"("})", "title: too_long"},
        {R"({"city":")" + text_of(256) + R"("})", "city: too_long"},
        {R"({"source":")" + text_of(256) + R"("})", "source: too_long"},
        {R"({"notes":")" + text_of(10001) + R"("})", "notes: too_long"},
        {R"({"notes":"a\u0000b"})", "notes: null_character"},
        {R"({"platform":"myspace"})", "platform: invalid_choice"},
        {R"({"platform":null})", "platform: required"},
        {R"({"status":"on"})", "status: invalid_choice"},
        {R"({"status":""})", "status: invalid_choice"},
        {R"({"status":"archived","archived":false})", "archived: conflict"},
        {R"({"kind":"film"})", "kind: invalid_choice"},
        {R"({"orientation":"square"})", "orientation: invalid_choice"},
        {R"({"pinned":"yes"})", "pinned: invalid_type"},
        {R"({"is_pinned":null})", "is_pinned: required"},
        {R"({"labels":"a"})", "labels: invalid_type"},
        {R"({"labels":[1]})", "labels: invalid_type"},
        {R"({"labels":[" "]})", "labels: blank"},
        {R"({"labels":[")" + text_of(65) + R"("]})", "labels: too_long"},
        {R"({"viewer_count":-1})", "viewer_count: out_of_range"},
        {R"({"viewer_count":1.5})", "viewer_count: invalid_type"},
        {R"({"streamer_id":0})", "streamer_id: out_of_range"},
        {R"({"streamer_id":9007199254740992})", "streamer_id: out_of_range"},
        {R"({"location_id":18446744073709551615})", "location_id: out_of_range"},
        {R"({"started_at":"yesterday"})", "started_at: invalid_time"},
        {R"({"location":"Austin, TX"})", "location: invalid_type"},
        {R"({"location":{"city":5}})", "location.city: invalid_type"},
        {R"([1])", ": invalid_type"},
    };
    for (const auto& [body, expected] : rows) {
        EXPECT_EQ(patched(body), expected) << body;
    }
}

TEST(StreamInput, TakesTextAtItsLimit) {
    EXPECT_TRUE(read(R"({"title":")" + text_of(500) + R"("})").ok());
    EXPECT_TRUE(read(R"({"notes":")" + text_of(10000) + R"("})").ok());
    EXPECT_TRUE(read(R"({"labels":[")" + text_of(64) + R"("]})").ok());
}

TEST(StreamInput, LimitsTheNumberOfLabels) {
    std::string body = R"({"labels":["0")";
    for (int i = 1; i < 50; ++i)
        body += ",\"" + std::to_string(i) + "\"";
    EXPECT_TRUE(read(body + "]}").ok());
    EXPECT_EQ(patched(body + R"(,"one more"]})"), "labels: too_many");
    EXPECT_EQ(patched(body + R"(,"0"]})"), "labels: too_many") << "repeats count, too";
}

TEST(StreamInput, NeedsAUrlUnlessItPatches) {
    for (const InputMode mode : {InputMode::kCreate, InputMode::kReplace}) {
        const StreamInput input = read(R"({"title":"A"})", mode);
        ASSERT_EQ(input.errors.size(), 1u);
        EXPECT_EQ(input.errors[0].field, "url");
        EXPECT_EQ(input.errors[0].code, "required");
    }
    EXPECT_TRUE(read(R"({"title":"A"})", InputMode::kPatch).ok());
    EXPECT_FALSE(
        read(R"({"url":"https://a.example/"})", InputMode::kReplace).values.contains("status"));
}

TEST(StreamInput, ReportsARefusedUrlOnce) {
    EXPECT_EQ(read(R"({"link":"nope"})", InputMode::kCreate).errors.size(), 1u);
}

TEST(StreamInput, ReportsAllErrorsAtOnce) {
    const StreamInput input = read(R"({"url":"x","status":"y","pinned":1})", InputMode::kCreate);
    EXPECT_EQ(input.errors.size(), 3u);
}

TEST(StreamInput, NamesUnknownFieldsWhenStrict) {
    const StreamInput input =
        read(R"({"url":"https://a.example/","nonsense":1,"location":{"planet":"x"},"id":1})",
             InputMode::kCreate, true);
    ASSERT_EQ(input.errors.size(), 2u);
    EXPECT_EQ(input.errors[0].field, "nonsense");
    EXPECT_EQ(input.errors[0].code, "unknown_field");
    EXPECT_EQ(input.errors[1].field, "location.planet");
}

}  // namespace
}  // namespace streamwall::model
