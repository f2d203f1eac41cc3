// Users and their log-ins, through the whole plugin.
#include "plugin_fixture.hpp"

#include <atomic>
#include <map>

namespace streamwall::testing {
namespace {

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

TEST_F(AccountsInHost, SayWhenTheyLastTookCareOfKeysAndWhenTheyDoNext) {
    ASSERT_TRUE(host->eventually([&] {
        const auto reason = host->state("accounts").health_reason;
        return reason.find(": 0 keys end soon, 0 are overdue; next at ") != reason.npos;
    }));
    EXPECT_EQ(host->state("accounts").health, "ok");
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
    EXPECT_TRUE(users("log_out", {{"token", token}, {"address", "10.0.0.1"}}));
    EXPECT_TRUE(users("log_out", {{"token", token}}));
    EXPECT_TRUE(users("change_password",
                      {{"body", {{"current_password", "Valid123"}, {"password", "Better456"}}}},
                      {.id = "1"}));
    ASSERT_TRUE(host->eventually([&] { return host->events("user.profile.updated").size() == 1; }));
    const auto left = host->events("user.logged_out");
    ASSERT_EQ(left.size(), 1U) << "twice is once";
    EXPECT_EQ(bj::parse(left[0].data), bj::parse(R"({"id":1,"email":"ada@example.org",
        "role":"viewer","version":1,"outcome":"done","address":"10.0.0.1"})"));
    const auto changed = host->events("user.profile.updated")[0];
    EXPECT_NE(changed.envelope.find(R"("new_password":{"from":false,"to":true})"),
              std::string::npos);
    EXPECT_EQ(changed.envelope.find("Better456"), std::string::npos);
}

TEST_F(AccountsInHost, TellWhoTriedToLogInFromWhereAndWhatCameOfIt) {
    signed_up();
    const Principal nobody{.type = "anonymous", .id = "", .name = "", .role = ""};
    const auto attempt = [&](std::string_view email, std::string_view password) {
        return users(
            "log_in",
            {{"body", {{"email", email}, {"password", password}}}, {"address", "10.0.0.1"}},
            nobody);
    };
    EXPECT_TRUE(attempt("Ada@example.org", "Valid123"));
    EXPECT_FALSE(attempt("ada@example.org", "Secret-typo1"));
    EXPECT_FALSE(attempt("bob@example.org", "Secret-typo1"));
    EXPECT_FALSE(attempt("Secret-typo1", ""));
    EXPECT_TRUE(users("update", {{"id", 1}, {"body", {{"active", false}}}}));
    EXPECT_FALSE(attempt("ada@example.org", "Valid123"));
    ASSERT_TRUE(host->eventually([&] {
        return host->events("user.log_in_failed").size() == 4 &&
               host->events("user.logged_in").size() == 1;
    }));
    const auto in = host->events("user.logged_in")[0];
    EXPECT_EQ(in.subject, "user/1");
    EXPECT_EQ(bj::parse(in.data), bj::parse(R"({"outcome":"done","id":1,"email":"ada@example.org",
        "address":"10.0.0.1"})"));
    EXPECT_EQ(bj::parse(in.envelope).at("metadata").at("actor"),
              bj::parse(R"({"type":"user","id":"1","name":"ada"})"));
    const std::pair<std::string_view, std::string_view> failures[] = {
        {"user/1", R"({"outcome":"failed","reason":"wrong_password","id":1,
            "email":"ada@example.org","address":"10.0.0.1"})"},
        {"login/bob@example.org", R"({"outcome":"failed","reason":"unknown_user",
            "email":"bob@example.org","address":"10.0.0.1"})"},
        {"login/10.0.0.1", R"({"outcome":"failed","reason":"incomplete","address":"10.0.0.1"})"},
        {"user/1", R"({"outcome":"failed","reason":"switched_off","id":1,
            "email":"ada@example.org","address":"10.0.0.1"})"},
    };
    std::size_t at = 0;
    for (const auto& failed : host->events("user.log_in_failed")) {
        EXPECT_EQ(failed.subject, failures[at].first);
        EXPECT_EQ(bj::parse(failed.data), bj::parse(failures[at++].second));
        EXPECT_EQ(failed.envelope.find("Secret-typo1"), std::string::npos);
    }
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
    EXPECT_EQ(log_in("ada@example.org", "Valid123", "10.0.0.8").code, kExhausted);
    ASSERT_TRUE(host->eventually([&] { return !host->events("user.locked_out").empty(); }));
    const auto told = bj::parse(host->events("user.locked_out")[0].data).as_object();
    EXPECT_EQ(told.at("address"), "10.0.0.9");
    EXPECT_EQ(told.at("outcome"), "refused");
    for (int n = 0; n < 3; ++n)
        log_in("user" + std::to_string(n) + "@example.org", "Wrong123", "10.9.9.9");
    EXPECT_EQ(log_in("bob@example.org", "Valid123", "10.9.9.9").code, kExhausted);
    ASSERT_TRUE(host->eventually([&] { return host->events("user.locked_out").size() > 1; }));
    EXPECT_EQ(host->events("user.locked_out").size(), 2U) << "once for each lock-out";
}

// Three tries each, counted by what all nodes share; it may be away.
class SharedAccounts : public AccountsInHost {
  protected:
    SharedAccounts()
        : AccountsInHost({{"login_limit", "3/20m"}},
                         [this](const Call& call) { return check(call); }) {}
    ~SharedAccounts() override { host->stop(); }

    Answer check(const Call& call) {
        if (is_away) return Answer::error(kUnavailable, "away");
        const auto asked = bj::parse(call.body).as_object();
        EXPECT_EQ(asked.at("limit"), 3);
        EXPECT_EQ(asked.at("window_ms"), 20 * 60'000);
        const auto key = text(asked, "key");
        EXPECT_EQ(key.find("example.org"), std::string::npos) << "of no concern there";
        const bool is_full = ++counts[key] > 3;
        return Answer::ok(is_full ? R"({"allowed":false,"retry_after_ms":61500})"
                                  : R"({"allowed":true,"retry_after_ms":0})");
    }

    std::atomic<bool> is_away{false};
    std::map<std::string, int> counts;
};

TEST_F(SharedAccounts, CountTriesWithAllNodes) {
    signed_up();
    log_in("ada@example.org", "Wrong123", "10.0.0.1");
    ASSERT_EQ(counts.size(), 2U) << "the address and the e-mail";
    for (auto& [key, count] : counts)
        count = 3;  // tried elsewhere
    const auto locked = log_in("ADA@example.org", "Valid123", "10.0.0.2");
    EXPECT_EQ(locked.code, kExhausted);
    EXPECT_EQ(bj::parse(locked.details).at("retry_after"), 62);
    EXPECT_EQ(log_in("bob@example.org", "Valid123", "10.0.0.1").code, kExhausted);
    ASSERT_TRUE(host->eventually([&] { return host->events("user.locked_out").size() == 2; }));
}

TEST_F(SharedAccounts, GoOnCountingHereWhereNobodyCountsForAll) {
    signed_up();
    EXPECT_EQ(log_in("ada@example.org", "Wrong123", "10.0.0.1").code, kUnauthenticated);
    is_away = true;
    for (int n = 2; n < 4; ++n) {
        EXPECT_EQ(log_in("ada@example.org", "Wrong123", "10.0.1." + std::to_string(n)).code,
                  kUnauthenticated);
    }
    EXPECT_EQ(log_in("ada@example.org", "Valid123", "10.0.1.9").code, kExhausted)
        << "with what was counted before";
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
