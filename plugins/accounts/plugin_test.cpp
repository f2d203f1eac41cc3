// The plugin in a real host, over the SQLite store.
#include "crypto.hpp"

#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace streamwall::testing {
namespace {

namespace bj = boost::json;

constexpr int kInvalid = 3;
constexpr int kNotFound = 5;
constexpr int kTaken = 6;
constexpr int kDenied = 7;
constexpr int kExhausted = 8;
constexpr int kPrecondition = 9;
constexpr int kUnauthenticated = 16;
constexpr std::string_view kSecret = "an old secret of at least 32 bytes";

class AccountsInHost : public ::testing::Test {
  protected:
    explicit AccountsInHost(bj::object settings = {}) {
        // Cheap passwords: what they cost is not the matter here.
        settings["password_passes"] = 1;
        settings["password_memory_kib"] = 8;
        host = std::make_unique<Host>(Options{.plugins = {STORAGE_SO, ACCOUNTS_SO},
                                              .settings = {{"accounts", bj::serialize(settings)}},
                                              .required = {"storage-sqlite", "accounts"},
                                              .time = Time::real});
        const auto started = host->start();
        EXPECT_TRUE(started) << started.message;
    }
    ~AccountsInHost() override {
        host->stop();
        EXPECT_TRUE(host->complaints().empty()) << host->complaints().front();
    }

    Answer call(const char* service, const char* method, const bj::value& body,
                const Principal& principal = {}) {
        return host->call(service, method, bj::serialize(body), principal);
    }
    Answer users(const char* method, const bj::object& body, const Principal& principal = {}) {
        return call("accounts.users", method, body, principal);
    }
    Answer keys(const char* method, const bj::object& body, const Principal& principal = {}) {
        return call("accounts.keys", method, body, principal);
    }
    Answer verify(std::string_view token) {
        return call("accounts.tokens", "verify", {{"token", token}}, {.type = "service"});
    }
    static bj::object parsed(const Answer& answer) {
        EXPECT_TRUE(answer) << answer.message;
        return answer ? bj::parse(answer.body).as_object() : bj::object{};
    }
    static std::string text(const bj::object& from, std::string_view name) {
        return std::string(from.at(name).as_string());
    }
    bj::object signed_up(std::string_view email = "ada@example.org") {
        return parsed(users("sign_up", {{"body", {{"email", email}, {"password", "Valid123"}}}}));
    }
    Answer log_in(std::string_view email, std::string_view password,
                  std::string_view address = "10.0.0.1") {
        return users("log_in",
                     {{"body", {{"email", email}, {"password", password}}}, {"address", address}});
    }
    bj::object made_admin(std::string_view email = "admin@example.org") {
        return parsed(users(
            "create", {{"body", {{"email", email}, {"password", "Valid123"}, {"role", "admin"}}}}));
    }

