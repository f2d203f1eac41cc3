// The plugin in a real host, over the SQLite store.
#include <streamwall/testing/host.hpp>

#include <boost/json.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace streamwall::testing {
namespace {

namespace bj = boost::json;

constexpr int kInvalid = 3;
constexpr int kNotFound = 5;
constexpr int kTaken = 6;
constexpr int kDenied = 7;
constexpr int kPrecondition = 9;

const Principal kOperator{.type = "operator", .role = "admin"};

class FeaturesInHost : public ::testing::Test {
  protected:
    FeaturesInHost()
        : host(Options{.plugins = {STORAGE_SO, FEATURES_SO},
                       .required = {"storage-sqlite", "features"},
                       .time = Time::real}) {
        const auto started = host.start();
        EXPECT_TRUE(started) << started.message;
    }
    ~FeaturesInHost() override {
        host.stop();
        EXPECT_TRUE(host.complaints().empty()) << host.complaints().front();
    }

    Answer flags(const char* method, const bj::object& body, const Principal& principal = {}) {
        return host.call("features.flags", method, bj::serialize(body), principal);
    }
    Answer update(std::string_view key, const bj::object& body) {
        return flags("update", {{"key", key}, {"body", body}});
    }
    bool is_on(std::string_view key, const Principal& principal = {}, std::string_view node = "a") {
        const auto said = flags("decide", {{"key", key}, {"node", node}}, principal);
        EXPECT_TRUE(said) << said.message;
        return said.body == R"({"on":true})";
    }
    static bj::object parsed(const Answer& answer) {
        EXPECT_TRUE(answer) << answer.message;
        return answer ? bj::parse(answer.body).as_object() : bj::object{};
    }
    std::string command(const char* name, const bj::object& arguments) {
        const bj::object request{{"arguments", arguments}};
        const auto said =
            parsed(host.call("features.commands", name, bj::serialize(request), kOperator));
        return said.empty() ? "" : std::string(said.at("out").as_string());
    }

