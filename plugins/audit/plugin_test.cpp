// The plugin in a real host with plugins whose records change, over the SQLite store.
#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

namespace streamwall::testing {
namespace {

namespace bj = boost::json;

constexpr int kInvalid = 3;
constexpr int kDenied = 7;
constexpr int kDataLoss = 15;

const Principal kAda{.id = "5", .name = "ada"};

class AuditInHost : public ::testing::Test {
  protected:
    AuditInHost()
        : host(Options{
              .plugins = {STORAGE_SO, FEATURES_SO, ACCOUNTS_SO, AUDIT_SO},
              .settings = {{"accounts", R"({"password_passes":1,"password_memory_kib":8})"}},
              .required = {"storage-sqlite", "features", "accounts", "audit"},
              .time = Time::real}) {
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
    }
    ~AuditInHost() override {
        host.stop();
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }

    bj::object call(const char* service, const char* method, const bj::object& body,
                    const Principal& principal = kAda) {
        const auto answer = host.call(service, method, bj::serialize(body), principal);
        EXPECT_TRUE(answer) << answer.message;
        return answer ? bj::parse(answer.body).as_object() : bj::object{};
    }
    bj::array listed(const bj::object& request = {}) {
        return call("audit.entries", "list", request).at("records").as_array();
    }
    std::int64_t count() { return call("audit.entries", "list", {}).at("count").as_int64(); }
    // Makes so many changes and waits for their entries.
    void change(int times) {
        const auto before = count();
        for (int n = 0; n < times; ++n) {
            const auto* method = n % 2 == 0 ? "enable" : "disable";
            call("features.flags", method, {{"key", "stream_tags"}});
        }
        EXPECT_TRUE(host.eventually([&] { return count() == before + times; })) << count();
    }
    void apply(const bj::value& change) {
        bj::object request;
        request["changes"] = bj::array{change};
        call("store", "apply", request);
    }
    bj::object record(std::int64_t number) {
        return call("store", "get",
                    {{"collection", "audit_entries"}, {"unique", "number"}, {"values", {number}}});
    }
    void tamper(std::int64_t number, const bj::object& set) {
        apply({{"op", "update"},
               {"collection", "audit_entries"},
               {"id", record(number).at("id")},
               {"set", set}});
    }
    // "3 changed"
    std::string flaws(const bj::object& request = {}) {
        const auto verdict = call("audit.entries", "verify", request);
        std::string out;
        for (const auto& flaw : verdict.at("flaws").as_array())
            out += (out.empty() ? "" : ", ") + std::to_string(flaw.at("number").as_int64()) + " " +
                   std::string(flaw.at("what").as_string());
        EXPECT_EQ(verdict.at("ok").as_bool(), out.empty());
        return out;
    }

