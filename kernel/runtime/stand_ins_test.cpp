// When a process gets a journal of its own accord.
#include "runtime/stand_ins.hpp"

#include <streamwall/plugin.h>

#include <gtest/gtest.h>

namespace streamwall::runtime {
namespace {

constexpr sw_plugin_api kTable{
    sizeof(sw_plugin_api), 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};

class StandInsTest : public testing::Test {
  protected:
    StandInsTest() {
        add("finder", "publishes: [{type: stream.discovered, class: durable}]\n");
        add("chat", "publishes: [{type: chat.message, class: transient}]\n");
        add("store", "provides: [store, journal]\n");
        add("little-journal",
            "provides: [journal]\nstand_in_for: journal\nsettings: {type: object, properties: "
            "{path: {type: string, default: \"${data}/journal\"}}}\n");
    }
    void add(const std::string& name, const std::string& more) {
        entries_.push_back(std::make_unique<sw_plugin_entry>(sw_plugin_entry{
            sizeof(sw_plugin_entry), SW_ABI_MAJOR, SW_ABI_MINOR, "", "1.0.0", "", &kTable}));
        names_.push_back(std::make_unique<std::string>(name));
        entries_.back()->name = names_.back()->c_str();
        const auto added = modules_.add_built_in(
            "name: " + name + "\nversion: \"1.0.0\"\nabi: \"1.0\"\n" + more, entries_.back().get());
        if (!added) throw std::logic_error(added.error().message);
    }
    std::vector<std::string> with(const std::vector<std::string>& plugins,
                                  const std::set<std::string>& elsewhere = {}) {
        instances_.clear();
        for (const auto& plugin : plugins) {
            config::ResolvedInstance instance;
            instance.config.name = instance.config.plugin = plugin;
            instances_.push_back(std::move(instance));
        }
        add_stand_ins(instances_, modules_, elsewhere, "/data");
        std::vector<std::string> out;
        for (const auto& instance : instances_)
            out.push_back(instance.config.name);
        return out;
    }
    using Names = std::vector<std::string>;

    modules::ModuleStore modules_{{}};
    std::vector<std::unique_ptr<sw_plugin_entry>> entries_;
    std::vector<std::unique_ptr<std::string>> names_;
    std::vector<config::ResolvedInstance> instances_;
};

TEST_F(StandInsTest, WhoPublishesDurableEventsGetsAJournal) {
    EXPECT_EQ(with({"finder", "chat"}), (Names{"finder", "chat", "little-journal"}));
    EXPECT_EQ(instances_.back().settings.value.at("path").as_string(), "/data/journal");
    EXPECT_EQ(instances_.back().config.plugin, "little-journal");
}

TEST_F(StandInsTest, NotWhereThereIsOneInTheProcessOrOnTheNode) {
    EXPECT_EQ(with({"finder", "store"}), (Names{"finder", "store"}));
    EXPECT_EQ(with({"finder", "little-journal"}), (Names{"finder", "little-journal"}));
    EXPECT_EQ(with({"finder"}, {"journal"}), Names{"finder"});
}

TEST_F(StandInsTest, NotWhereNothingDurableIsPublished) {
    EXPECT_EQ(with({"chat"}), Names{"chat"});
    EXPECT_EQ(with({}), Names{});
}

}  // namespace
}  // namespace streamwall::runtime
