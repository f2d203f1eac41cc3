#include "entry.hpp"

#include <gtest/gtest.h>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;

Happening happening(std::string_view type, std::string_view subject, std::string_view data,
                    std::string_view changes = "{}") {
    return {.type = type,
            .subject = subject,
            .timestamp = "2026-01-31T12:00:00.000Z",
            .actor_type = "user",
            .actor_id = "5",
            .actor_name = "ada",
            .request_id = "req-1",
            .epoch = "e",
            .sequence = 7,
            .data = data,
            .changes = changes};
}

// The members of its line.
bj::object members_of(const std::optional<Entry>& entry) {
    return bj::parse(R"({"id":1)" + entry.value().members + "}").as_object();
}

TEST(Entries, SayWhoDidWhatToWhichRecord) {
    const auto entry =
        entry_of(happening("stream.created", "stream/17", R"({"id":17,"version":1})"));
    ASSERT_TRUE(entry);
    EXPECT_EQ(members_of(entry), bj::parse(R"({"id":1,"at":"2026-01-31T12:00:00.000Z",
        "actor":{"type":"user","id":"5","name":"ada"},"action":"stream.created",
        "resource":"stream","resource_id":"17","before":null,"after":{"id":17,"version":1},
        "request_id":"req-1","epoch":"e","sequence":7})"));
    EXPECT_EQ(entry->keys, "stream/17 5 ada;");
    EXPECT_EQ(entry->at_ms, 1769860800000);
    EXPECT_EQ(entry->sequence, 7);
}

TEST(Entries, HoldWhatWasBeforeAndAfter) {
    const struct {
        const char* type;
        const char* data;
        const char* changes;
        const char* before;
        const char* after;
    } cases[] = {
        {"stream.created", R"({"id":1,"version":1})", "{}", "null", R"({"id":1,"version":1})"},
        {"stream.deleted", R"({"id":1,"version":3})", "{}", R"({"id":1,"version":3})", "null"},
        {"stream.updated", R"({"id":1,"title":"b","version":2})",
         R"({"title":{"from":"a","to":"b"}})", R"({"title":"a"})", R"({"title":"b"})"},
        // As an envelope has them.
        {"stream.updated", R"({"id":1,"version":2,"changes":{"title":{"from":null,"to":"b"}}})",
         "{}", R"({"title":null})", R"({"title":"b"})"},
        {"stream.updated", R"({"id":1,"version":2,"changes":{}})", "{}", "null",
         R"({"id":1,"version":2})"},
        {"user.profile.updated", R"({"id":1,"version":2})", "{}", "null",
         R"({"id":1,"version":2})"},
    };
    for (const auto& [type, data, changes, before, after] : cases) {
        const auto entry = entry_of(happening(type, "x/1", data, changes));
        ASSERT_TRUE(entry) << type;
        EXPECT_EQ(members_of(entry).at("before"), bj::parse(before)) << type;
        EXPECT_EQ(members_of(entry).at("after"), bj::parse(after)) << type;
    }
}

TEST(Entries, SayOfADeedHowItCameOut) {
    const auto data = R"({"plugin":"main/hello","outcome":"failed","error":"no"})";
    const auto entry = entry_of(happening("plugin.restarted", "plugin/main/hello", data));
    ASSERT_TRUE(entry);
    const auto members = members_of(entry);
    EXPECT_EQ(members.at("resource"), "plugin");
    EXPECT_EQ(members.at("resource_id"), "main/hello");
    EXPECT_TRUE(members.at("before").is_null());
    EXPECT_EQ(members.at("after"), bj::parse(data));
}

TEST(Entries, AreMadeOfChangesOfRecordsAndOfDeedsAlone) {
    EXPECT_FALSE(entry_of(happening("stream.discovered", "link/https://x", R"({"url":"x"})")));
    EXPECT_FALSE(entry_of(happening("stream.duplicate_seen", "stream/1", R"({"id":1})")));
    EXPECT_FALSE(entry_of(happening("x.done", "nothing", R"({"id":1,"version":1})")));
    EXPECT_FALSE(entry_of(happening("x.done", "x/1", R"({"id":1,"version":"1.0"})")));
}

TEST(Entries, NeverHoldASecret) {
    for (const auto* name : {"password", "password_hash", "hash", "old_hash", "secret", "token",
                             "api_key", "private_key", "pass\\u0077ord"}) {
        const auto member = "\"" + std::string(name) + R"(":"s3cret")";
        const auto data = R"({"id":1,"version":1,)" + member + R"(,"list":[{)" + member +
                          R"(}],"in":{)" + member + "}}";
        const auto changes = "{\"" + std::string(name) + R"(":{"from":"s3cret","to":"s3cret"}})";
        for (const auto* type : {"user.registered", "user.deleted"}) {
            const auto entry = entry_of(happening(type, "user/1", data));
            ASSERT_TRUE(entry);
            EXPECT_EQ(entry->members.find("s3cret"), std::string::npos) << name;
        }
        const auto entry = entry_of(happening("user.profile.updated", "user/1", data, changes));
        EXPECT_EQ(entry->members.find("s3cret"), std::string::npos) << name;
    }
}

TEST(Entries, AreOneLineWhateverTheyHold) {
    const auto data = "{\"id\":1,\n\"title\":\"a\\nb \\u0041\",\"version\":1}";
    const auto entry = entry_of(happening("stream.created", "stream/a\nb", data));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->members.find('\n'), std::string::npos);
    EXPECT_EQ(members_of(entry).at("after").at("title"), "a\nb A");
    EXPECT_EQ(entry->keys, "stream/a%0ab 5 ada;");
}

TEST(Entries, AreShownWithoutWhatIsInternal) {
    const auto entry =
        entry_of(happening("stream.deleted", "stream/17", R"({"id":17,"version":1})"));
    EXPECT_EQ(shown(R"({"id":3)" + entry->members + R"(,"hash":"abc"})"),
              bj::parse(R"({"id":3,"at":"2026-01-31T12:00:00.000Z",
        "actor":{"type":"user","id":"5","name":"ada"},"action":"stream.deleted",
        "resource":"stream","resource_id":"17","before":{"id":17,"version":1},"after":null,
        "request_id":"req-1","hash":"abc"})"));
}

}  // namespace
}  // namespace streamwall::audit
