#include "exec/testing/temporary_folder.hpp"
#include "runtime/testing/probe_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <fstream>

namespace streamwall::runtime {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Switches : public ::testing::Test {
  protected:
    Switches() { node.emplace(folder); }

    void start() {
        ASSERT_EQ(
            node->start({node->instance("a"), node->instance("b"),
                         node->instance("s", "{}", "stiff"), node->instance("p", "{}", "provider"),
                         node->instance("u", "{}", "user")})
                .code,
            SW_OK);
        node->took();
        node->changes();
    }
    Node& kernel() { return **node; }
    std::string kept() const {
        std::ifstream file(folder / "overrides.json");
        std::string text;
        std::getline(file, text);
        return text;
    }

    exec::testing::TemporaryFolder folder{"switches"};
    std::optional<testing::ProbeNode> node;
};

TEST_F(Switches, RestartOneInstanceAndNoOther) {
    start();
    EXPECT_EQ(kernel().restart("a").code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 5 1"));
    EXPECT_EQ(node->state("a"), "running");
    EXPECT_EQ(kernel().instances().front().restarts, 1u);
    EXPECT_EQ(kept(), "");
}

TEST_F(Switches, EnableWhatIsRestartedWhileOff) {
    start();
    EXPECT_EQ(kernel().disable("a").code, SW_OK);
    EXPECT_EQ(kernel().restart("a").code, SW_OK);
    EXPECT_EQ(node->state("a"), "running");
    EXPECT_EQ(kept(), R"({"version":1,"instances":{}})");
}

TEST_F(Switches, NameTheNearestWhereThereIsNoSuchInstance) {
    ASSERT_EQ(node->start({node->instance("discovery")}).code, SW_OK);
    for (const auto& failure :
         {kernel().disable("discovry"), kernel().enable("discovry"), kernel().restart("discovry"),
          kernel().reset("discovry"), kernel().reconfigure("discovry", {})}) {
        EXPECT_EQ(failure.code, SW_NOT_FOUND);
        EXPECT_THAT(failure.message, HasSubstr("did you mean 'discovery'?"));
    }
}

TEST_F(Switches, StayOffOverARestartOfTheHostUntilReset) {
    start();
    EXPECT_EQ(kernel().disable("a").code, SW_OK);
    EXPECT_EQ(kept(), R"({"version":1,"instances":{"a":{"enabled":false}}})");
    start();
    EXPECT_EQ(node->state("a"), "disabled");
    EXPECT_EQ(node->reason("a"), "by an operator");
    EXPECT_EQ(kernel().reset("a").code, SW_OK);
    EXPECT_EQ(node->state("a"), "running");
    EXPECT_EQ(kept(), R"({"version":1,"instances":{}})");
}

TEST_F(Switches, StayOnWhereTheFileSaysOff) {
    auto off = node->instance("a");
    off.config.enabled = false;
    ASSERT_EQ(node->start({off}).code, SW_OK);
    EXPECT_EQ(node->state("a"), "disabled");
    EXPECT_EQ(kernel().enable("a").code, SW_OK);
    ASSERT_EQ(node->start({off}).code, SW_OK);
    EXPECT_EQ(node->state("a"), "running");
    EXPECT_EQ(kernel().disable("a").code, SW_OK);
    EXPECT_EQ(kept(), R"({"version":1,"instances":{}})");  // what the file says is no override
}

TEST_F(Switches, LeaveDependentsToThemselvesAndStartThemOnceWhatTheyNeedRuns) {
    start();
    EXPECT_EQ(kernel().disable("p").code, SW_OK);
    EXPECT_EQ(node->state("u"), "running");
    EXPECT_EQ(kernel().restart("u").code, SW_OK);
    EXPECT_EQ(node->state("u"), "waiting");
    EXPECT_EQ(node->reason("u"), "for p");
    EXPECT_EQ(kernel().enable("p").code, SW_OK);
    (*node)->pump();
    EXPECT_EQ(node->state("u"), "running");
}

TEST_F(Switches, GiveLiveSettingsToTheRunningPlugin) {
    start();
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: reconfigure 7"));
    EXPECT_EQ(kept(), R"({"version":1,"instances":{"a":{"settings":{"rate":7}}}})");
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", nullptr}}).code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: reconfigure 5"));
    EXPECT_EQ(kept(), R"({"version":1,"instances":{}})");
}

