// What a child says of itself, as its supervisor understands it.
#include "runtime/supervisor/parent.hpp"

#include <gtest/gtest.h>

namespace streamwall::runtime {
namespace {

TEST(Status, ComesBackAsItWasTold) {
    const auto told =
        decode_status(encode_status(ChildState::degraded, "chat is failed: \"no\" answer"));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->state, ChildState::degraded);
    EXPECT_EQ(told->reason, "chat is failed: \"no\" answer");
}

TEST(Status, IsNotTakenFromAnythingElse) {
    for (const char* text :
         {"", "null", "[]", "{", "{\"state\":\"ready\"}", R"({"state":"stopped","reason":""})",
          R"({"state":1,"reason":""})", R"({"state":"ready","reason":null})"}) {
        EXPECT_FALSE(decode_status(text)) << text;
    }
}

}  // namespace
}  // namespace streamwall::runtime