    Host host;
};

TEST_F(AuditInHost, SaysWhoChangedWhatOnce) {
    change(2);
    const auto entries = listed();
    ASSERT_EQ(entries.size(), 2U);
    const auto& first = entries[1].as_object();
    EXPECT_EQ(first.at("id"), 1);
    EXPECT_EQ(first.at("actor"), bj::parse(R"({"type":"user","id":"5","name":"ada"})"));
    EXPECT_EQ(first.at("action"), "feature.changed");
    EXPECT_EQ(first.at("resource"), "feature");
    EXPECT_EQ(first.at("resource_id"), "stream_tags");
    EXPECT_EQ(first.at("before"), bj::parse(R"({"enabled":false})"));
    EXPECT_EQ(first.at("after"), bj::parse(R"({"enabled":true})"));
    EXPECT_EQ(first.at("hash").as_string().size(), 64U);
    EXPECT_EQ(flaws(), "");
}

TEST_F(AuditInHost, WritesMuchThatHappensAtOnceInOrderAndOnce) {
    change(60);
    EXPECT_EQ(flaws(), "");
    ASSERT_TRUE(host.restart("audit"));
    change(1);
    EXPECT_EQ(count(), 61) << "nothing comes twice after a restart";
    EXPECT_EQ(flaws(), "");
}

TEST_F(AuditInHost, GoesOnWhereItStopped) {
    change(1);
    ASSERT_TRUE(host.disable("audit"));
    call("features.flags", "disable", {{"key", "stream_tags"}});
    ASSERT_TRUE(host.enable("audit"));
    EXPECT_TRUE(host.eventually([&] { return count() == 2; }));
    EXPECT_EQ(flaws(), "");
}

TEST_F(AuditInHost, NamesEachWayOfTampering) {
    change(6);
    tamper(3, {{"actor_name", "nobody"}});
    EXPECT_EQ(flaws(), "3 changed");
    tamper(3, {{"actor_name", "ada"}});
    EXPECT_EQ(flaws(), "");
    tamper(2, {{"after", bj::object{{"enabled", "maybe"}}}});
    EXPECT_EQ(flaws(), "2 changed");
    tamper(2, {{"after", bj::object{{"enabled", false}}}});
    EXPECT_EQ(flaws(), "");

    tamper(4, {{"number", 99}});
    tamper(5, {{"number", 4}});
    tamper(99, {{"number", 5}});
    EXPECT_EQ(flaws(), "4 moved, 5 moved");
    tamper(4, {{"number", 99}});
    tamper(5, {{"number", 4}});
    tamper(99, {{"number", 5}});
    EXPECT_EQ(flaws(), "");

    auto extra = record(6);
    for (const auto* name : {"id", "created_at", "updated_at", "version"})
        extra.erase(name);
    extra["number"] = 7;
    extra["sequence"] = 1'000'000;
    apply({{"op", "insert"}, {"collection", "audit_entries"}, {"record", extra}});
    EXPECT_EQ(flaws(), "7 changed, 7 added");
    for (const std::int64_t number : {7, 6, 2}) {
        apply({{"op", "delete"}, {"collection", "audit_entries"}, {"id", record(number).at("id")}});
    }
    EXPECT_EQ(flaws(), "2 removed, 6 removed");
}

TEST_F(AuditInHost, HoldsWhatSomebodyNotedToWhatIsThere) {
    change(4);
    const auto head = call("audit.entries", "verify", {}).at("head").as_object();
    change(2);
    EXPECT_EQ(flaws({{"expect", head}}), "");
    EXPECT_EQ(flaws({{"expect", {{"number", 3}, {"hash", std::string(64, '0')}}}}),
              "3 not as noted");
    EXPECT_EQ(flaws({{"expect", {{"number", 9}, {"hash", "x"}}}}), "9 not as noted");
}

TEST_F(AuditInHost, FindsEntriesByWhoAndWhatAndWhen) {
    change(2);
    call("features.flags", "enable", {{"key", "maintenance_mode"}}, {.id = "6", .name = "bob"});
    ASSERT_TRUE(host.eventually([&] { return count() == 3; }));
    EXPECT_EQ(listed({{"actor", "bob"}}).size(), 1U);
    EXPECT_EQ(listed({{"actor", "5"}}).size(), 2U);
    EXPECT_EQ(listed({{"resource", "feature"}, {"resource_id", "stream_tags"}}).size(), 2U);
    EXPECT_EQ(listed({{"resource", "stream"}}).size(), 0U);
    EXPECT_EQ(listed({{"since", "2001-01-01T00:00:00Z"}}).size(), 3U);
    EXPECT_EQ(listed({{"since", "2999-01-01T00:00:00Z"}}).size(), 0U);
    const auto page = listed({{"limit", 1}, {"offset", 1}});
    ASSERT_EQ(page.size(), 1U);
    EXPECT_EQ(page[0].at("id"), 2);
    const auto wrong = host.call("audit.entries", "list", R"({"since":"yesterday"})");
    EXPECT_EQ(wrong.code, kInvalid);
    EXPECT_EQ(wrong.where, "since");
}

TEST_F(AuditInHost, TellsOfUsersAndKeysAndNeverTheirSecrets) {
    call("accounts.users", "create",
         {{"body", {{"email", "eve@example.org"}, {"password", "Valid123"}, {"role", "editor"}}}});
    call("accounts.users", "update",
         {{"id", 1}, {"body", {{"password", "Better456"}, {"role", "viewer"}}}});
    const auto key = call("accounts.keys", "create",
                          {{"body", {{"name", "bot"}, {"scopes", {"streams:read"}}}}});
    const auto rotated = call("accounts.keys", "rotate", {{"id", 1}});
    call("accounts.keys", "revoke", {{"id", 1}});
    call("accounts.users", "remove", {{"id", 1}});
    ASSERT_TRUE(host.eventually([&] { return count() == 6; })) << count();
    std::string actions;
    const auto entries = listed();
    for (const auto& entry : entries)
        actions = std::string(entry.at("action").as_string()) + " " + actions;
    EXPECT_EQ(actions,
              "user.registered user.profile.updated api_key.created api_key.rotated "
              "api_key.revoked user.deleted ");
    EXPECT_EQ(entries[4].at("before").at("role"), "editor");
    EXPECT_EQ(entries[4].at("after").at("role"), "viewer");
    EXPECT_EQ(entries[3].at("resource_id"), "1");
    EXPECT_EQ(entries[3].at("after").at("name"), "bot");
    EXPECT_EQ(entries[0].at("before").at("email"), "eve@example.org");
    auto everything = bj::serialize(call("store", "query", {{"collection", "audit_entries"}}));
    for (const auto& event : host.events())
        everything += event.envelope;
    for (const auto& secret :
         {std::string("Valid123"), std::string("Better456"), std::string("argon2"),
          std::string(key.at("key").as_string()), std::string(rotated.at("key").as_string())})
        EXPECT_EQ(everything.find(secret), std::string::npos) << secret;
    const auto keys = call("store", "query", {{"collection", "api_keys"}});
    for (const auto* name : {"hash", "old_hash"}) {
        const auto hash = std::string(keys.at("records").at(0).at(name).as_string());
        EXPECT_EQ(everything.find(hash), std::string::npos) << name;
    }
}

TEST_F(AuditInHost, IsForAdministrators) {
    for (const auto* role : {"viewer", "editor", ""}) {
        for (const auto* method : {"list", "verify"})
            EXPECT_EQ(host.call("audit.entries", method, "{}", {.role = role}).code, kDenied);
    }
}

TEST_F(AuditInHost, CommandsListAndVerify) {
    change(2);
    const Principal operator_{.type = "operator", .role = "admin"};
    const auto run = [&](const char* name, const bj::object& arguments) {
        return host.call("audit.commands", name,
                         bj::serialize(bj::object{{"arguments", arguments}}), operator_);
    };
    const auto text = [](const Answer& answer) {
        EXPECT_TRUE(answer) << answer.message;
        return std::string(bj::parse(answer.body).at("out").as_string());
    };
    const auto lines = text(run("audit list", {{"limit", "1"}}));
    EXPECT_TRUE(lines.starts_with("2  20")) << lines;
    EXPECT_TRUE(lines.ends_with("user/5 ada  feature.changed  feature/stream_tags\n")) << lines;
    const auto said = text(run("audit verify", {}));
    EXPECT_TRUE(said.starts_with("2 entries, all as written. The last: 2:")) << said;
    const auto noted = said.substr(said.rfind(' ') + 1, 66);
    EXPECT_TRUE(run("audit verify", {{"expect", noted}}));
    EXPECT_EQ(run("audit verify", {{"expect", "nothing"}}).code, kInvalid);
    EXPECT_EQ(run("audit list", {{"limit", "0"}}).code, kInvalid);
    tamper(1, {{"resource_id", "stream_export"}});
    const auto broken = run("audit verify", {});
    EXPECT_EQ(broken.code, kDataLoss);
    EXPECT_EQ(broken.message, "the audit was tampered with: entry 1 was changed");
}

}  // namespace
}  // namespace streamwall::testing
