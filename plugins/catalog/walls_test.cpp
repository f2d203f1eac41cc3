#include "walls.hpp"

#include "testing/relations_fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

using boost::json::array;

class WallsTest : public RelationsTest {
  protected:
    WallsTest() {
        layouts.set_walls(walls);
        streamed(R"({"url":"https://x.com/1"})");
        streamed(R"({"url":"https://x.com/2"})");
    }
    static std::string request(std::int64_t wall, std::int64_t id, std::string_view body = "") {
        json::Writer out;
        out.number("wall_id", wall);
        if (id != 0) out.number("id", id);
        if (!body.empty()) out.raw("body", body);
        return out.take();
    }
    Result<Object> save(std::int64_t wall, std::string_view body) {
        return ask(layouts.create(request(wall, 0, body), Context(context)));
    }
    array saved(std::int64_t wall) {
        const auto text = R"({"wall_id":)" + std::to_string(wall) + R"(,"filters":{"wall_id":[)" +
                          std::to_string(wall) + "]}}";
        return listed(layouts, "name", text);
    }

    Layouts layouts{store};
    Walls walls{store, layouts};
};

TEST_F(WallsTest, ShowWhatIsInTheirCells) {
    const auto wall = made(walls, R"({"name":" Studio ","columns":2,"rows":2,"spotlight":3,"cells":[
        {"space":3,"pin":1,"audio":"Listening","blur":true,"rotation":90,"volume":40},
        {"space":0,"stream_id":2}]})");
    EXPECT_EQ(wall.at("name"), "Studio");
    EXPECT_EQ(wall.at("user_id"), 7);
    EXPECT_FALSE(wall.contains("name_key"));
    EXPECT_EQ(wall.at("spotlight"), 3);
    EXPECT_EQ(
        wall.at("cells"),
        boost::json::parse(
            R"([{"space":0,"stream_id":2,"pin":null,"audio":"muted","blur":false,"rotation":0,)"
            R"("volume":100},{"space":3,"stream_id":null,"pin":1,"audio":"listening",)"
            R"("blur":true,"rotation":90,"volume":40}])"));
    EXPECT_EQ(get(walls, 1).value(), wall);
}

TEST_F(WallsTest, AreThreeByThreeAndEmptyAtFirst) {
    const auto wall = made(walls, R"({"name":"a"})");
    EXPECT_EQ(wall.at("columns"), 3);
    EXPECT_EQ(wall.at("rows"), 3);
    EXPECT_EQ(wall.at("cells"), array{});
    EXPECT_TRUE(wall.at("spotlight").is_null());
}

TEST_F(WallsTest, NameEachFieldThatIsWrong) {
    const auto with = [](const std::string& rest) { return R"({"name":"a",)" + rest + "}"; };
    const auto cell = [&](const std::string& members) {
        return with(R"("cells":[{)" + members + "}]");
    };
    const std::pair<std::string, std::string_view> cases[] = {
        {"{}", "name required"},
        {R"({"name":"  "})", "name required"},
        {R"({"name":5})", "name type"},
        {R"({"name":")" + std::string(101, 'x') + R"("})", "name too_long"},
        {with(R"("columns":0)"), "columns out_of_range"},
        {with(R"("columns":17,"rows":-1)"), "columns out_of_range, rows out_of_range"},
        {with(R"("rows":"3")"), "rows type"},
        {with(R"("rows":null)"), "rows type"},
        {with(R"("rows":2.5)"), "rows type"},
        {with(R"("notes":[])"), "notes type"},
        {with(R"("cells":{})"), "cells type"},
        {with(R"("cells":null)"), "cells type"},
        {with(R"("cells":[5])"), "cells[0] type"},
        {cell(R"("pin":1)"), "cells[0].space required"},
        {cell(R"("space":256,"pin":1)"), "cells[0].space out_of_range"},
        {cell(R"("space":9,"pin":1)"), "cells out_of_range"},
        {cell(R"("space":0)"), "cells[0].stream_id required"},
        {cell(R"("space":0,"pin":1,"stream_id":1)"), "cells[0].stream_id conflict"},
        {cell(R"("space":0,"stream_id":"1")"), "cells[0].stream_id type"},
        {cell(R"("space":0,"stream_id":99)"), "cells.stream_id not_found"},
        {cell(R"("space":0,"pin":0)"), "cells[0].pin out_of_range"},
        {cell(R"("space":0,"pin":1,"audio":"loud")"), "cells[0].audio unknown_value"},
        {cell(R"("space":0,"pin":1,"audio":5)"), "cells[0].audio unknown_value"},
        {cell(R"("space":0,"pin":1,"audio":null)"), "cells[0].audio unknown_value"},
        {cell(R"("space":0,"pin":1,"blur":null)"), "cells[0].blur type"},
        {cell(R"("space":0,"pin":1,"rotation":null)"), "cells[0].rotation unknown_value"},
        {cell(R"("space":0,"pin":1,"volume":null)"), "cells[0].volume type"},
        {cell(R"("space":0,"pin":1,"blur":1)"), "cells[0].blur type"},
        {cell(R"("space":0,"pin":1,"rotation":45)"), "cells[0].rotation unknown_value"},
        {cell(R"("space":0,"pin":1,"volume":101)"), "cells[0].volume out_of_range"},
        {cell(R"("space":0,"pin":1,"volume":0.5)"), "cells[0].volume type"},
        {with(R"("cells":[{"space":0,"pin":1},{"space":0,"pin":2}])"), "cells repeated"},
        {with(R"("cells":[{"space":0,"pin":1,"audio":"listening"},)"
              R"({"space":1,"pin":2,"audio":"listening"}])"),
         "cells conflict"},
        {with(R"("spotlight":0)"), "spotlight not_found"},
        {with(R"("spotlight":"0")"), "spotlight type"},
        {cell(R"("space":0,"pin":1)").insert(1, R"("spotlight":1,)"), "spotlight not_found"},
    };
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(complaint(create(walls, body)), expected) << body;
    EXPECT_EQ(complaint(create(
                  walls, R"({"name":"a","colour":1,"cells":[{"space":0,"pin":1,"x":2}]})", true)),
              "cells[0].x unknown, colour unknown");
    EXPECT_TRUE(listed(walls, "id").empty());
}

