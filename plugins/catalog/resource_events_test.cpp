// The schemas in events/ and what is published of records beside streams must not drift apart.
#include "testing/relations_fixture.hpp"
#include "walls.hpp"

#include <fstream>
#include <set>
#include <sstream>

namespace streamwall::catalog::testing {
namespace {

class ResourceEvents : public RelationsTest {
  protected:
    static boost::json::object schema_of(const std::string& type) {
        std::ifstream file(std::string(CATALOG_EVENTS_DIR) + "/" + type + ".json");
        std::stringstream text;
        text << file.rdbuf();
        return json::parse_object(text.str()).value();
    }
    static void expect_fits(const sqlite::SeenEvent& event) {
        const auto schema = schema_of(event.type);
        const auto data = json::parse_object(event.data).value();
        const auto& properties = schema.at("properties").as_object();
        for (const auto& [name, value] : data)
            EXPECT_TRUE(properties.contains(name)) << event.type << " lacks " << name;
        for (const auto& name : schema.at("required").as_array())
            EXPECT_TRUE(data.contains(name.as_string())) << event.type << " has no " << name;
    }
    // Makes, changes and deletes the first record of a kind.
    void live(Resource& resource, std::string_view body, std::string_view change) {
        made(resource, body);
        EXPECT_TRUE(patch(resource, 1, change));
        EXPECT_TRUE(remove(resource, 1));
    }
    IgnoreLists ignore_lists{store};
    Layouts layouts{store};
    Walls walls{store, layouts};
};

TEST_F(ResourceEvents, KnowEveryMemberThatIsPublished) {
    live(ignore_lists, R"({"list_type":"domain","value":"a.com"})", R"({"notes":"x"})");
    live(streamers, R"({"name":"Ann"})", R"({"accounts":[{"platform":"x","username":"ann"}]})");
    live(locations, R"({"city":"Austin","latitude":30.2})", R"({"country":"US"})");
    live(timestamps, R"({"event_at":"2026-01-31T12:00:00Z","title":"abc"})",
         R"({"status":"reviewed"})");
    layouts.set_walls(walls);
    made(walls, R"({"name":"a"})");
    const Context own(context);
    good(layouts.create(R"({"wall_id":1,"body":{"name":"b","cells":[{"space":0,"pin":1}]}})", own));
    good(layouts.update(R"({"wall_id":1,"id":1,"body":{"rows":4}})", own));
    good(layouts.remove(R"({"wall_id":1,"id":1})", own));
    EXPECT_TRUE(patch(walls, 1, R"({"notes":"x"})"));
    EXPECT_TRUE(remove(walls, 1));
    std::set<std::string> types;
    for (const auto& event : store.events()) {
        expect_fits(event);
        types.insert(event.type);
    }
    EXPECT_EQ(types.size(), 18U) << "each kind is made, changed and deleted";
}

}  // namespace
}  // namespace streamwall::catalog::testing
