// Names of places and cells, as clients write them.
#include "place.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

namespace streamwall::collaboration {
namespace {

boost::json::object object(const char* text) {
    return boost::json::parse(text).as_object();
}

TEST(ACell, IsNamedByItsIdOrByItsParts) {
    const Place streams{"stream", ""};
    const Place five{"stream", "5"};
    const std::tuple<const char*, Place, const char*> cases[] = {
        {R"({"cell_id":"stream_5_title"})", streams, "stream_5_title"},
        {R"({"cell_id":"stream_5_posted_by"})", five, "stream_5_posted_by"},
        {R"({"resource":"stream","resource_id":5,"field":"title"})", streams, "stream_5_title"},
        {R"({"resource_id":"5","field":"title"})", streams, "stream_5_title"},
        {R"({"field":"title"})", five, "stream_5_title"},
        {R"({"cell_id":"stream_5_title","stream_id":6,"field":"city"})", five, "stream_5_title"},
    };
    for (const auto& [text, here, id] : cases) {
        const auto cell = read_cell(object(text), here);
        ASSERT_TRUE(cell) << text;
        EXPECT_EQ(cell->id(), id) << text;
    }
}

TEST(ACell, IsRefusedWhereItIsNoneOrElsewhere) {
    const Place five{"stream", "5"};
    const std::pair<const char*, const char*> cases[] = {
        {R"({})", "field"},
        {R"({"cell_id":"stream"})", "cell_id"},
        {R"({"cell_id":7})", "cell_id"},
        {R"({"cell_id":"stream_5_"})", "field"},
        {R"({"cell_id":"stream__title"})", "resource_id"},
        {R"({"cell_id":"Stream_5_title"})", "resource"},
        {R"({"cell_id":"stream_6_title"})", "cell_id"},
        {R"({"cell_id":"wall_5_title"})", "cell_id"},
        {R"({"field":"Title"})", "field"},
        {R"({"field":"a b"})", "field"},
        {R"({"field":["title"]})", "field"},
        {R"({"field":"title","resource_id":"../x"})", "resource_id"},
        {R"({"field":"title","resource":""})", "resource"},
    };
    for (const auto& [text, where] : cases) {
        const auto cell = read_cell(object(text), five);
        ASSERT_FALSE(cell) << text;
        EXPECT_EQ(cell.error().where, where) << text;
    }
    const std::string longest(64, 'a');
    EXPECT_TRUE(read_cell({{"field", longest}}, five));
    EXPECT_FALSE(read_cell({{"field", longest + "a"}}, five));
}

}  // namespace
}  // namespace streamwall::collaboration
