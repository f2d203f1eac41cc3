#include "import_command.hpp"
#include "testing/relations_fixture.hpp"

namespace streamwall::catalog::testing {
namespace {

namespace bj = boost::json;

// As pg_dump writes it: tables in the order of their names, cells between tabs.
constexpr std::string_view kDump =
    "SET client_encoding = 'UTF8';\n"
    "COPY public.flipper_features (id, key) FROM stdin;\n1\tx\n2\ty\n\\.\n\n"
    "COPY public.ignore_lists (id, list_type, value, notes) FROM stdin;\n"
    "1\ttwitch_user\tSpammer\t\\N\n2\tnonsense\tx\t\\N\n\\.\n\n"
    "COPY public.locations (id, city, state_province, region, country, latitude, longitude, "
    "is_known_city) FROM stdin;\n"
    "40\tAustin\tTX\t\\N\tUSA\t30.2672\t-97.7431\tt\n41\t\\N\tTX\t\\N\t\\N\t\\N\t\\N\tf\n\\.\n\n"
    "COPY public.streamer_accounts (id, streamer_id, platform, username, profile_url) FROM stdin;\n"
    "1\t30\tTwitch\tada\t\\N\n2\t30\tTikTok\tada.live\thttps://tiktok.com/@ada.live\n"
    "3\t30\tMySpace\tada\t\\N\n4\t31\tTwitch\tbob\t\\N\n\\.\n\n"
    "COPY public.streamers (id, name, notes, user_id) FROM stdin;\n"
    "30\tAda\tthe first\t20\n31\tBob\t\\N\t20\n\\.\n\n"
    "COPY public.streams (id, user_id, streamer_id, location_id, source, link, status, city, "
    "state, is_archived, last_checked_at, created_at) FROM stdin;\n"
    "10\t20\t30\t40\tAda\thttps://twitch.tv/ada\tLive\tAustin\tTX\tf\t2025-01-31 12:00:00\t2024\n"
    "11\t21\t31\t\\N\tBob\thttps://twitch.tv/bob\tOffline\t\\N\t\\N\tt\t2025-01-30 "
    "12:00:00\t2024\n"
    "12\t20\t\\N\t41\tx\tnonsense\tLive\t\\N\t\\N\tf\t\\N\t2024\n\\.\n\n"
    "COPY public.timestamp_streams (id, timestamp_id, stream_id, stream_timestamp_seconds) FROM "
    "stdin;\n1\t50\t10\t3665\n2\t50\t11\t\\N\n3\t50\t12\t5\n\\.\n\n"
    "COPY public.timestamps (id, user_id, event_timestamp, title, description) FROM stdin;\n"
    "50\t20\t2025-01-31 11:30:00.5\tCrowd moves\tnorth\n51\t20\t2025-01-31 11:40:00\tx\t\\N\n"
    "\\.\n\n"
    "COPY public.users (id, email, encrypted_password, role, is_service_account) FROM stdin;\n"
    "20\tada@example.org\t$2a$12$hash\teditor\tf\n21\tbob@example.org\t\\N\tdefault\tt\n\\.\n";

class DumpImport : public RelationsTest {
  protected:
    // Keeps who was asked for; one without password is refused, as accounts do.
    void take_user(const Buffer& request, Reply reply) {
        const auto body = json::parse_object(request.view()).value();
        users.push_back(body.at("body").as_object());
        if (!users.back().contains("password_hash")) {
            return reply(Error::invalid("password_hash is none that can be checked"));
        }
        const bool is_dry = body.at("dry_run").as_bool();
        reply(json::Writer().number("id", is_dry ? 0 : 9).boolean("created", !has_users).buffer());
    }
    Object imported(std::string_view dump, bj::object arguments = {}) {
        arguments["_"] = bj::array{"dump.sql"};
        arguments["output"] = "json";
        users.clear();
        const auto request =
            json::Writer().raw("arguments", bj::serialize(arguments)).text("input", "").take();
        const ImportDoors doors{streams, resources,
                                [this](const Buffer& user, const sw_context&, Reply reply) {
                                    take_user(user, std::move(reply));
                                }};
        const ReadFile read = [dump](const std::string&, Reply reply) { reply(Buffer(dump)); };
        const auto reply =
            good(import_streams(doors, read, [](auto&&...) {}, request, Context(context)));
        return json::parse_object(std::string_view(reply.at("out").as_string())).value();
    }
    static std::string reasons(const Object& report) {
        std::string out;
        for (const auto& row : report.at("refused").as_array()) {
            out.append(row.at("table").as_string()).append(" ");
            out.append(std::string_view(row.at("reason").as_string()).substr(0, 12)).append("; ");
        }
        return out;
    }