    std::unique_ptr<Host> host;
};

TEST_F(AccountsInHost, SignUpMakesAViewerWhoIsLoggedIn) {
    const auto reply = signed_up("  Ada@Example.org ");
    const auto& user = reply.at("user").as_object();
    EXPECT_EQ(user.at("email"), "ada@example.org");
    EXPECT_EQ(user.at("role"), "viewer");
    EXPECT_EQ(user.at("active"), true);
    EXPECT_EQ(bj::serialize(reply).find("password"), std::string::npos);
    const auto verdict = parsed(verify(text(reply, "token")));
    EXPECT_EQ(verdict.at("principal"),
              bj::parse(R"({"type":"user","id":"1","name":"ada","role":"viewer","scopes":""})"));
    EXPECT_EQ(verdict.at("rate_class"), "user");
    ASSERT_TRUE(host->eventually([&] { return host->events("user.registered").size() == 1; }));
    EXPECT_EQ(host->events("user.registered")[0].data.find("argon2"), std::string::npos);
    EXPECT_EQ(host->events("user.registered")[0].subject, "user/1");
}

TEST_F(AccountsInHost, AnEmailBelongsToOneUserWhateverItsCase) {
    signed_up("ada@example.org");
    const auto again =
        users("sign_up",
              {{"body", {{"user", {{"email", "ADA@example.ORG"}, {"password", "Valid123"}}}}}});
    EXPECT_EQ(again.code, kTaken);
    EXPECT_NE(again.details.find(R"("field":"email")"), std::string::npos);
}

TEST_F(AccountsInHost, SignUpNamesEveryFieldThatIsWrong) {
    const std::pair<bj::object, std::string_view> cases[] = {
        {{}, "email password"},
        {{{"email", "no address"}, {"password", "simple123"}}, "email password"},
        {{{"email", 5}, {"password", bj::array{}}}, "email password"},
        {{{"email", "a@b.de"}, {"password", "Valid123"}, {"display_name", 5}}, "display_name"},
        {{{"email", "a@b.de"}, {"password", nullptr}}, "password"},
    };
    for (const auto& [body, fields] : cases) {
        const auto refused = users("sign_up", {{"body", body}});
        ASSERT_EQ(refused.code, kInvalid) << body;
        std::string named;
        for (const auto& error : bj::parse(refused.details).at("errors").as_array())
            named += (named.empty() ? "" : " ") + text(error.as_object(), "field");
        EXPECT_EQ(named, fields);
    }
    EXPECT_EQ(users("sign_up", {{"body", "text"}}).code, kInvalid);
}

TEST_F(AccountsInHost, LogInTakesTheRightPasswordOfAnActiveUserAndNothingElse) {
    signed_up();
    EXPECT_TRUE(log_in("ADA@example.org", "Valid123"));
    for (const auto& [email, password] :
         {std::pair("ada@example.org", "Valid124"), std::pair("ada@example.org", ""),
          std::pair("nobody@example.org", "Valid123"), std::pair("", "Valid123")}) {
        const auto refused = log_in(email, password);
        EXPECT_EQ(refused.code, kUnauthenticated) << email;
        EXPECT_EQ(refused.message, "Invalid email or password.");
    }
    EXPECT_EQ(users("log_in", {{"body", bj::object{}}}).code, kUnauthenticated);
    EXPECT_EQ(users("log_in", {{"body", {{"email", 5}, {"password", true}}}}).code, kInvalid);
    EXPECT_TRUE(users("update", {{"id", 1}, {"body", {{"active", false}}}}));
    EXPECT_EQ(log_in("ada@example.org", "Valid123").code, kUnauthenticated);
}

TEST_F(AccountsInHost, ATokenEndsAtLogOutAndOthersOfTheUserDoNot) {
    const auto first = text(signed_up(), "token");
    const auto second = text(parsed(log_in("ada@example.org", "Valid123")), "token");
    EXPECT_NE(first, second);
    EXPECT_TRUE(users("log_out", {{"token", first}}));
    EXPECT_EQ(verify(first).code, kUnauthenticated);
    EXPECT_TRUE(verify(second));
    EXPECT_TRUE(users("log_out", {{"token", first}})) << "twice is once";
    EXPECT_EQ(users("log_out", {{"token", "no.token.at-all"}}).code, kDenied);
    EXPECT_FALSE(host->events("credentials.changed").empty());
    ASSERT_TRUE(host->stop());
    ASSERT_TRUE(host->start());
    EXPECT_EQ(verify(first).code, kUnauthenticated) << "also after a restart";
    EXPECT_TRUE(verify(second));
}

TEST_F(AccountsInHost, CountTheChangesThatTheyTellSoThatWhoMissedOneSeesIt) {
    const auto reply = signed_up();
    const auto verdict = parsed(verify(text(reply, "token")));
    const auto teller = text(verdict, "teller");
    EXPECT_EQ(verdict.at("count"), 0);
    EXPECT_TRUE(users("update", {{"id", 1}, {"body", {{"role", "admin"}}}}));
    EXPECT_TRUE(users("log_out", {{"token", text(reply, "token")}}));
    const auto changed = host->events("credentials.changed");
    ASSERT_EQ(changed.size(), 2U);
    EXPECT_EQ(bj::parse(changed[1].data),
              bj::value({{"type", "user"}, {"id", "1"}, {"teller", teller}, {"count", 2}}));
    const auto counted = [&](const bj::object& wanted) {
        return host->eventually([&] {
            const auto events = host->events("credentials.counted");
            return !events.empty() && bj::parse(events.back().data) == wanted;
        });
    };
    EXPECT_TRUE(counted({{"teller", teller}, {"count", 2}}));
    const auto other = text(parsed(log_in("ada@example.org", "Valid123")), "token");
    EXPECT_EQ(parsed(verify(other)).at("count"), 2);
    ASSERT_TRUE(host->stop());
    EXPECT_TRUE(counted({{"teller", teller}, {"count", 2}, {"last", true}}));
    ASSERT_TRUE(host->start());
    const auto again = parsed(verify(other));
    EXPECT_NE(text(again, "teller"), teller);
    EXPECT_EQ(again.at("count"), 0);
}

TEST_F(AccountsInHost, TellOfALogOutAndOfANewPasswordWithoutAnySecret) {
    const auto token = text(signed_up(), "token");
    EXPECT_TRUE(users("log_out", {{"token", token}}));
    EXPECT_TRUE(users("log_out", {{"token", token}}));
    EXPECT_TRUE(users("change_password",
                      {{"body", {{"current_password", "Valid123"}, {"password", "Better456"}}}},
                      {.id = "1"}));
    ASSERT_TRUE(host->eventually([&] { return host->events("user.profile.updated").size() == 1; }));
    const auto left = host->events("user.logged_out");
    ASSERT_EQ(left.size(), 1U) << "twice is once";
    EXPECT_EQ(bj::parse(left[0].data),
              bj::parse(R"({"id":1,"email":"ada@example.org","role":"viewer","version":1})"));
    const auto changed = host->events("user.profile.updated")[0];
    EXPECT_NE(changed.envelope.find(R"("new_password":{"from":false,"to":true})"),
              std::string::npos);
    EXPECT_EQ(changed.envelope.find("Better456"), std::string::npos);
}

TEST_F(AccountsInHost, TokensEndWithTheirUserAndWithANewPassword) {
    made_admin();
    const auto token = text(signed_up(), "token");
    EXPECT_TRUE(users("update", {{"id", 2}, {"body", {{"role", "editor"}}}}));
    EXPECT_EQ(parsed(verify(token)).at("principal").at("role"), "editor") << "at once";
    EXPECT_TRUE(users("update", {{"id", 2}, {"body", {{"password", "Better456"}}}}));
    EXPECT_EQ(verify(token).code, kUnauthenticated);
    EXPECT_EQ(log_in("ada@example.org", "Valid123").code, kUnauthenticated);
    const auto fresh = text(parsed(log_in("ada@example.org", "Better456")), "token");
    EXPECT_TRUE(verify(fresh));
    EXPECT_TRUE(users("update", {{"id", 2}, {"body", {{"active", false}}}}));
    EXPECT_EQ(verify(fresh).code, kUnauthenticated);
    EXPECT_TRUE(users("update", {{"id", 2}, {"body", {{"active", true}}}}));
    EXPECT_EQ(verify(fresh).code, kUnauthenticated) << "switched on again, log in again";
    const auto last = text(parsed(log_in("ada@example.org", "Better456")), "token");
    EXPECT_TRUE(users("remove", {{"id", 2}}));
    EXPECT_EQ(verify(last).code, kUnauthenticated);
    EXPECT_EQ(users("get", {{"id", 2}}).code, kNotFound);
}

TEST_F(AccountsInHost, OnlyAdministratorsManageUsersAndKeys) {
    for (const auto* role : {"viewer", "editor", ""}) {
        const Principal somebody{.id = "1", .role = role};
        for (const auto* method : {"list", "get", "create", "update", "remove"}) {
            const bj::object request{{"id", 1}, {"body", {{"role", "admin"}}}};
            EXPECT_EQ(users(method, request, somebody).code, kDenied) << method;
        }
        for (const auto* method : {"list", "get", "create", "rotate", "revoke"}) {
            EXPECT_EQ(keys(method, {{"id", 1}, {"body", bj::object{}}}, somebody).code, kDenied)
                << method;
        }
    }
}

TEST_F(AccountsInHost, TheLastAdministratorStaysOne) {
    made_admin();
    for (const auto& body : {bj::object{{"role", "viewer"}}, bj::object{{"active", false}}}) {
        const auto refused = users("update", {{"id", 1}, {"body", body}});
        EXPECT_EQ(refused.code, kPrecondition);
        EXPECT_NE(refused.details.find("last_admin"), std::string::npos);
    }
    EXPECT_EQ(users("remove", {{"id", 1}}).code, kPrecondition);
    made_admin("second@example.org");
    EXPECT_TRUE(users("update", {{"id", 1}, {"body", {{"role", "viewer"}}}}));
}

TEST_F(AccountsInHost, AChangeIsMadeToTheVersionItWasMeantFor) {
    signed_up();
    const bj::object body{{"display_name", "Ada"}};
    const auto changed = parsed(users("update", {{"id", 1}, {"versions", {1}}, {"body", body}}));
    EXPECT_EQ(changed.at("version"), 2);
    EXPECT_EQ(changed.at("display_name"), "Ada");
    EXPECT_EQ(users("update", {{"id", 1}, {"versions", {1}}, {"body", body}}).code, kPrecondition);
    EXPECT_EQ(users("update", {{"id", 9}, {"body", body}}).code, kNotFound);
    ASSERT_TRUE(host->eventually([&] { return host->events("user.profile.updated").size() == 1; }));
}

TEST_F(AccountsInHost, SecretsAreKeptAsHashesAlone) {
    signed_up();
    const auto key =
        text(parsed(keys("create", {{"body", {{"name", "bot"}, {"scopes", {"streams:write"}}}}})),
             "key");
    for (const auto* collection : {"users", "user_secrets", "api_keys"}) {
        const auto all =
            host->call("store", "query", bj::serialize(bj::object{{"collection", collection}}));
        ASSERT_TRUE(all) << all.message;
        EXPECT_EQ(all.body.find("Valid123"), std::string::npos);
        EXPECT_EQ(all.body.find(key.substr(13)), std::string::npos);
    }
    for (const auto& line : host->logs()) {
        EXPECT_EQ(line.text.find("Valid123"), std::string::npos);
        EXPECT_EQ(line.text.find(key.substr(13)), std::string::npos);
    }
}

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

TEST_F(AccountsInHost, CommandsMakeTheFirstAdministrator) {
    const Principal operator_{.type = "operator", .role = "admin"};
    const auto made = parsed(
        call("accounts.commands", "users create",
             {{"arguments", {{"role", "admin"}, {"output", "json"}, {"_", {"root@example.org"}}}}},
             operator_));
    const auto user = bj::parse(text(made, "out")).as_object();
    EXPECT_EQ(user.at("role"), "admin");
    EXPECT_TRUE(log_in("root@example.org", text(user, "password")));
    const auto given = parsed(call("accounts.commands", "users create",
                                   {{"arguments", {{"password", "-"}, {"_", {"bob@example.org"}}}},
                                    {"input", "Valid123\nmore"}},
                                   operator_));
    EXPECT_EQ(text(given, "out"), "Made the user bob@example.org, role viewer.\n");
    EXPECT_TRUE(log_in("bob@example.org", "Valid123"));
    const auto list =
        text(parsed(call("accounts.commands", "users list", bj::object{}, operator_)), "out");
    EXPECT_EQ(list, "1  root@example.org  admin\n2  bob@example.org  viewer\n");
    EXPECT_EQ(call("accounts.commands", "users create", bj::object{}, operator_).code, kInvalid);
    EXPECT_EQ(call("accounts.commands", "users list", bj::object{}, {.role = "viewer"}).code,
              kDenied);
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

class LockedAccounts : public AccountsInHost {
  protected:
    LockedAccounts() : AccountsInHost({{"login_limit", "3/20m"}}) {}
};

TEST_F(LockedAccounts, TakeNoMoreTriesForAnEmailOrAnAddress) {
    signed_up();
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(log_in("ada@example.org", "Wrong123", "10.0.0." + std::to_string(n)).code,
                  kUnauthenticated);
    }
    const auto locked = log_in("ada@example.org", "Valid123", "10.0.0.9");
    EXPECT_EQ(locked.code, kExhausted) << "the right password, too";
    EXPECT_EQ(bj::parse(locked.details).at("code"), "too_many_tries");
    EXPECT_GT(bj::parse(locked.details).at("retry_after").as_int64(), 1000);
    for (int n = 0; n < 3; ++n)
        log_in("user" + std::to_string(n) + "@example.org", "Wrong123", "10.9.9.9");
    EXPECT_EQ(log_in("bob@example.org", "Valid123", "10.9.9.9").code, kExhausted);
}

class ClosedAccounts : public AccountsInHost {
  protected:
    ClosedAccounts()
        : AccountsInHost({{"signup", false}, {"jwt_secret", kSecret}, {"issue_shared", true}}) {}
};

TEST_F(ClosedAccounts, TakeNobodyWhoSignsUpAndSpeakWithOldClients) {
    const auto refused =
        users("sign_up", {{"body", {{"email", "a@b.de"}, {"password", "Valid123"}}}});
    EXPECT_EQ(refused.code, kDenied);
    EXPECT_NE(refused.details.find("sign_up_closed"), std::string::npos);
    made_admin();
    const auto token = text(parsed(log_in("admin@example.org", "Valid123")), "token");
    const auto header = accounts::crypto::from_base64url(token.substr(0, token.find('.')));
    EXPECT_EQ(bj::parse(*header).at("alg"), "HS256");
    EXPECT_TRUE(verify(token));
}

TEST_F(AccountsInHost, PublishTheKeysThatTheirTokensAreSignedWith) {
    const auto token = text(signed_up(), "token");
    const auto header =
        bj::parse(*accounts::crypto::from_base64url(token.substr(0, token.find('.'))));
    const auto set = parsed(call("accounts.tokens", "public_keys", bj::object{}));
    EXPECT_EQ(set.at("keys").at(0).at("kid"), header.at("kid"));
    EXPECT_EQ(header.at("alg"), "EdDSA");
}

TEST(AccountsSettings, ThatCannotWorkAreRefusedAtTheStart) {
    for (const auto* settings :
         {R"({"jwt_secret":"short"})", R"({"issue_shared":true})", R"({"service_secret":"short"})",
          R"({"service_secret":"an old secret of at least 32 bytes",
                                     "jwt_secret":"an old secret of at least 32 bytes"})",
          R"({"services":[{"name":"x"}]})",
          R"({"services":[{"name":"x","role":"editor"},
                                                 {"name":"x","role":"viewer"}]})",
          R"({"login_limit":"ten"})", R"({"login_limit":"10/20s"})"}) {
        Host host(Options{.plugins = {STORAGE_SO, ACCOUNTS_SO},
                          .settings = {{"accounts", settings}},
                          .required = {"accounts"},
                          .time = Time::real});
        EXPECT_FALSE(host.start()) << settings;
        EXPECT_EQ(host.state("accounts").state, "failed");
    }
}

}  // namespace
}  // namespace streamwall::testing