TEST_F(Switches, RestartTheInstanceForSettingsThatAreNotLive) {
    start();
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}, {"size", 2}}).code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 7 2"));
    EXPECT_EQ(kernel().reconfigure("s", {{"rate", 7}}).code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("s: stop", "s: start 7 1"));
}

TEST_F(Switches, DoNothingForSettingsThatAreTheSame) {
    start();
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 5}, {"size", 1}}).code, SW_OK);
    EXPECT_THAT(node->took(), IsEmpty());
}

TEST_F(Switches, KeepSettingsForTheNextStartOfWhatIsOff) {
    start();
    EXPECT_EQ(kernel().disable("a").code, SW_OK);
    node->took();
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    EXPECT_THAT(node->took(), IsEmpty());
    EXPECT_EQ(kernel().enable("a").code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: start 7 1"));
}

TEST_F(Switches, RefuseSettingsThatTheSchemaForbids) {
    start();
    const auto failure = kernel().reconfigure("a", {{"rate", 0}, {"rtae", 1}});
    EXPECT_EQ(failure.code, SW_INVALID_ARGUMENT);
    EXPECT_EQ(failure.where, "a");
    const auto errors = json::parse(failure.details).at("errors").as_array();
    ASSERT_EQ(errors.size(), 2u);
    EXPECT_EQ(errors[0].at("field"), "rate");
    EXPECT_THAT(std::string(errors[1].at("message").as_string()), HasSubstr("'rate'"));
    EXPECT_THAT(node->took(), IsEmpty());
    EXPECT_EQ(kept(), "");
}

TEST_F(Switches, KeepTheOldSettingsWhereThePluginRefusesLiveOnes) {
    start();
    const auto failure = kernel().reconfigure("a", {{"rate", 13}});
    EXPECT_EQ(failure.code, SW_INVALID_ARGUMENT);
    EXPECT_EQ(failure.message, "13 is no rate");
    EXPECT_THAT(node->took(), ElementsAre("a: reconfigure 13"));
    EXPECT_EQ(kernel().restart("a").code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 5 1"));
    EXPECT_EQ(kept(), "");
}

TEST_F(Switches, GoBackToTheOldSettingsWhereAStartWithNewOnesFails) {
    start();
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    node->took();
    const auto failure = kernel().reconfigure("a", {{"size", 13}});
    EXPECT_EQ(failure.code, SW_INVALID_ARGUMENT);
    EXPECT_EQ(failure.message, "13 is no size; it has its old settings again");
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 7 13", "a: stop", "a: start 7 1"));
    EXPECT_EQ(node->state("a"), "running");
    EXPECT_EQ(kept(), R"({"version":1,"instances":{"a":{"settings":{"rate":7}}}})");
}

TEST_F(Switches, ResetEverythingAtOnce) {
    start();
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    EXPECT_EQ(kernel().disable("b").code, SW_OK);
    node->took();
    EXPECT_EQ(kernel().reset("").code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: reconfigure 5", "b: start 5 1"));
    EXPECT_EQ(kept(), R"({"version":1,"instances":{}})");
}

TEST_F(Switches, StartWithTheFileAloneWhereKeptSettingsNoLongerFit) {
    std::ofstream(folder / "overrides.json")
        << R"({"version":1,"instances":{"a":{"settings":{"rate":-1}}}})";
    start();
    EXPECT_EQ(node->state("a"), "running");
    EXPECT_EQ(kernel().reset("a").code, SW_OK);
    EXPECT_EQ(kept(), R"({"version":1,"instances":{}})");
}

TEST_F(Switches, TellTheBusOfEveryChange) {
    start();
    EXPECT_EQ(kernel().disable("a").code, SW_OK);
    std::vector<std::string> states;
    for (const auto& change : node->changes()) {
        const auto data = json::parse(change).as_object();
        EXPECT_EQ(data.at("node"), "main");
        EXPECT_EQ(data.at("plugin"), "a");
        states.emplace_back(data.at("state").as_string());
    }
    EXPECT_THAT(states, ElementsAre("draining", "stopping", "stopped", "destroyed", "disabled"));
}

TEST_F(Switches, TellWhatWasBefore) {
    start();
    EXPECT_EQ(kernel().disable("a").code, SW_OK);
    EXPECT_EQ(json::parse(node->changes().front()),
              json::parse(R"({"node":"main","plugin":"a","state":"draining","reason":"",
                              "health":"down","health_reason":"",
                              "previous":{"state":"running","health":"ok"}})"));
}

}  // namespace
}  // namespace streamwall::runtime
