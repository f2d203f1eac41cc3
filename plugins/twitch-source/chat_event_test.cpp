// From a post to an event's data.
#include "chat_event.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::twitch {
namespace {

TEST(AChatEvent, CarriesWhatTheServerTold) {
    Post post{"#streamwall", "Ann", "12", "hi \"there\"", "abc-1", 1'700'000'000'123};
    const auto data = boost::json::parse(render_post(post, 5, 1)).as_object();
    const boost::json::object expected{{"source", "twitch"},
                                       {"channel", "#streamwall"},
                                       {"user", "Ann"},
                                       {"user_id", "12"},
                                       {"text", "hi \"there\""},
                                       {"message_id", "abc-1"},
                                       {"posted_at", "2023-11-14T22:13:20.123Z"}};
    EXPECT_EQ(data, expected);
}

TEST(AChatEvent, GetsTimeAndIdWhereTheServerGivesNone) {
    Post post{"#c", "ann", "ann", "hi", "", 0};
    const auto first = boost::json::parse(render_post(post, 1'700'000'000'000, 1)).as_object();
    const auto second = boost::json::parse(render_post(post, 1'700'000'000'000, 2)).as_object();
    EXPECT_EQ(first.at("posted_at"), "2023-11-14T22:13:20.000Z");
    EXPECT_NE(first.at("message_id"), second.at("message_id"));
}

TEST(AChatEvent, IsValidUtf8WhateverWasTyped) {
    EXPECT_EQ(repair_utf8("caf\xE9 \xC3\xA9"), "caf\xEF\xBF\xBD \xC3\xA9");
    EXPECT_EQ(repair_utf8(std::string_view("a\0b", 3)),
              "a\xEF\xBF\xBD"
              "b");
    Post post{"#c", "\xFF", "\xFE", "\xED\xA0\x80", "\x80", 253'402'300'800'000};
    EXPECT_NO_THROW(boost::json::parse(render_post(post, 1'700'000'000'000, 1)));
}

}  // namespace
}  // namespace streamwall::twitch
