// What a child says of itself, as its supervisor understands it.
#include "runtime/supervisor/parent.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace streamwall::runtime {
namespace {

TEST(Status, ComesBackAsItWasTold) {
    const auto told =
        decode_status(encode_status(ChildState::degraded, "chat is failed: \"no\" answer", {1, 2}));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->state, ChildState::degraded);
    EXPECT_EQ(told->reason, "chat is failed: \"no\" answer");
    EXPECT_EQ(told->details, (boost::json::array{1, 2}));
}

TEST(Status, IsNotTakenFromAnythingElse) {
    for (const char* text :
         {"", "null", "[]", "{", "{\"state\":\"ready\"}", R"({"state":"ready","reason":""})",
          R"({"state":"stopped","reason":"","details":[]})",
          R"({"state":1,"reason":"","details":[]})",
          R"({"state":"ready","reason":null,"details":[]})"}) {
        EXPECT_FALSE(decode_status(text)) << text;
    }
}

}  // namespace
}  // namespace streamwall::runtime