TEST_F(WallsTest, ChangeAsAWhole) {
    made(walls, R"({"name":"a","cells":[{"space":8,"pin":1}],"spotlight":8})");
    EXPECT_EQ(complaint(patch(walls, 1, R"({"columns":2})")), "cells out_of_range");
    EXPECT_EQ(complaint(patch(walls, 1, R"({"cells":[]})")), "spotlight not_found");
    const auto wall = patch(walls, 1, R"({"columns":2,"cells":[],"spotlight":null})").value();
    EXPECT_EQ(wall.at("version"), 2);
    EXPECT_EQ(patch(walls, 1, R"({"columns":2})").value().at("version"), 2) << "nothing differs";
    EXPECT_EQ(patch(walls, 1, R"({"rows":4})", "[1]").code(), SW_FAILED_PRECONDITION);
}

TEST_F(WallsTest, HaveNamesThatDifferWithoutCase) {
    made(walls, R"({"name":"Studio"})");
    EXPECT_EQ(complaint(create(walls, R"({"name":"STUDIO"})")), "name taken");
    made(walls, R"({"name":"attic"})");
    EXPECT_EQ(listed(walls, "name"), (array{"attic", "Studio"}));
    EXPECT_EQ(listed(walls, "name", R"({"filters":{"name":["sTUDIO"]}})"), array{"Studio"});
}

TEST_F(WallsTest, KeepLayoutsOfTheirOwn) {
    made(walls, R"({"name":"one"})");
    made(walls, R"({"name":"two"})");
    const auto layout = save(1, R"({"name":"Night","cells":[{"space":1,"stream_id":1}]})").value();
    EXPECT_EQ(layout.at("wall_id"), 1);
    EXPECT_TRUE(save(2, R"({"name":"night"})"));
    EXPECT_EQ(complaint(save(1, R"({"name":"night"})")), "name taken");
    EXPECT_EQ(saved(1), array{"Night"});
    EXPECT_EQ(saved(2), array{"night"});
    EXPECT_EQ(ask(layouts.get(request(1, 1), Context(context))).value(), layout);
    const auto changed =
        ask(layouts.update(request(1, 1, R"({"rows":4,"wall_id":2})"), Context(context))).value();
    EXPECT_EQ(changed.at("rows"), 4);
    EXPECT_EQ(changed.at("wall_id"), 1) << "a layout stays with its wall";
}

TEST_F(WallsTest, HaveNothingUnderTheNameOfAnother) {
    made(walls, R"({"name":"one"})");
    made(walls, R"({"name":"two"})");
    ASSERT_TRUE(save(1, R"({"name":"a"})"));
    for (const std::int64_t wall : {2, 9, 0}) {
        EXPECT_EQ(ask(layouts.get(request(wall, 1), Context(context))).code(), SW_NOT_FOUND);
        EXPECT_EQ(ask(layouts.update(request(wall, 1, "{}"), Context(context))).code(),
                  SW_NOT_FOUND);
        EXPECT_EQ(ask(layouts.remove(request(wall, 1), Context(context))).code(), SW_NOT_FOUND);
    }
    EXPECT_EQ(save(9, R"({"name":"a"})").code(), SW_NOT_FOUND);
    EXPECT_EQ(ask(layouts.list(request(9, 0), Context(context))).code(), SW_NOT_FOUND);
}

TEST_F(WallsTest, GoWithTheirLayouts) {
    made(walls, R"({"name":"one"})");
    made(walls, R"({"name":"two"})");
    ASSERT_TRUE(save(1, R"({"name":"a"})"));
    ASSERT_TRUE(save(1, R"({"name":"b"})"));
    ASSERT_TRUE(save(2, R"({"name":"c"})"));
    const auto before = store.events().size();
    EXPECT_TRUE(remove(walls, 1));
    const auto types = event_types();
    EXPECT_EQ(
        std::vector<std::string>(types.begin() + static_cast<std::ptrdiff_t>(before), types.end()),
        (std::vector<std::string>{"wall.deleted", "layout.deleted", "layout.deleted"}));
    EXPECT_EQ(saved(2), array{"c"});
    EXPECT_EQ(ask(layouts.get(request(1, 1), Context(context))).code(), SW_NOT_FOUND);
}

}  // namespace
}  // namespace streamwall::catalog::testing
