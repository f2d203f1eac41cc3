// What a reload does to each instance.
#include "config/diff.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/test_manifests.hpp"

namespace streamwall::config {
namespace {

const testing_support::Manifests& house() {
    static const testing_support::Manifests manifests = [] {
        testing_support::Manifests all;
        all.add("hub", R"json({"type":"object","properties":{
            "rate":{"type":"integer","default":5,"x-reload":"live"},
            "listen":{"type":"string","default":"a:1"},
            "limits":{"type":"object","x-reload":"live","properties":{
                "body":{"type":"integer"},"depth":{"type":"integer","x-reload":"restart"}}}}})json");
        all.add("other");
        return all;
    }();
    return manifests;
}

ResolvedNode node(const std::string& plugins, const std::string& settings) {
    const ParsedTopology parsed = parse_topology(
        "nodes: {a: {plugins: [" + plugins + "]}}\nplugins: {" + settings + "}\n", "f");
    EXPECT_FALSE(has_errors(parsed.diagnostics)) << to_string(parsed.diagnostics[0]);
    Diagnostics found;
    const ResolvedNode resolved = resolve(parsed.topology, *select_node(parsed.topology, {}),
                                          house(), testing_support::sources(), found);
    EXPECT_FALSE(has_errors(found)) << to_string(found[0]);
    return resolved;
}

struct Case {
    const char* before;
    const char* after;
    Action action;
    std::vector<std::string> changed;
};

TEST(PlanReload, DecidesByWhatChanged) {
    const Case cases[] = {
        {"hub: {rate: 5}", "hub: {}", Action::kUnchanged, {}},
        {"hub: {rate: 5}", "hub: {rate: 6}", Action::kLive, {"rate"}},
        {"hub: {listen: x}", "hub: {listen: y}", Action::kRestart, {"listen"}},
        {"hub: {rate: 1}", "hub: {rate: 2, listen: y}", Action::kRestart, {"listen", "rate"}},
        {"hub: {limits: {body: 1}}", "hub: {limits: {body: 2}}", Action::kLive, {"limits.body"}},
        {"hub: {limits: {depth: 1}}", "hub: {limits: {}}", Action::kRestart, {"limits.depth"}},
        {"hub: {}", "hub: {limits: {body: 1}}", Action::kLive, {"limits"}},
        {"hub: {}", "hub: {isolation: apart}", Action::kRestart, {"isolation"}},
        {"hub: {}", "hub: {enabled: false}", Action::kRestart, {"enabled"}},
        {"hub: {}", "hub: {required: true}", Action::kLive, {"required"}},
    };
    for (const Case& item : cases) {
        const auto plans = plan_reload(node("hub", item.before), node("hub", item.after));
        ASSERT_EQ(plans.size(), 1U);
        EXPECT_EQ(plans[0].action, item.action)
            << item.before << " → " << item.after << " is " << to_string(plans[0].action);
        EXPECT_EQ(plans[0].changed, item.changed) << item.before << " → " << item.after;
    }
}

TEST(PlanReload, AddsAndRemovesInstancesWithoutTouchingOthers) {
    const auto plans = plan_reload(node("hub, old", "old: {plugin: other}"),
                                   node("hub, fresh", "fresh: {plugin: other}"));
    std::map<std::string, Action> actions;
    for (const InstancePlan& plan : plans)
        actions[plan.name] = plan.action;
    EXPECT_EQ(actions,
              (std::map<std::string, Action>{
                  {"fresh", Action::kAdd}, {"hub", Action::kUnchanged}, {"old", Action::kRemove}}));
}

}  // namespace
}  // namespace streamwall::config
