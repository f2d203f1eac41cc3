#include "repeats.hpp"

#include "routes.hpp"
#include "seal.hpp"
#include "testing/fake_host.hpp"
#include "testing/memory_store.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace streamwall::rest_api::testing {
namespace {

constexpr std::int64_t kDay = 24LL * 60 * 60 * 1000;

class RepeatsTest : public ::testing::Test {
  protected:
    RepeatsTest() {
        fake.serve([this](std::string_view method, std::string_view request) {
            return store.serve(method, request);
        });
        EXPECT_TRUE(repeats.open(host, services, {.node = "main", .process = "first"}));
        const auto handler = [this](const http::Request& request, Call call) {
            ++made;
            if (hold) return held.emplace(std::move(call)), void();
            answer(request, call);
        };
        for (const int access : {SW_HTTP_EDITOR, SW_HTTP_OPEN}) {
            const std::string path = access == SW_HTTP_OPEN ? "/login" : "/things";
            routes.add({.method = "POST", .path = path, .access = access}, handler);
        }
        EXPECT_TRUE(listener.watch([](const Error& error) { ADD_FAILURE() << error.message; }));
        fake.bring_listener();
    }
    void answer(const http::Request& request, Call& call) {
        http::Response response(status, Buffer(status < 300 ? R"({"n":)" + std::to_string(made) +
                                                                  "}" + std::string(request.body())
                                                            : problem));
        response.header("content-type", "application/json").header("location", "/things/1");
        if (secret) response.header("cache-control", "no-store");
        call.send(response);
    }
    const Answer& post(std::string key, std::string_view body = "{}",
                       std::string_view path = "/things") {
        return fake.request(
            "POST", path, {}, {}, body,
            {{"authorization", "Bearer " + token}, {"idempotency-key", std::move(key)}});
    }
    static std::string code(const Answer& answer) {
        return std::string(json::parse_object(answer.body).value().at("code").as_string());
    }

    int made = 0;
    int status = 201;
    bool secret = false;
    bool hold = false;
    std::string problem = "{}";
    std::string token = "token-1";
    MemoryStore store{"key"};
    FakeHost fake;
    Host host{fake.api()};
    Services services{host};
    http::Listener listener{host};
    Repeats repeats;
    Routes routes{host, listener, &repeats};
    std::optional<Call> held;
};

TEST_F(RepeatsTest, AnswersARepeatAsTheFirstTimeAndDoesItOnce) {
    const auto first = post("k1");
    EXPECT_EQ(first.status, 201);
    EXPECT_FALSE(first.headers.contains("idempotent-replayed"));
    const auto again = post("k1");
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.headers.at("location"), "/things/1");
    EXPECT_EQ(again.headers.at("idempotent-replayed"), "true");
    EXPECT_EQ(post("\"k1\"").body, first.body) << "as a structured field, the same key";
    EXPECT_EQ(made, 1);
    EXPECT_EQ(post("k2").status, 201);
    EXPECT_EQ(made, 2);
}

TEST_F(RepeatsTest, RefusesAKnownKeyWithAnotherRequest) {
    post("k1", R"({"a":1})");
    const auto& other = post("k1", R"({"a":2})");
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(code(other), "idempotency_key_reused");
    EXPECT_EQ(made, 1);
}

TEST_F(RepeatsTest, KeepsKeysOfDifferentPeopleApart) {
    post("k1");
    fake.principal_id = "2";
    EXPECT_FALSE(post("k1").headers.contains("idempotent-replayed"));
    EXPECT_EQ(made, 2);
}

TEST_F(RepeatsTest, SaysThatTheFirstIsStillInProgress) {
    hold = true;
    EXPECT_EQ(post("k1").status, 0);
    const auto& second = post("k1");
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(code(second), "idempotency_in_progress");
    EXPECT_EQ(second.headers.at("retry-after"), "1");
    held->send_empty(204);
    EXPECT_EQ(post("k1").status, 204);
    EXPECT_EQ(made, 1);
}

TEST_F(RepeatsTest, FreesTheKeyWhereNothingWasDone) {
    struct Case {
        int status;
        std::string problem;
        bool frees;
    };
    const Case cases[] = {
        {422, R"({"code":"validation_failed"})", true}, {404, R"({"code":"not_found"})", true},
        {503, R"({"code":"unavailable"})", true},       {507, R"({"code":"disk_full"})", true},
        {503, R"({"code":"timeout"})", false},          {500, R"({"code":"internal"})", false}};
    for (const auto& each : cases) {
        store.records.clear();
        made = 0;
        status = each.status;
        problem = each.problem;
        EXPECT_EQ(post("k1").status, each.status);
        status = 201;
        EXPECT_EQ(post("k1").status, each.frees ? 201 : 409) << each.status << each.problem;
        EXPECT_EQ(made, each.frees ? 2 : 1);
    }
}

