// Commands of a control page, as changes of a wall's record.
#include "wall_command.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

namespace streamwall::collaboration {
namespace {

namespace bj = boost::json;

// 2 × 2: 7 is heard in the first cell, 8 stands below it.
bj::object wall() {
    return bj::parse(R"({"columns":2,"rows":2,"spotlight":2,"version":3,"cells":[
        {"space":0,"stream_id":7,"audio":"listening"},{"space":2,"stream_id":8,"audio":"muted"}]})")
        .as_object();
}

TEST(ACommand, ChangesWhatItSays) {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"show", R"({"space":0,"stream_id":9})",
         R"({"cells":[{"space":0,"stream_id":9,"audio":"listening","pin":null},{"space":2,"stream_id":8,"audio":"muted"}]})"},
        {"show", R"({"space":1,"pin":1})",
         R"({"cells":[{"space":0,"stream_id":7,"audio":"listening"},{"space":2,"stream_id":8,"audio":"muted"},{"space":1,"stream_id":null,"pin":1}]})"},
        {"show", R"({"space":0,"stream_id":null})",
         R"({"cells":[{"space":2,"stream_id":8,"audio":"muted"}]})"},
        {"listen", R"({"space":2})",
         R"({"cells":[{"space":0,"stream_id":7,"audio":"muted"},{"space":2,"stream_id":8,"audio":"listening"}]})"},
        {"listen", R"({"space":null})",
         R"({"cells":[{"space":0,"stream_id":7,"audio":"muted"},{"space":2,"stream_id":8,"audio":"muted"}]})"},
        {"background", R"({"space":2,"on":true})",
         R"({"cells":[{"space":0,"stream_id":7,"audio":"listening"},{"space":2,"stream_id":8,"audio":"background"}]})"},
        {"blur", R"({"space":2,"on":true})",
         R"({"cells":[{"space":0,"stream_id":7,"audio":"listening"},{"space":2,"stream_id":8,"audio":"muted","blur":true}]})"},
        {"rotate", R"({"space":2,"rotation":90})",
         R"({"cells":[{"space":0,"stream_id":7,"audio":"listening"},{"space":2,"stream_id":8,"audio":"muted","rotation":90}]})"},
        {"spotlight", R"({"space":null})", R"({"spotlight":null})"},
        {"spotlight", R"({"space":3})", R"({"spotlight":3})"},
        {"grid", R"({"columns":3,"rows":2})",
         R"({"columns":3,"rows":2,"cells":[{"space":0,"stream_id":7,"audio":"listening"},{"space":3,"stream_id":8,"audio":"muted"}],"spotlight":3})"},
        {"grid", R"({"columns":2,"rows":1})",
         R"({"columns":2,"rows":1,"cells":[{"space":0,"stream_id":7,"audio":"listening"}],"spotlight":null})"},
        {"swap", R"({"space":0,"with":3})",
         R"({"cells":[{"space":3,"stream_id":7,"audio":"listening"},{"space":2,"stream_id":8,"audio":"muted"}]})"},
        {"arrange", R"({"columns":1,"cells":[],"name":"x"})", R"({"columns":1,"cells":[]})"},
    };
    for (const auto& [command, data, body] : cases) {
        const auto planned = plan_command(wall(), command, bj::parse(data).as_object());
        ASSERT_TRUE(planned) << command << data;
        EXPECT_EQ(bj::value(*planned), bj::parse(body)) << command << bj::serialize(*planned);
    }
}

TEST(ACommand, NamesWhatIsWrong) {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"fly", "{}", "command"},
        {"show", "{}", "space"},
        {"show", R"({"space":4})", "space"},
        {"show", R"({"space":-1})", "space"},
        {"show", R"({"space":"0"})", "space"},
        {"show", R"({"space":0,"stream_id":1,"pin":1})", "pin"},
        {"listen", R"({"space":1})", "space"},
        {"listen", "{}", "space"},
        {"background", R"({"space":0})", "on"},
        {"blur", R"({"space":1,"on":true})", "space"},
        {"rotate", R"({"space":0})", "rotation"},
        {"volume", R"({"space":0,"volume":"1"})", "volume"},
        {"spotlight", R"({"space":9})", "space"},
        {"grid", R"({"columns":0,"rows":1})", "columns"},
        {"grid", R"({"columns":1})", "rows"},
        {"swap", R"({"space":0})", "with"},
        {"arrange", "{}", "cells"},
    };
    for (const auto& [command, data, where] : cases) {
        const auto planned = plan_command(wall(), command, bj::parse(data).as_object());
        ASSERT_FALSE(planned) << command << data;
        EXPECT_EQ(planned.error().where, where) << command << data;
    }
}

}  // namespace
}  // namespace streamwall::collaboration
