// The schemas in events/ and the records that the catalog publishes must not drift apart.
#include "testing/fixture.hpp"

#include <fstream>
#include <sstream>

namespace streamwall::catalog::testing {
namespace {

boost::json::object schema_of(const std::string& type) {
    std::ifstream file(std::string(CATALOG_EVENTS_DIR) + "/" + type + ".json");
    std::stringstream text;
    text << file.rdbuf();
    return json::parse_object(text.str()).value();
}

class EventSchemas : public CatalogTest {
  protected:
    // Names that a schema knows and data has, and those that it requires and data lacks.
    static void expect_fits(const WrittenEvent& event) {
        const auto schema = schema_of(event.type);
        const auto& properties = schema.at("properties").as_object();
        for (const auto& [name, value] : event.data)
            EXPECT_TRUE(properties.contains(name)) << event.type << " lacks " << name;
        for (const auto& name : schema.at("required").as_array())
            EXPECT_TRUE(event.data.contains(name.as_string())) << event.type << " has no " << name;
        EXPECT_EQ(event.changes.is_object() && !properties.contains("changes"), false)
            << event.type << " does not know changes";
    }
};

TEST_F(EventSchemas, KnowEveryMemberThatIsPublished) {
    parsed(create(R"({"url":"https://twitch.tv/example"})"));
    for (const std::string_view body : {R"({"title":"a"})", R"({"status":"live"})",
                                        R"({"pinned":true})", R"({"archived":true})"}) {
        parsed(patch(1, body));
    }
    parsed(act(Operation::kRemove, 1));
    ASSERT_EQ(store.events().size(), 6U);
    for (const auto& event : store.events())
        expect_fits(event);
}

}  // namespace
}  // namespace streamwall::catalog::testing
