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
            const auto* method = (before + n) % 2 == 0 ? "enable" : "disable";
            call("features.flags", method, {{"key", "stream_tags"}});
        }
        EXPECT_TRUE(host.eventually([&] { return count() == before + times; })) << count();
    }
    void apply(const bj::value& change) {
        bj::object request;
        request["changes"] = bj::array{change};
        call("store", "apply", request);
    }
    // The page that holds the entry, or its index.
    bj::object record(std::int64_t number, const char* collection = "audit_pages") {
        bj::array both;
        both.push_back({{"field", "first"}, {"op", "le"}, {"value", number}});
        both.push_back({{"field", "last"}, {"op", "ge"}, {"value", number}});
        bj::object query{{"collection", collection}};
        query["filter"] = {{"and", std::move(both)}};
        return call("store", "query", query).at("records").at(0).as_object();
    }
    void set(const char* collection, const bj::object& record, const bj::object& values) {
        apply({{"op", "update"},
               {"collection", collection},
               {"id", record.at("id")},
               {"set", values}});
    }
    // Replaces text inside the entry's line.
    void tamper(std::int64_t number, std::string_view from, std::string_view to) {
        const auto page = record(number);
        std::string text(page.at("entries").as_string());
        const auto line = text.find(R"({"id":)" + std::to_string(number) + ",");
        ASSERT_NE(line, text.npos);
        const auto at = text.find(from, line);
        ASSERT_NE(at, text.npos);
        set("audit_pages", page, {{"entries", text.replace(at, from.size(), to)}});
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

TEST_F(AuditInHost, NotesADeedOfWhoeverDidIt) {
    const bj::object deed{
        {"action", "plugin.restarted"}, {"resource_id", "main/hello"}, {"outcome", "done"}};
    const Principal root{.id = "7", .name = "root", .role = "admin"};
    call("audit.entries", "note", deed, root);
    ASSERT_TRUE(host.eventually([&] { return count() == 1; }));
    const auto entry = listed({{"resource", "plugin"}}).at(0).as_object();
    EXPECT_EQ(entry.at("action"), "plugin.restarted");
    EXPECT_EQ(entry.at("resource_id"), "main/hello");
    EXPECT_EQ(entry.at("actor").at("name"), "root");
    EXPECT_EQ(entry.at("after"), bj::parse(R"({"plugin":"main/hello","outcome":"done"})"));
}

TEST_F(AuditInHost, NotesNothingThatIsNoDeedAndNothingOfWhoMayGiveNoOrders) {
    const bj::object good{
        {"action", "dead_letter.dropped"}, {"resource_id", "main:1"}, {"outcome", "failed"}};
    const auto note = [&](const bj::object& deed, const Principal& principal) {
        return host.call("audit.entries", "note", bj::serialize(deed), principal).code;
    };
    for (const auto* role : {"", "viewer", "editor"})
        EXPECT_EQ(note(good, {.id = "5", .role = role}), kDenied) << role;
    const Principal root{.id = "7", .role = "admin"};
    for (const auto& [name, value] :
         {std::pair("action", "stream.deleted"), std::pair("action", ""),
          std::pair("outcome", "perhaps"), std::pair("resource_id", "")}) {
        auto bad = good;
        bad[name] = value;
        EXPECT_EQ(note(bad, root), kInvalid) << name << " " << value;
        bad.erase(name);
        EXPECT_EQ(note(bad, root), kInvalid) << "without " << name;
    }
    EXPECT_EQ(note(good, root), 0);
    ASSERT_TRUE(host.eventually([&] { return count() == 1; }));
}

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
    tamper(3, R"("name":"ada")", R"("name":"eve")");
    EXPECT_EQ(flaws(), "3 changed, 1 hidden") << "the index has the old name";
    tamper(3, R"("name":"eve")", R"("name":"ada")");
    EXPECT_EQ(flaws(), "");
    tamper(2, R"("enabled":true)", R"("enabled":null)");
    EXPECT_EQ(flaws(), "2 changed");
    tamper(2, R"("enabled":null)", R"("enabled":true)");
    EXPECT_EQ(flaws(), "");

    const auto page = record(6);
    std::string text(page.at("entries").as_string());
    const auto last_line = text.rfind('\n');
    const auto first = std::to_string(page.at("first").as_int64());
    set("audit_pages", page, {{"entries", text.substr(0, last_line)}});
    EXPECT_EQ(flaws(), first + " hidden, 6 removed");
    set("audit_pages", page, {{"entries", text + text.substr(last_line)}});
    EXPECT_EQ(flaws(), "6 added, " + first + " hidden");
    set("audit_pages", page, {{"entries", text}});
    EXPECT_EQ(flaws(), "");
    apply({{"op", "delete"}, {"collection", "audit_pages"}, {"id", record(1).at("id")}});
    EXPECT_TRUE(flaws().starts_with("1 removed"));
}

TEST_F(AuditInHost, NamesEntriesThatSearchesWouldNotFind) {
    change(3);
    const auto index = record(1, "audit_index");
    std::string keys(index.at("keys").as_string());
    keys.replace(keys.find("ada"), 3, "eve");
    set("audit_index", index, {{"keys", keys}});
    EXPECT_EQ(flaws(), "1 hidden");
    apply({{"op", "delete"}, {"collection", "audit_index"}, {"id", index.at("id")}});
    EXPECT_EQ(flaws(), "1 hidden");
}

TEST_F(AuditInHost, GoesOnInAPageUntilItIsFull) {
    for (int n = 0; n < 5; ++n)
        change(1);
    EXPECT_EQ(record(1).at("last"), 5) << "changes one at a time share a page";
    change(80);
    EXPECT_LT(record(1).at("last").as_int64(), 85);
    EXPECT_EQ(record(85).at("last"), 85);
    EXPECT_EQ(listed({{"limit", 100}}).size(), 85U);
    EXPECT_EQ(listed({{"limit", 100}, {"actor", "ada"}}).size(), 85U);
    const auto second = listed({{"limit", 30}, {"offset", 30}, {"actor", "ada"}});
    ASSERT_EQ(second.size(), 30U);
    EXPECT_EQ(second[0].at("id"), 55);
    EXPECT_EQ(second[29].at("id"), 26);
    EXPECT_EQ(flaws(), "");
}

TEST_F(AuditInHost, WritesNothingTwiceWhenTheJournalIsReadAgain) {
    change(5);
    ASSERT_TRUE(host.disable("audit"));
    // As if the position had not been saved before a crash.
    const auto epoch = call("journal", "read", {{"after", 0}, {"limit", 1}}).at("epoch");
    bj::object position{{"name", "audit/entries"}, {"epoch", epoch}, {"sequence", 0}};
    position["parked"] = bj::array();
    bj::object save;
    save["positions"] = bj::array{std::move(position)};
    call("journal", "save_positions", save);
    ASSERT_TRUE(host.enable("audit"));
    change(1);
    EXPECT_EQ(count(), 6);
    EXPECT_EQ(flaws(), "");
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
    auto everything = bj::serialize(call("store", "query", {{"collection", "audit_pages"}}));
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
    tamper(1, R"("enabled":true)", R"("enabled":null)");
    const auto broken = run("audit verify", {});
    EXPECT_EQ(broken.code, kDataLoss);
    EXPECT_EQ(broken.message, "the audit was tampered with: entry 1 was changed");
}

}  // namespace
}  // namespace streamwall::testing
