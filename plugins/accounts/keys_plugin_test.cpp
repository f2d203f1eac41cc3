// Keys of services, and tokens that services sign, through the whole plugin.
#include "plugin_fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace streamwall::testing {
namespace {

TEST_F(AccountsInHost, AKeySpeaksForItsServiceUntilItIsRevoked) {
    const auto made = parsed(keys(
        "create", {{"body", {{"name", "checker"}, {"scopes", {"status:write", "streams:read"}}}}}));
    const auto key = text(made, "key");
    EXPECT_TRUE(key.starts_with(text(made, "prefix")));
    EXPECT_FALSE(made.contains("hash"));
    const auto verdict = parsed(verify(key));
    EXPECT_EQ(verdict.at("principal"),
              bj::parse(R"({"type":"key","id":"1","name":"checker","role":"",
                            "scopes":"status:write streams:read"})"));
    EXPECT_EQ(verdict.at("rate_class"), "service");
    const auto shown = parsed(keys("get", {{"id", 1}}));
    EXPECT_FALSE(shown.contains("key"));
    EXPECT_TRUE(shown.at("last_used_at").is_string());
    EXPECT_EQ(verify(key.substr(0, key.size() - 1) + (key.back() == 'A' ? "B" : "A")).code,
              kUnauthenticated);
    EXPECT_EQ(verify("swk_").code, kUnauthenticated);
    const auto other =
        text(parsed(keys("create", {{"body", {{"name", "other"}, {"scopes", {"admin"}}}}})), "key");
    EXPECT_TRUE(keys("revoke", {{"id", 1}}));
    EXPECT_EQ(verify(key).code, kUnauthenticated);
    EXPECT_EQ(parsed(verify(other)).at("principal").at("role"), "admin") << "others go on";
    EXPECT_EQ(parsed(keys("list", {})).at("count"), 2);
}

TEST_F(AccountsInHost, ARotatedKeyHasTwoSecretsForAWhile) {
    const auto first =
        text(parsed(keys("create", {{"body", {{"name", "bot"}, {"scopes", {"streams:write"}}}}})),
             "key");
    const auto second = text(parsed(keys("rotate", {{"id", 1}})), "key");
    EXPECT_TRUE(verify(first));
    EXPECT_TRUE(verify(second));
    const auto third = text(parsed(keys("rotate", {{"id", 1}})), "key");
    EXPECT_EQ(verify(first).code, kUnauthenticated) << "two at most";
    EXPECT_TRUE(verify(second));
    EXPECT_TRUE(verify(third));
    EXPECT_TRUE(keys("revoke", {{"id", 1}}));
    EXPECT_EQ(verify(second).code, kUnauthenticated);
    EXPECT_EQ(verify(third).code, kUnauthenticated);
    EXPECT_FALSE(keys("rotate", {{"id", 1}}));
}

TEST_F(AccountsInHost, AKeysFieldsAreChecked) {
    const bj::object cases[] = {
        {},
        {{"name", "x"}},
        {{"name", " "}, {"scopes", {"admin"}}},
        {{"name", "x"}, {"scopes", bj::array{}}},
        {{"name", "x"}, {"scopes", {"everything"}}},
        {{"name", "x"}, {"scopes", "admin"}},
        {{"name", "x"}, {"scopes", {"admin"}}, {"rate_class", "fast"}},
        {{"name", "x"}, {"scopes", {"admin"}}, {"expires_at", "2001-01-01T00:00:00Z"}},
        {{"name", "x"}, {"scopes", {"admin"}}, {"expires_at", "2999-01-01T00:00:00Z"}},
        {{"name", "x"}, {"scopes", {"admin"}}, {"expires_at", "soon"}},
    };
    for (const auto& body : cases)
        EXPECT_EQ(keys("create", {{"body", body}}).code, kInvalid) << body;
    EXPECT_EQ(keys("rotate", {{"id", 1}}).code, kNotFound);
}

class ShortLivedKeys : public AccountsInHost {
  protected:
    ShortLivedKeys()
        : AccountsInHost({{"key_lifetime", "4s"}, {"key_warning", "2s"}, {"key_grace", "1d"}}) {}
    bool becomes(int id, std::string_view state) {
        return host->eventually(
            [&] { return text(parsed(keys("get", {{"id", id}})), "state") == state; });
    }
    std::vector<std::string> flagged() {
        std::vector<std::string> out;
        for (const auto& event : host->events("api_key.flagged"))
            out.push_back(event.subject + " " + text(bj::parse(event.data).as_object(), "state"));
        return out;
    }
};

TEST_F(ShortLivedKeys, AreFlaggedOnceInEachStateAndTakenInTheirGraceAlone) {
    const bj::object body{{"name", "bot"}, {"scopes", {"streams:read"}}};
    const auto made = parsed(keys("create", {{"body", body}}));
    EXPECT_EQ(made.at("state"), "active");
    EXPECT_EQ(made.at("age_days"), 0);
    EXPECT_TRUE(made.at("rotated_at").is_null());
    EXPECT_FALSE(made.contains("told_state"));
    auto named = body;
    named["expires_at"] = made.at("expires_at");
    const auto fixed = parsed(keys("create", {{"body", named}}));
    EXPECT_TRUE(becomes(1, "due"));
    EXPECT_TRUE(becomes(1, "overdue"));
    EXPECT_TRUE(verify(text(made, "key"))) << "by the operator's grace";
    EXPECT_TRUE(becomes(2, "ended"));
    EXPECT_EQ(verify(text(fixed, "key")).code, kUnauthenticated) << "its maker named its end";
    const std::vector<std::string> all = {"api_key/1 due", "api_key/1 overdue", "api_key/2 due",
                                          "api_key/2 ended"};
    EXPECT_TRUE(host->eventually([&] {
        auto seen = flagged();
        std::ranges::sort(seen);
        return seen == all;
    }));
    const auto rotated = parsed(keys("rotate", {{"id", 1}}));
    EXPECT_EQ(rotated.at("state"), "active");
    EXPECT_TRUE(rotated.at("rotated_at").is_string());
    EXPECT_TRUE(verify(text(rotated, "key")));
    EXPECT_EQ(std::ranges::count(host->logs(), "accounts.key_flagged", &LogLine::event), 4);
}

class ServiceAccounts : public AccountsInHost {
  protected:
    static constexpr std::string_view kServiceSecret = "what services sign with, 32 bytes";
    ServiceAccounts()
        : AccountsInHost(bj::parse(R"({"jwt_secret":"an old secret of at least 32 bytes",
                            "service_secret":"what services sign with, 32 bytes",
                            "services":[{"name":"rooms","scopes":["streams:read","status:write"]},
                                        {"name":"bridge","role":"editor","rate_class":"user"},
                                        {"name":"root","scopes":["admin"]}]})")
                             .as_object()) {}
    static std::string token_of(const bj::object& payload,
                                std::string_view secret = kServiceSecret) {
        using accounts::crypto::to_base64url;
        const auto text = to_base64url(R"({"alg":"HS256","typ":"JWT"})") + "." +
                          to_base64url(bj::serialize(payload));
        const auto tag = accounts::crypto::hmac_sha256(secret, text);
        return text + "." + to_base64url({reinterpret_cast<const char*>(tag.data()), tag.size()});
    }
    static std::string token_of(std::string_view service) {
        return token_of({{"type", "service"}, {"service", service}, {"exp", kFar}});
    }
    static constexpr std::int64_t kFar = 32'503'680'000;  // the year 3000
};