    std::vector<Object> users;
    bool has_users = false;
    Resources resources{store, streams, [](const sw_context&) { return false; }};
};

TEST_F(DumpImport, TakesEverythingAndTurnsOldIdsIntoNewOnes) {
    streamed(R"({"url":"https://twitch.tv/somebody"})");  // so that ids differ from those of there
    const auto report = imported(kDump);
    EXPECT_EQ(report.at("created"), 2) << bj::serialize(report);
    const auto ada = stream(2);
    EXPECT_EQ(ada.at("url"), "https://twitch.tv/ada");
    EXPECT_EQ(ada.at("user_id"), 9);
    EXPECT_EQ(ada.at("streamer_name"), "Ada");
    EXPECT_EQ(ada.at("external_id"), "streamsource:10");
    const auto place = get(locations, ada.at("location_id").as_int64()).value();
    EXPECT_EQ(place.at("known_city"), true);
    EXPECT_EQ(place.at("latitude"), 30.2672);
    const auto bob = stream(3);
    EXPECT_EQ(bob.at("archived"), true);
    EXPECT_EQ(bob.at("user_id"), nullptr);
    EXPECT_EQ(bob.at("ended_at"), "2025-01-30T12:00:00.000Z");
    const auto streamer = get(streamers, ada.at("streamer_id").as_int64()).value();
    EXPECT_EQ(streamer.at("notes"), "the first");
    EXPECT_EQ(streamer.at("accounts").as_array().size(), 2u);
    EXPECT_EQ(streamer.at("accounts").at(1).at("url"), "https://tiktok.com/@ada.live/live");
    const auto moment = get(timestamps, 1).value();
    EXPECT_EQ(moment.at("event_at"), "2025-01-31T11:30:00.500Z");
    EXPECT_EQ(moment.at("user_id"), 9);
    EXPECT_EQ(moment.at("streams"), bj::parse(R"([{"stream_id":2,"offset_seconds":3665},
                                                 {"stream_id":3,"offset_seconds":null}])"));
    EXPECT_EQ(listed(resources.ignore_lists(), "value"), (bj::array{"spammer"}));
    ASSERT_EQ(users.size(), 2u);
    EXPECT_EQ(bj::value(users[0]),
              bj::parse(R"({"email":"ada@example.org","role":"editor","service":false,)"
                        R"("password_hash":"$2a$12$hash"})"));
    EXPECT_EQ(users[1].at("role"), "viewer");
}

TEST_F(DumpImport, TellsWhatItDidNotTakeAndWhy) {
    const auto report = imported(kDump);
    EXPECT_EQ(reasons(report),
              "ignore_lists list_type mu; locations city is requ; "
              "streamer_accounts platform is ; streams url the URL ; timestamps title must h; "
              "users password_has; ");
    EXPECT_EQ(report.at("refused").at(0).at("row"), 9);
    EXPECT_EQ(report.at("passed_over"), bj::parse(R"({"flipper_features":2})"));
    EXPECT_EQ(report.at("left_out"), bj::parse(R"({"locations of streams that are not here":1,
        "streams of timestamps that are not here":1,"users of streams that are not here":1})"));
    EXPECT_EQ(report.at("tables").at("streamers"),
              bj::parse(R"({"rows":2,"created":2,"known":0,"refused":0})"));
    EXPECT_EQ(report.at("tables").at("timestamps"),
              bj::parse(R"({"rows":2,"created":1,"known":0,"refused":1})"));
}

TEST_F(DumpImport, RunAgainItMakesNothingTwice) {
    imported(kDump);
    has_users = true;
    const auto before = store.events().size();
    const auto report = imported(kDump);
    EXPECT_EQ(report.at("created"), 0);
    EXPECT_EQ(report.at("known"), 2) << "the one in the archive, too";
    for (const auto& table : report.at("tables").as_object())
        EXPECT_EQ(table.value().at("created"), 0) << table.key();
    EXPECT_EQ(store.events().size(), before);
}

TEST_F(DumpImport, ADryRunMakesNothingAndFindsTheSameFaults) {
    const auto dry = imported(kDump, {{"dry-run", true}});
    EXPECT_EQ(dry.at("created"), 2);
    EXPECT_TRUE(store.events().empty());
    EXPECT_EQ(reasons(dry), reasons(imported(kDump)));
}

TEST_F(DumpImport, GoesOnBehindAStreamAndStillKnowsThoseBefore) {
    const std::string rest(kDump);
    const auto cut = rest.find("COPY public.timestamp_streams");
    imported(rest.substr(0, cut));
    const auto report = imported(kDump, {{"from", 32}});
    EXPECT_EQ(report.at("rows"), 1) << bj::serialize(report);
    EXPECT_EQ(get(timestamps, 1).value().at("streams").as_array().size(), 2u);
}

TEST_F(DumpImport, GivesAccountsToAStreamerWhoIsKnown) {
    made(streamers, R"({"name":"ADA"})");
    made(streamers, R"({"name":"Other","accounts":[{"platform":"twitch","username":"bob"}]})");
    const auto report = imported(kDump);
    EXPECT_EQ(report.at("tables").at("streamers").at("known"), 1);
    EXPECT_EQ(get(streamers, 1).value().at("accounts").as_array().size(), 2u);
    EXPECT_EQ(report.at("left_out").at("accounts that are another streamer's"), 1);
}

TEST_F(DumpImport, WithoutAccountsUsersArePassedOver) {
    const ImportDoors doors{streams, resources, {}};
    const ReadFile read = [](const std::string&, Reply reply) { reply(Buffer(kDump)); };
    const auto reply = good(import_streams(
        doors, read, [](auto&&...) {}, R"({"arguments":{"_":["x"]},"input":""})",
        Context(context)));
    const std::string_view text(reply.at("out").as_string());
    EXPECT_NE(text.find("Passed over: users, 2 rows.\n"), text.npos) << text;
    EXPECT_NE(text.find("Made 2 streamers of 2 rows; 0 were known, 0 refused.\n"), text.npos);
    EXPECT_NE(text.find("  row 20 (streamer_accounts): platform is unknown\n"), text.npos);
}

}  // namespace
}  // namespace streamwall::catalog::testing
