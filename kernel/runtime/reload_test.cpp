#include "exec/testing/temporary_folder.hpp"
#include "runtime/testing/probe_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <cstdlib>

namespace streamwall::runtime {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReloadTest : public ::testing::Test {
  protected:
    ReloadTest() {
        node.emplace(folder);
        EXPECT_EQ(node->start({a(), b()}).code, SW_OK);
        node->took();
    }
    config::ResolvedInstance a(const std::string& settings = "{}") {
        return node->instance("a", settings);
    }
    config::ResolvedInstance b(const std::string& settings = "{}") {
        return node->instance("b", settings);
    }
    Node& kernel() { return **node; }

    exec::testing::TemporaryFolder folder{"reload"};
    std::optional<testing::ProbeNode> node;
};

TEST_F(ReloadTest, TouchesOnlyWhatDiffers) {
    const auto reload = kernel().reload({a(R"({"size":2})"), b()});
    EXPECT_EQ(reload.failure.code, SW_OK) << reload.failure.message;
    ASSERT_EQ(reload.steps.size(), 1u);
    EXPECT_EQ(reload.steps[0].action, config::Action::kRestart);
    EXPECT_THAT(reload.steps[0].changed, ElementsAre("size"));
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 5 2"));
    EXPECT_THAT(kernel().reload({a(R"({"size":2})"), b()}).steps, IsEmpty());
    EXPECT_THAT(node->took(), IsEmpty());
}

TEST_F(ReloadTest, GivesLiveSettingsToTheRunningPlugin) {
    EXPECT_EQ(kernel().reload({a(R"({"rate":6})"), b()}).failure.code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: reconfigure 6"));
}

TEST_F(ReloadTest, RemovesAndAdds) {
    auto off = node->instance("d");
    off.config.enabled = false;
    EXPECT_EQ(kernel().reload({b(), node->instance("c"), off}).failure.code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "c: start 5 1"));
    EXPECT_EQ(node->state("a"), "");
    EXPECT_EQ(node->state("c"), "running");
    EXPECT_EQ(node->state("d"), "disabled");
    EXPECT_EQ(kernel().restart("a").code, SW_NOT_FOUND);
    EXPECT_EQ(kernel().reload({a(), b()}).failure.code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("c: stop", "a: start 5 1"));
}

TEST_F(ReloadTest, ExchangesThePluginOfAnInstance) {
    EXPECT_EQ(kernel().reload({node->instance("a", "{}", "stiff"), b()}).failure.code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 5 1"));
    EXPECT_EQ(kernel().instances().front().plugin, "stiff");
}

TEST_F(ReloadTest, LetsWhatWasAddedWaitForWhatItNeeds) {
    EXPECT_EQ(kernel().reload({a(), b(), node->instance("u", "{}", "user")}).failure.code, SW_OK);
    EXPECT_EQ(node->state("u"), "waiting");
    EXPECT_EQ(kernel()
                  .reload({a(), b(), node->instance("u", "{}", "user"),
                           node->instance("p", "{}", "provider")})
                  .failure.code,
              SW_OK);
    kernel().pump();
    EXPECT_EQ(node->state("u"), "running");
}

TEST_F(ReloadTest, UndoesEverythingWhereOneStepFails) {
    const auto reload = kernel().reload(
        {a(R"({"rate":6})"), node->instance("c"), node->instance("d", R"({"size":13})")});
    EXPECT_EQ(reload.failure.code, SW_INVALID_ARGUMENT);
    EXPECT_EQ(reload.failure.where, "d");
    EXPECT_EQ(reload.failure.message, "d: 13 is no size");
    EXPECT_THAT(node->took(),
                ElementsAre("b: stop", "a: reconfigure 6", "c: start 5 1", "d: start 5 13",
                            "d: stop", "c: stop", "a: reconfigure 5", "b: start 5 1"));
    EXPECT_EQ(node->state("b"), "running");
    EXPECT_EQ(node->state("c"), "");
    EXPECT_EQ(node->state("d"), "");
    EXPECT_THAT(kernel().reload({a(), b()}).steps, IsEmpty());
}

TEST_F(ReloadTest, LeavesWhatOperatorsHaveSet) {
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    EXPECT_EQ(kernel().disable("b").code, SW_OK);
    node->took();
    EXPECT_EQ(kernel().reload({a(R"({"rate":6,"size":2})"), b(R"({"size":2})")}).failure.code,
              SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: stop", "a: start 7 2"));
    EXPECT_EQ(node->state("b"), "disabled");
    EXPECT_EQ(kernel().reset("").code, SW_OK);
    EXPECT_THAT(node->took(), ElementsAre("a: reconfigure 6", "b: start 5 2"));
}

TEST_F(ReloadTest, IsRefusedWhereWhatOperatorsHaveSetNoLongerFits) {
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    auto narrower = a();
    narrower.schema = *config::Schema::compile(json::parse(
        R"({"type":"object","additionalProperties":true,
            "properties":{"rate":{"type":"integer","maximum":6}}})"));
    const auto reload = kernel().reload({narrower, b()});
    EXPECT_EQ(reload.failure.code, SW_INVALID_ARGUMENT);
    EXPECT_THAT(reload.failure.message, HasSubstr("plugins reset a"));
    EXPECT_EQ(node->state("a"), "running");
}

TEST_F(ReloadTest, IsPlannedWithFileRunningAndOverrides) {
    EXPECT_EQ(kernel().reconfigure("a", {{"rate", 7}}).code, SW_OK);
    const auto plan = kernel().plan({a(R"({"rate":6,"size":2})"), node->instance("c")});
    EXPECT_EQ(plan.at("node"), "main");
    EXPECT_EQ(plan.at("instances"), json::parse(R"([
        {"instance":"a","action":"restart","changed":["size"],"state":"running",
         "beaten":["rate"],"settings":["rate"]},
        {"instance":"b","action":"remove","changed":[],"state":"running","beaten":[]},
        {"instance":"c","action":"add","changed":[],"state":null,"beaten":[]}])"));
    EXPECT_EQ(node->state("b"), "running");
}

TEST_F(ReloadTest, ShowsOverridesWithoutAnInstance) {
    EXPECT_EQ(kernel().disable("b").code, SW_OK);
    EXPECT_EQ(kernel().reload({a()}).failure.code, SW_OK);
    const auto plan = kernel().plan({a()});
    EXPECT_EQ(plan.at("unused"),
              json::parse(R"([{"instance":"b","enabled":false,"settings":[]}])"));
    EXPECT_EQ(kernel().reset("b").code, SW_OK);
    EXPECT_THAT(kernel().plan({a()}).at("unused").as_array(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::runtime
