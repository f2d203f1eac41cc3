#include "testing/relations_fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

using boost::json::array;

class LocationsTest : public RelationsTest {
  protected:
    array places(Flow<> flow) {
        array out;
        for (const auto& place : good(std::move(flow)).at("locations").as_array())
            out.push_back(place.at("normalized_name"));
        return out;
    }
};

TEST_F(LocationsTest, AreNamedAfterTheirParts) {
    const std::array<std::array<std::string_view, 3>, 5> cases = {{
        {R"({"city":"Austin","state_province":"TX","country":"USA"})", "austin, tx, usa",
         "Austin, TX"},
        {R"({"city":" London ","state_province":"  ","country":"UK "})", "london, uk",
         "London, UK"},
        {R"({"city":"Toronto","state_province":"ON","country":"Canada"})", "toronto, on, canada",
         "Toronto, ON"},
        {R"({"city":"Lagos","region":"West Africa","country":"Nigeria"})", "lagos, nigeria",
         "Lagos, Nigeria"},
        {R"({"city":"Montréal"})", "montréal", "Montréal"},
    }};
    for (const auto& [body, normalized, display] : cases) {
        const auto location = made(locations, body);
        EXPECT_EQ(location.at("normalized_name").as_string(), normalized);
        EXPECT_EQ(location.at("display_name").as_string(), display);
        EXPECT_EQ(location.at("known_city"), false);
        EXPECT_FALSE(location.contains("city_key"));
    }
    const auto again =
        create(locations, R"({"city":"AUSTIN","state_province":"tx","country":"usa"})");
    EXPECT_EQ(again.code(), SW_ALREADY_EXISTS);
    EXPECT_EQ(complaint(again), "normalized_name taken");
    const auto moved = patch(locations, 5, R"({"state_province":"QC"})").value();
    EXPECT_EQ(moved.at("normalized_name"), "montréal, qc");
    EXPECT_EQ(moved.at("display_name"), "Montréal, QC");
}

TEST_F(LocationsTest, NameEachFieldThatIsWrong) {
    const std::array<std::pair<std::string, std::string_view>, 13> cases = {{
        {"{}", "city required"},
        {R"({"city":null})", "city required"},
        {R"({"city":" "})", "city required"},
        {R"({"city":5})", "city type"},
        {R"({"city":")" + std::string(256, 'x') + "\"}", "city too_long"},
        {R"({"city":"a","country":{}})", "country type"},
        {R"({"city":"a","latitude":91})", "latitude out_of_range"},
        {R"({"city":"a","latitude":-90.5})", "latitude out_of_range"},
        {R"({"city":"a","longitude":180.1})", "longitude out_of_range"},
        {R"({"city":"a","longitude":"1"})", "longitude type"},
        {R"({"city":"a","known_city":"yes"})", "known_city type"},
        {R"({"city":"a","known_city":null})", "known_city type"},
        {R"({"city":"a","latitude":1e999})", "3"},
    }};
    for (const auto& [body, expected] : cases)
        EXPECT_EQ(complaint(create(locations, body)), expected) << body;
    EXPECT_TRUE(store.events().empty());
}

TEST_F(LocationsTest, AreListedByNameWithAllFilters) {
    made(locations, R"({"city":"Seattle","state_province":"WA","country":"US","known_city":true})");
    made(locations, R"({"city":"Portland","state_province":"OR","country":"US"})");
    made(locations, R"({"city":"Portland","state_province":"ME","country":"US",
                        "is_known_city":true})");
    EXPECT_EQ(listed(locations, "normalized_name"),
              (array{"portland, me, us", "portland, or, us", "seattle, wa, us"}));
    EXPECT_EQ(listed(locations, "id", R"({"filters":{"city":["Portland"]}})"), (array{3, 2}));
    EXPECT_EQ(listed(locations, "id", R"({"filters":{"state":["OR","WA"]}})"), (array{2, 1}));
    EXPECT_EQ(listed(locations, "id", R"({"filters":{"known_city":[true]}})"), (array{3, 1}));
    EXPECT_EQ(listed(locations, "id", R"({"filters":{"search":["port me"]}})"), (array{3}));
    EXPECT_EQ(places(locations.all("{}", Context(context))).size(), 3U);
    EXPECT_EQ(places(locations.known_cities("{}", Context(context))),
              (array{"portland, me, us", "seattle, wa, us"}));
}

