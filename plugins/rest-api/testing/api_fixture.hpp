// The routes of the plugin on a fake host, with a catalog of one stream.
#pragma once

#include "export_api.hpp"
#include "fake_host.hpp"
#include "import_api.hpp"
#include "stream_history_api.hpp"
#include "streams_api.hpp"
#include "system_api.hpp"

#include <gtest/gtest.h>

#include <string>

namespace streamwall::rest_api::testing {

class ApiTest : public ::testing::Test {
  protected:
    static constexpr std::string_view kRecord =
        R"({"id":5,"url":"https://twitch.tv/example","status":"live","version":3})";
    static constexpr std::string_view kAll = "/api/v1/streams";
    static constexpr std::string_view kOne = "/api/v1/streams/{id}";

    ApiTest() {
        fake.serve(
            [](std::string_view, std::string_view) { return Result<Buffer>(Buffer(kRecord)); });
        add_stream_routes(routes, client);
        const FeatureGate gate = [this](std::string_view, const sw_context&) { return is_on; };
        add_stream_history_routes(routes, client, gate);
        add_export_routes(routes, client, host, gate);
        add_import_routes(routes, client, host, gate);
        add_system_routes(routes, {.introspect =
                                       [this](std::string_view what) {
                                           return documents.contains(std::string(what))
                                                      ? Buffer(documents[std::string(what)])
                                                      : Buffer();
                                       },
                                   .routes = [this] { return listener.mounted(); }});
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void fail_with(Error error) {
        fake.serve([error](std::string_view, std::string_view) { return Result<Buffer>(error); });
    }
    static boost::json::object problem(const Answer& answer) {
        EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
        return json::parse_object(answer.body).value();
    }

    bool is_on = true;  // every feature flag
    std::map<std::string, std::string> documents;
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    contracts::streams::Client client = contracts::streams::Client::resolve(services).value();
    http::Listener listener{host};
    Routes routes{host, listener};
};

}  // namespace streamwall::rest_api::testing
