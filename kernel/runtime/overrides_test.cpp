#include "runtime/overrides.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <fstream>

namespace streamwall::runtime {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OverridesFile : public testing::Test {
  protected:
    void write(const std::string& text) { std::ofstream(folder / "overrides.json") << text; }

    exec::testing::TemporaryFolder folder{"overrides"};
};

TEST_F(OverridesFile, KeepsSwitchesAndSettings) {
    Overrides overrides;
    overrides["a"].enabled = false;
    overrides["b"].settings = {{"limits", {{"high", 3}}}, {"tags", {"x"}}};
    EXPECT_EQ(write_overrides(folder, overrides).code, SW_OK);
    const auto read = read_overrides(folder);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 2u);
    EXPECT_EQ(read->at("a").enabled, false);
    EXPECT_EQ(read->at("b").settings, overrides["b"].settings);
    EXPECT_FALSE(read->at("b").enabled);
}

TEST_F(OverridesFile, IsForItsUserOnlySinceSettingsMayBeSecrets) {
    Overrides overrides;
    overrides["a"].settings = {{"token", "secret"}};
    EXPECT_EQ(write_overrides(folder, overrides).code, SW_OK);
    struct stat info{};
    ASSERT_EQ(::stat((folder / "overrides.json").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    EXPECT_FALSE(fs::exists(folder / "overrides.json.new"));
}

TEST_F(OverridesFile, IsNotNeeded) {
    EXPECT_TRUE(read_overrides(folder)->empty());
    EXPECT_TRUE(read_overrides("")->empty());
    EXPECT_EQ(write_overrides("", {}).code, SW_OK);
}

TEST_F(OverridesFile, IsRefusedWholeWhereItCannotBeUnderstood) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "no JSON"},
        {"[]", "no JSON object"},
        {R"({"instances":{}})", "version"},
        {R"({"version":2,"instances":{}})", "version"},
        {R"({"version":1})", "no instances"},
    };
    for (const auto& [text, why] : cases) {
        write(text);
        const auto read = read_overrides(folder);
        ASSERT_FALSE(read) << text;
        EXPECT_THAT(read.error().message, HasSubstr(why)) << text;
    }
}

TEST_F(OverridesFile, SaysWhereTheChangeCannotBeKept) {
    const auto failure = write_overrides("/proc/nowhere", {});
    EXPECT_EQ(failure.code, SW_INTERNAL);
    EXPECT_THAT(failure.message, HasSubstr("/proc/nowhere/overrides.json"));
}

TEST_F(OverridesFile, IsDescribedWithoutValues) {
    Overrides overrides;
    overrides["a"].enabled = true;
    overrides["a"].settings = {{"token", "hush"}};
    EXPECT_EQ(boost::json::serialize(describe(overrides)),
              R"([{"instance":"a","enabled":true,"settings":["token"]}])");
}

}  // namespace
}  // namespace streamwall::runtime