TEST_F(ServiceAccounts, SpeakForServicesThatAreOnTheListAndSignThemselves) {
    const auto rooms = parsed(verify(token_of("rooms")));
    EXPECT_EQ(rooms.at("principal"),
              bj::parse(R"({"type":"key","id":"service:rooms","name":"rooms","role":"",
                            "scopes":"streams:read status:write"})"));
    EXPECT_EQ(rooms.at("rate_class"), "service");
    EXPECT_EQ(rooms.at("expires_at"), kFar * 1000);
    const auto bridge = parsed(verify(token_of("bridge")));
    EXPECT_EQ(bridge.at("principal").at("role"), "editor");
    EXPECT_EQ(bridge.at("rate_class"), "user");
    EXPECT_EQ(parsed(verify(token_of("root"))).at("principal").at("role"), "admin");
}

TEST_F(ServiceAccounts, RefuseWhoIsNotOnTheListAndWhatWasSignedOtherwise) {
    const bj::object good{{"type", "service"}, {"service", "rooms"}, {"exp", kFar}};
    EXPECT_TRUE(verify(token_of(good)));
    EXPECT_EQ(verify(token_of("Rooms")).code, kUnauthenticated);
    EXPECT_EQ(verify(token_of("unlisted")).code, kUnauthenticated);
    EXPECT_EQ(verify(token_of(good, kSecret)).code, kUnauthenticated) << "users' secret";
    EXPECT_EQ(users("log_out", {{"token", token_of(good)}}).code, kDenied);
    signed_up();
    const bj::object user{{"sub", "1"}, {"exp", kFar}};
    EXPECT_TRUE(verify(token_of(user, kSecret)));
    EXPECT_EQ(verify(token_of(user)).code, kUnauthenticated) << "services speak for no user";
}

}  // namespace
}  // namespace streamwall::testing