TEST_F(RepeatsTest, TakesOverWhatAProcessLeftUndone) {
    hold = true;
    post("k1");
    hold = false;
    const auto claimed = store.records.begin()->second;
    EXPECT_EQ(claimed.at("process"), "first");
    // The same node came back, or the claim ran out.
    store.records.begin()->second["process"] = "before";
    EXPECT_EQ(post("k1").status, 201);
    store.records.begin()->second = claimed;
    store.records.begin()->second["node"] = "another";
    EXPECT_EQ(post("k1").status, 409);
    fake.now_ms += 36'000;
    EXPECT_EQ(post("k1").status, 201);
    EXPECT_EQ(made, 3);
}

TEST_F(RepeatsTest, ForgetsAfterADay) {
    post("k1", R"({"a":1})");
    fake.now_ms += kDay - 1;
    EXPECT_EQ(post("k1", R"({"a":1})").headers.at("idempotent-replayed"), "true");
    fake.now_ms += 1;
    EXPECT_EQ(post("k1", R"({"a":2})").status, 201);
    EXPECT_EQ(made, 2);
    fake.now_ms += kDay + 1;
    repeats.clean_up();
    EXPECT_TRUE(store.records.empty());
}

TEST_F(RepeatsTest, KeepsNeitherKeysNorBodiesNorAnswersReadable) {
    secret = true;
    post("my-own-key", R"({"password":"Password123"})");
    const auto kept = boost::json::serialize(store.records.begin()->second);
    for (const std::string_view text : {"my-own-key", "Password123", "location"})
        EXPECT_EQ(kept.find(text), kept.npos) << text;
    EXPECT_EQ(post("my-own-key", R"({"password":"Password123"})").status, 201);
    token = "token-2";
    const auto& other = post("my-own-key", R"({"password":"Password123"})");
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(code(other), "idempotent_answer_lost");
    EXPECT_EQ(made, 1);
}

TEST_F(RepeatsTest, RefusesWhatIsNoKey) {
    for (const std::string key : {"", "\"\"", "with blank", "\x01", "\xC3\xA4"}) {
        const auto& answer = post(key);
        EXPECT_EQ(answer.status, 400) << key;
        EXPECT_EQ(code(answer), "invalid_idempotency_key");
    }
    EXPECT_EQ(post(std::string(256, 'k')).status, 400);
    EXPECT_EQ(post(std::string(255, 'k')).status, 201);
    const auto& two = fake.request("POST", "/things", {}, {}, "{}",
                                   {{"idempotency-key", "a"}, {"idempotency-key", "b"}});
    EXPECT_EQ(two.status, 400);
}

TEST_F(RepeatsTest, TakesNoNewKeysWhereThereAreTooMany) {
    EXPECT_TRUE(repeats.open(host, services, {.node = "main", .process = "first", .most_keys = 1}));
    post("k1");
    repeats.clean_up();
    const auto& refused = post("k2");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.headers.at("retry-after"), "60");
    EXPECT_EQ(post("k1").headers.at("idempotent-replayed"), "true");
    EXPECT_EQ(fake.logged(), std::vector<std::string>{"rest.repeats_full"});
    fake.now_ms += kDay + 1;
    repeats.clean_up();
    EXPECT_EQ(post("k2").status, 201);
}

TEST_F(RepeatsTest, DoesNothingWhereTheStoreIsAway) {
    post("k1");
    store.is_down = true;
    EXPECT_EQ(post("k1").status, 503);
    EXPECT_EQ(post("k2").status, 503);
    EXPECT_EQ(made, 1);
}

TEST_F(RepeatsTest, LeavesOtherRequestsAlone) {
    EXPECT_EQ(fake.request("POST", "/things", {}, {}, "{}").status, 201);
    EXPECT_EQ(post("k1", "{}", "/login").status, 201) << "who has no credential has no keys";
    EXPECT_EQ(post("k1", "{}", "/login").status, 201);
    EXPECT_EQ(made, 3);
    EXPECT_TRUE(store.records.empty());
}

TEST(Seal, OpensWithItsSecretAlone) {
    for (const std::size_t size : {0, 1, 2, 3, 15, 16, 17, 100'000}) {
        const std::string text(size, 'x');
        const auto sealed = seal("secret", text);
        EXPECT_EQ(unseal("secret", sealed), text);
        EXPECT_EQ(unseal("other", sealed), std::nullopt);
        auto changed = sealed;
        changed[changed.size() / 2] ^= 1;
        EXPECT_EQ(unseal("secret", changed), std::nullopt);
    }
    for (const std::string_view text : {"", "AAAA", "no base64!", "====", "A"})
        EXPECT_EQ(unseal("secret", text), std::nullopt);
}

}  // namespace
}  // namespace streamwall::rest_api::testing