TEST_F(LocationsTest, AreMadeOnceForAllStreamsOfAPlace) {
    EXPECT_EQ(
        streamed(R"({"url":"https://x.com/1","city":"Seattle","state":"WA"})").at("location_id"),
        1);
    EXPECT_EQ(
        streamed(R"({"url":"https://x.com/2","city":"seattle","state":"wa"})").at("location_id"),
        1);
    EXPECT_EQ(streamed(R"({"url":"https://x.com/3","location":
                       {"city":"Seattle","state_province":"WA","country":"US"}})")
                  .at("location_id"),
              1);
    EXPECT_EQ(
        streamed(R"({"url":"https://x.com/4","city":"Seattle","state":"DC"})").at("location_id"),
        2);
    EXPECT_TRUE(streamed(R"({"url":"https://x.com/5","state":"WA"})").at("location_id").is_null());
    EXPECT_TRUE(streamed(R"({"url":"https://x.com/6","city":"  "})").at("location_id").is_null());
    EXPECT_EQ(listed(locations, "id").size(), 2U);
}

TEST_F(LocationsTest, FollowTheStreamWhereItGoes) {
    streamed(R"({"url":"https://x.com/1","city":"Seattle","state":"WA"})");
    const auto moved = patch_stream(1, R"({"city":"Portland","state":"OR"})").value();
    EXPECT_EQ(moved.at("location_id"), 2);
    EXPECT_EQ(patch_stream(1, R"({"state":"ME"})").value().at("location_id"), 3);
    const auto placed = patch_stream(1, R"({"location_id":1})").value();
    EXPECT_EQ(placed.at("city"), "Seattle");
    EXPECT_EQ(placed.at("state"), "WA");
    EXPECT_TRUE(patch_stream(1, R"({"city":null})").value().at("location_id").is_null());
    EXPECT_EQ(complaint(patch_stream(1, R"({"location_id":99})")), "location_id not_found");
    EXPECT_EQ(complaint(create_stream(R"({"url":"https://x.com/2","location_id":99})")),
              "location_id not_found");
}

TEST_F(LocationsTest, StayWhileStreamsAreThere) {
    streamed(R"({"url":"https://x.com/1","city":"Seattle"})");
    const auto refused = remove(locations, 1);
    EXPECT_EQ(refused.code(), SW_INVALID_ARGUMENT);
    EXPECT_EQ(complaint(refused), "base in_use");
    EXPECT_TRUE(get(locations, 1));
    patch_stream(1, R"({"city":"Portland"})").value();
    EXPECT_TRUE(remove(locations, 1));
    const auto back = streamed(R"({"url":"https://x.com/2","city":"Seattle"})");
    EXPECT_EQ(back.at("location_id"), 3) << "what was remembered of it is forgotten";
}

TEST_F(LocationsTest, MustBeKnownCitiesWhereThatIsAskedFor) {
    made(locations, R"({"city":"Austin","state_province":"TX","country":"USA","known_city":true})");
    made(locations, R"({"city":"Nowhere","state_province":"TX"})");
    is_validated = true;
    const auto known = streamed(R"({"url":"https://x.com/1","city":"aUSTIN","state":"tx"})");
    EXPECT_EQ(known.at("location_id"), 1);
    EXPECT_EQ(known.at("city"), "Austin");
    const std::array<std::string_view, 5> refused = {
        R"({"url":"https://x.com/2","city":"Nowhere","state":"TX"})",
        R"({"url":"https://x.com/2","city":"Atlantis"})",
        R"({"url":"https://x.com/2","city":"%"})",
        R"({"url":"https://x.com/2","city":"Austin","state":"MN"})",
        R"({"url":"https://x.com/2","state":"TX"})",
    };
    for (const auto body : refused) {
        const auto reply = create_stream(body);
        EXPECT_EQ(reply.code(), SW_INVALID_ARGUMENT) << body;
        EXPECT_EQ(complaint(reply), "city not_known") << body;
    }
    EXPECT_EQ(complaint(patch_stream(1, R"({"city":"Atlantis","title":"x"})")), "city not_known");
    EXPECT_TRUE(stream(1).at("title").is_null());
    EXPECT_TRUE(create_stream(R"({"url":"https://x.com/3"})"));
    EXPECT_TRUE(patch_stream(1, R"({"title":"x"})"));
    EXPECT_EQ(listed(locations, "id").size(), 2U) << "nothing was made";
}

}  // namespace
}  // namespace streamwall::catalog::testing
