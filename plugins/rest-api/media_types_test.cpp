#include "media_types.hpp"

#include <gtest/gtest.h>

namespace streamwall::rest_api {
namespace {

struct Case {
    std::string_view text;
    bool taken;
};

TEST(ContentType, IsJsonInUtf8) {
    const Case cases[] = {
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json; charset=utf-8", true},
        {"application/json;charset=\"UTF-8\"", true},
        {"application/json; foo=bar", true},
        {"application/vnd.streamwall.v1+json", true},
        {"application/merge-patch+json", true},
        {"", true},
        {"application/json; charset=latin1", false},
        {"application/x-www-form-urlencoded", false},
        {"text/plain", false},
        {"text/json", false},
        {"application/jsonp", false},
        {"application/vnd.streamwall.v2+json", false},
        {"multipart/form-data; boundary=x", false},
    };
    for (const auto& [text, taken] : cases)
        EXPECT_EQ(is_json_body(text), taken) << text;
}

TEST(Accept, NamesATypeWhereverItStands) {
    const Case cases[] = {{"text/event-stream", true},
                          {"application/json, Text/Event-Stream;q=0.5", true},
                          {"*/*", false},
                          {"text/event-streams", false},
                          {"", false}};
    for (const auto& [text, taken] : cases)
        EXPECT_EQ(names_type(text, "text/event-stream"), taken) << text;
}

TEST(Accept, IsRefusedWhereItNamesOnlyUnknownVersions) {
    const Case cases[] = {
        {"", true},
        {"*/*", true},
        {"application/json", true},
        {"text/html", true},
        {"application/vnd.streamwall.v1+json", true},
        {"application/vnd.streamwall.v2+json, application/json;q=0.5", true},
        {"application/vnd.streamwall.v2+json, application/vnd.streamwall.v1+json", true},
        {"application/vnd.streamwall.v2+json", false},
        {"Application/Vnd.Streamwall.V9+json;q=1", false},
        {"application/vnd.streamwall.v2+json, application/vnd.streamwall.v3+json", false},
    };
    for (const auto& [text, taken] : cases)
        EXPECT_EQ(accepts_version_one(text), taken) << text;
}

}  // namespace
}  // namespace streamwall::rest_api