    Host host;
};

TEST_F(FeaturesInHost, HaveTheFlagsOfTheOldSystemFromTheStart) {
    EXPECT_TRUE(is_on("stream_analytics"));
    EXPECT_TRUE(is_on("stream_bulk_import"));
    EXPECT_TRUE(is_on("stream_export"));
    EXPECT_FALSE(is_on("stream_tags"));
    EXPECT_FALSE(is_on("maintenance_mode"));
    EXPECT_FALSE(is_on("location_validation"));
    const auto page = parsed(flags("list", {{"limit", 2}, {"offset", 1}}));
    EXPECT_EQ(page.at("count"), 6);
    ASSERT_EQ(page.at("records").as_array().size(), 2U);
    EXPECT_EQ(page.at("records").at(0).at("key"), "maintenance_mode");
    EXPECT_TRUE(host.events("feature.changed").empty()) << "nobody has changed anything";
    EXPECT_EQ(flags("decide", {{"key", "unknown"}}).code, kNotFound);
}

TEST_F(FeaturesInHost, KeepWhatWasSetOverARestart) {
    ASSERT_TRUE(update("stream_export", {{"enabled", false}}));
    ASSERT_TRUE(flags("create", {{"body", {{"key", "new_wall"}, {"enabled", true}}}}));
    ASSERT_TRUE(host.stop());
    ASSERT_TRUE(host.start());
    EXPECT_FALSE(is_on("stream_export"));
    EXPECT_TRUE(is_on("new_wall"));
    EXPECT_EQ(parsed(flags("list", {})).at("count"), 7);
}

TEST_F(FeaturesInHost, DecideByEveryGate) {
    const Principal editor{.id = "5", .role = "editor"};
    const Principal viewer{.id = "6", .role = "viewer"};
    const struct {
        bj::object body;
        bool for_editor, for_viewer;
    } cases[] = {
        {{{"roles", {"editor"}}}, true, false},
        {{{"roles", {"viewer", "editor"}}}, true, true},
        {{{"roles", nullptr}, {"users", {6}}}, false, true},
        {{{"users", nullptr}, {"nodes", {"b"}}}, false, false},
        {{{"nodes", {"a", "b"}}}, true, true},
        {{{"percentage_of_actors", 0}}, false, false},
        {{{"percentage_of_actors", 100}}, true, true},
        {{{"percentage_of_actors", nullptr}, {"percentage_of_time", 0}}, false, false},
        {{{"percentage_of_time", 100}}, true, true},
        {{{"enabled", false}}, false, false},
    };
    for (const auto& [body, for_editor, for_viewer] : cases) {
        ASSERT_TRUE(update("stream_export", body));
        EXPECT_EQ(is_on("stream_export", editor), for_editor) << body;
        EXPECT_EQ(is_on("stream_export", viewer), for_viewer) << body;
    }
}

TEST_F(FeaturesInHost, DecideAboutWhoeverTheyAreAskedAbout) {
    ASSERT_TRUE(update("stream_tags", {{"enabled", true}, {"users", {6}}}));
    const auto of = [&](std::string_view id) {
        return flags("decide", {{"key", "stream_tags"},
                                {"principal", {{"type", "user"}, {"id", id}, {"role", ""}}}})
            .body;
    };
    EXPECT_EQ(of("6"), R"({"on":true})");
    EXPECT_EQ(of("5"), R"({"on":false})");
}

TEST_F(FeaturesInHost, SwitchForSomeNodesOrAll) {
    const auto on = [&](const char* method, const bj::object& body) {
        bj::object request{{"key", "maintenance_mode"}};
        for (const auto& member : body)
            request[member.key()] = member.value();
        EXPECT_TRUE(flags(method, request));
        std::string where;
        for (const auto* node : {"test", "b", "c"})
            if (is_on("maintenance_mode", {}, node)) where += std::string(" ") + node;
        return where;
    };
    // The only node of this system is "test".
    EXPECT_EQ(on("enable", {{"nodes", {"b"}}}), " b");
    EXPECT_EQ(on("enable", {{"nodes", {"test"}}}), " test b");
    EXPECT_EQ(on("disable", {{"nodes", {"b"}}}), " test");
    EXPECT_EQ(on("disable", {{"nodes", {"test"}}}), "");
    EXPECT_EQ(on("enable", {}), " test b c");
    EXPECT_EQ(on("enable", {{"nodes", {"b"}}}), " test b c");
    EXPECT_EQ(on("disable", {{"nodes", {"b"}}}), " test") << "on for the others that there are";
    EXPECT_EQ(on("disable", {{"nodes", bj::array()}}), "");
    EXPECT_EQ(on("enable", {}), " test b c");
    EXPECT_EQ(on("disable", {{"nodes", {"test"}}}), "");
    for (const auto* wrong : {R"("a")", "5", "[5]", R"([""])", "{}"}) {
        const auto nodes = bj::parse(wrong);
        const auto refused = flags("enable", {{"key", "maintenance_mode"}, {"nodes", nodes}});
        EXPECT_EQ(refused.code, kInvalid) << nodes;
        EXPECT_EQ(refused.where, "nodes");
    }
}

TEST_F(FeaturesInHost, TellOfEachChangeAndOfNothingElse) {
    ASSERT_TRUE(flags("enable", {{"key", "stream_tags"}}));
    ASSERT_TRUE(flags("enable", {{"key", "stream_tags"}})) << "twice is once";
    ASSERT_TRUE(update("stream_tags", {{"enabled", true}, {"roles", bj::array()}}));
    ASSERT_TRUE(flags("create", {{"body", {{"key", "x"}}}}));
    ASSERT_TRUE(host.eventually([&] { return host.events("feature.changed").size() == 2; }));
    const auto events = host.events("feature.changed");
    EXPECT_EQ(events[0].subject, "feature/stream_tags");
    const auto data = bj::parse(events[0].envelope).at("data");
    EXPECT_EQ(data.at("enabled"), true);
    EXPECT_EQ(data.at("changes"), bj::parse(R"({"enabled":{"from":false,"to":true}})"));
    EXPECT_EQ(events[1].subject, "feature/x");
}

TEST_F(FeaturesInHost, HearWhatAnotherOneOverTheSameStoreHasChanged) {
    auto other = parsed(flags("get", {{"key", "stream_tags"}}));
    other["enabled"] = true;
    other["version"] = 9;
    ASSERT_TRUE(host.publish("feature.changed", "feature/stream_tags", bj::serialize(other)));
    EXPECT_TRUE(host.eventually([&] { return is_on("stream_tags"); }));
}

TEST_F(FeaturesInHost, AreChangedInTheVersionThatWasMeant) {
    const auto flag = parsed(flags("get", {{"key", "stream_tags"}}));
    const bj::object body{{"enabled", true}};
    const bj::object request{
        {"key", "stream_tags"}, {"versions", {flag.at("version")}}, {"body", body}};
    const auto changed = parsed(flags("update", request));
    EXPECT_EQ(changed.at("version").as_int64(), flag.at("version").as_int64() + 1);
    EXPECT_EQ(flags("update", request).code, kPrecondition);
    EXPECT_EQ(flags("enable", request).code, kPrecondition);
    EXPECT_EQ(update("unknown", body).code, kNotFound);
    EXPECT_EQ(flags("get", {{"key", "unknown"}}).code, kNotFound);
    EXPECT_EQ(flags("enable", {{"key", "a\"b"}}).code, kNotFound);
}

TEST_F(FeaturesInHost, TakeNothingThatIsWrong) {
    EXPECT_EQ(flags("create", {{"body", {{"key", "stream_tags"}}}}).code, kTaken);
    EXPECT_EQ(flags("create", {{"body", {{"key", "No Key"}}}}).code, kInvalid);
    EXPECT_EQ(flags("create", {{"body", "text"}}).code, kInvalid);
    const auto refused = update("stream_tags", {{"enabled", true}, {"roles", {"owner"}}});
    EXPECT_EQ(refused.code, kInvalid);
    EXPECT_NE(refused.details.find(R"("field":"roles")"), std::string::npos);
    EXPECT_FALSE(is_on("stream_tags")) << "nothing is half done";
}

TEST_F(FeaturesInHost, AreChangedByAdministratorsAlone) {
    for (const auto* role : {"viewer", "editor", ""}) {
        const Principal somebody{.id = "1", .role = role};
        for (const auto* method : {"list", "get", "create", "update", "enable", "disable"}) {
            const bj::object request{{"key", "stream_tags"}, {"body", {{"key", "x"}}}};
            EXPECT_EQ(flags(method, request, somebody).code, kDenied) << method;
        }
        EXPECT_TRUE(flags("decide", {{"key", "stream_tags"}}, somebody));
    }
}

TEST_F(FeaturesInHost, LoseNoChangeWhereManyChangeOneFlag) {
    std::vector<std::thread> writers;
    for (int n = 0; n < 8; ++n) {
        writers.emplace_back([&, n] {
            const auto node = "node-" + std::to_string(n);
            EXPECT_TRUE(flags("enable", {{"key", "stream_tags"}, {"nodes", {node}}}));
        });
    }
    for (auto& writer : writers)
        writer.join();
    EXPECT_EQ(parsed(flags("get", {{"key", "stream_tags"}})).at("nodes").as_array().size(), 8U);
}

TEST_F(FeaturesInHost, CommandsShowAndSwitchThem) {
    EXPECT_EQ(command("features enable", {{"_", {"maintenance_mode"}}}), "maintenance_mode  on\n");
    EXPECT_TRUE(is_on("maintenance_mode"));
    EXPECT_EQ(command("features disable", {{"_", {"maintenance_mode"}}}),
              "maintenance_mode  off\n");
    EXPECT_EQ(command("features set", {{"_", {"stream_export"}},
                                       {"roles", "editor, admin"},
                                       {"users", "2,1"},
                                       {"actors", "25"},
                                       {"time", "50"}}),
              "stream_export  on  roles admin,editor  users 1,2  25% of actors  50% of the time\n");
    EXPECT_EQ(command("features set",
                      {{"_", {"stream_export"}}, {"roles", ""}, {"actors", ""}, {"time", ""}}),
              "stream_export  on  users 1,2\n");
    EXPECT_EQ(command("features enable", {{"_", {"stream_tags"}}, {"nodes", "b,a"}}),
              "stream_tags  on  nodes a,b\n");
    EXPECT_EQ(command("features create", {{"_", {"new_wall"}}}), "new_wall  off\n");
    const auto list = command("features list", {});
    EXPECT_TRUE(
        list.starts_with("location_validation  off\nmaintenance_mode  off\nnew_wall  off\n"))
        << list;
    EXPECT_EQ(bj::parse(command("features list", {{"output", "json"}})).as_array().size(), 7U);
    const auto wrong = host.call("features.commands", "features set",
                                 R"({"arguments":{"_":["stream_tags"],"users":"ada"}})", kOperator);
    EXPECT_EQ(wrong.code, kInvalid);
    EXPECT_EQ(wrong.where, "users");
}

}  // namespace
}  // namespace streamwall::testing
