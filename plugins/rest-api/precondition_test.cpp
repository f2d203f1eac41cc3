// The setting require_if_match: nobody changes a record without saying which version is meant.
#include "catalog_api.hpp"
#include "testing/api_fixture.hpp"

namespace streamwall::rest_api::testing {
namespace {

class Precondition : public ::testing::Test {
  protected:
    Precondition() {
        fake.serve([](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(R"({"id":5,"version":3})"));
        });
        routes.require_if_match();
        add_stream_routes(routes, client);
        EXPECT_TRUE(catalog.add(routes, services));
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    const Answer& send(std::string_view method, std::string_view path, FakeHost::Headers more) {
        std::vector<std::string> parameters(std::ranges::count(path, '{'), "5");
        more.emplace_back("content-type", "application/json");
        return fake.request(method, path, parameters, {}, R"({"title":"x"})", more);
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    contracts::streams::Client client = contracts::streams::Client::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
    CatalogApi catalog;
};

TEST_F(Precondition, IsAskedForByWhateverIfMatchGuards) {
    const std::pair<std::string_view, std::string_view> guarded[] = {
        {"PATCH", "/api/v1/streams/{id}"},    {"PUT", "/api/v1/streams/{id}"},
        {"DELETE", "/api/v1/streams/{id}"},   {"PUT", "/api/v1/streams/{id}/pin"},
        {"PATCH", "/api/v1/streamers/{id}"},  {"DELETE", "/api/v1/locations/{id}"},
        {"PATCH", "/api/v1/timestamps/{id}"}, {"DELETE", "/api/v1/ignore_lists/{id}"},
        {"PUT", "/api/v1/walls/{id}"},        {"PATCH", "/api/v1/walls/{wall_id}/layouts/{id}"},
    };
    for (const auto& [method, path] : guarded) {
        const auto& refused = send(method, path, {});
        EXPECT_EQ(refused.status, 428) << method << " " << path;
        EXPECT_EQ(json::parse_object(refused.body)->at("code"), "precondition_required");
        EXPECT_EQ(fake.last_call(), "") << "nothing was asked of anybody";
    }
    for (const auto& [method, path] : guarded) {
        for (const auto* tag : {"\"3\"", "*"})
            EXPECT_LT(send(method, path, {{"if-match", tag}}).status, 300) << method << " " << path;
    }
}

TEST_F(Precondition, IsNotAskedForWhereNoVersionCanBeMeant) {
    for (const auto& [method, path] :
         {std::pair("GET", "/api/v1/streams/{id}"), std::pair("POST", "/api/v1/streams"),
          std::pair("POST", "/api/v1/streams/{id}/archive")}) {
        EXPECT_NE(send(method, path, {}).status, 428) << method << " " << path;
    }
}

TEST_F(Precondition, IsInTheDocument) {
    int found = 0;
    for (const auto& route : fake.mounted()) {
        if (route.method != "PATCH" || route.path != "/api/v1/streams/{id}") continue;
        ++found;
        const auto operation = json::parse_object(route.openapi).value();
        EXPECT_TRUE(operation.at("responses").as_object().contains("428"));
        for (const auto& parameter : operation.at("parameters").as_array()) {
            const bool is_it = parameter.at("name") == "If-Match";
            EXPECT_EQ(parameter.at("required") == true, is_it || parameter.at("in") == "path");
        }
    }
    EXPECT_EQ(found, 1);
}

TEST_F(ApiTest, AsksForNoVersionUnlessItIsTold) {
    const auto& changed = fake.request("PATCH", kOne, {"5"}, {}, R"({"title":"x"})",
                                       {{"content-type", "application/json"}});
    EXPECT_EQ(changed.status, 200);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
