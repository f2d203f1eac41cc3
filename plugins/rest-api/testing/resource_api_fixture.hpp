// The routes of one kind of record on a fake host, whose service answers what the test says.
#pragma once

#include "fake_host.hpp"
#include "resource_api.hpp"

#include <gtest/gtest.h>

#include <string>

namespace streamwall::rest_api::testing {

class ResourceApiTest : public ::testing::Test {
  protected:
    static constexpr std::string_view kRecord = R"({"id":5,"name":"x","version":3})";

    ResourceApiTest() { answer_with(kRecord); }
    void mount() {
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer_with(std::string_view text) {
        fake.serve([text = std::string(text)](std::string_view, std::string_view) {
            return Result<Buffer>(Buffer(text));
        });
    }
    void fail_with(Error error) {
        fake.serve([error](std::string_view, std::string_view) { return Result<Buffer>(error); });
    }
    const Answer& send(std::string_view method, std::string_view path, std::string_view body,
                       std::vector<std::string> parameters = {}, std::string_view query = "",
                       FakeHost::Headers more = {}) {
        more.emplace_back("content-type", "application/json");
        return fake.request(method, path, std::move(parameters), query, body, more);
    }

    // What every kind has: making, reading, changing, deleting, and refusing what is malformed.
    void expect_record_routes(const std::string& path, std::string_view title) {
        const auto one = path + "/{id}";
        const auto& created = send("POST", path, R"({"a":1})", {}, "strict=1");
        EXPECT_EQ(created.status, 201);
        EXPECT_EQ(created.headers.at("location"), path + "/5");
        EXPECT_EQ(created.headers.at("etag"), "\"3\"");
        EXPECT_EQ(fake.last_call(), R"(create {"strict":true,"body":{"a":1}})");
        EXPECT_EQ(fake.request("GET", one, {"5"}).body, kRecord);
        EXPECT_EQ(fake.last_call(), R"(get {"id":5})");
        const auto& changed = send("PATCH", one, R"({"a":2})", {"5"}, "", {{"if-match", "\"2\""}});
        EXPECT_EQ(changed.status, 200);
        EXPECT_EQ(changed.headers.at("etag"), "\"3\"");
        EXPECT_EQ(
            fake.last_call(),
            R"(update {"id":5,"replace":false,"strict":false,"versions":[2],"body":{"a":2}})");
        EXPECT_EQ(send("PUT", one, R"({"a":2})", {"5"}).status, 200);
        EXPECT_EQ(fake.last_call(),
                  R"(update {"id":5,"replace":true,"strict":false,"body":{"a":2}})");
        EXPECT_EQ(fake.request("DELETE", one, {"5"}, "", "", {{"if-match", "\"3\""}}).status, 204);
        EXPECT_EQ(fake.last_call(), R"(remove {"id":5,"versions":[3]})");
        expect_refusals(path, one, title);
    }

    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    http::Listener listener{host};
    Routes routes{host, listener};

  private:
    void expect_refusals(const std::string& path, const std::string& one, std::string_view title) {
        for (const auto* id : {"0", "x", "05", "-1", "9007199254740992", "99999999999999999999"})
            EXPECT_EQ(fake.request("GET", one, {id}).status, 404) << id;
        for (const auto* body : {"", "[]", "5", "{", "{}}", R"({},"x":{})"})
            EXPECT_EQ(send("POST", path, body).status, 400) << body;
        EXPECT_EQ(send("POST", path, "{}", {}, "strict=yes").status, 400);
        EXPECT_EQ(send("POST", path, "{}", {}, "colour=red").status, 400);
        EXPECT_EQ(
            fake.request("POST", path, {}, "", "a=1", {{"content-type", "text/plain"}}).status,
            415);
        const std::pair<Error, int> failures[] = {
            {Error::not_found("There is no such " + std::string(title) + "."), 404},
            {Error{SW_ALREADY_EXISTS, "in use", {}, R"({"errors":[{"field":"a"}]})"}, 409},
            {Error{SW_FAILED_PRECONDITION, "another version", {}, {}}, 412},
            {Error{SW_INVALID_ARGUMENT, "bad", {}, R"({"errors":[{"field":"a"}]})"}, 422},
            {Error::unavailable("away"), 503},
        };
        for (const auto& [error, status] : failures) {
            fail_with(error);
            const auto& answer = send("PATCH", one, "{}", {"5"});
            EXPECT_EQ(answer.status, status);
            EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
        }
        answer_with(kRecord);
    }
};

}  // namespace streamwall::rest_api::testing
