// Libraries that are loaded in a child first. This program is that child, too.
#include "modules/trial.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace streamwall::modules {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TrialTest : public ::testing::Test {
  protected:
    TrialTest() { ::setenv("TRIAL_MARKS", (folder / "marks").c_str(), 1); }
    ~TrialTest() override { ::unsetenv("TRIAL_MARKS"); }
    // A library of this test, in a place where it can be changed.
    fs::path copy(const std::string& library) {
        const auto to = folder / (library + ".so");
        fs::copy_file(fs::path(LIBRARIES) / (library + ".so"), to);
        return to;
    }
    Trial trial(std::chrono::milliseconds limit = 30s) {
        return Trial({.program = "/proc/self/exe", .memory = folder / "memory", .limit = limit});
    }
    // What was loaded since the last call, in order.
    std::vector<std::string> loaded() {
        std::vector<std::string> names;
        std::ifstream file(folder / "marks");
        for (std::string name; std::getline(file, name);)
            names.push_back(name);
        fs::remove(folder / "marks");
        return names;
    }
    exec::testing::TemporaryFolder folder{"trial"};
};

TEST_F(TrialTest, TriesSoundLibrariesInOneChild) {
    const auto a = copy("trial_sound"), b = copy("trial_other");
    auto it = trial();
    it.run({a, b});
    EXPECT_TRUE(it.passes(a));
    EXPECT_TRUE(it.passes(b));
    EXPECT_EQ(it.children(), 1);
    EXPECT_THAT(loaded(), ElementsAre("sound", "other"));
}

TEST_F(TrialTest, FindsTheOneThatEndsTheProcess) {
    const auto bad = copy("trial_aborts"), good = copy("trial_sound");
    auto it = trial();
    it.run({bad, good});
    const auto refused = it.passes(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, SW_FAILED_PRECONDITION);
    EXPECT_THAT(refused.error().message, HasSubstr("ends the process with signal 6 (Aborted)"));
    EXPECT_THAT(refused.error().message, HasSubstr("no way on"));
    EXPECT_TRUE(it.passes(good));
}

TEST_F(TrialTest, DoesNotWaitForAConstructorThatHangs) {
    const auto refused = trial(200ms).passes(copy("trial_hangs"));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("does not end within 200 ms"));
}

TEST_F(TrialTest, RemembersWhatPassedUntilTheFileChanges) {
    const auto file = copy("trial_sound");
    EXPECT_TRUE(trial().passes(file));
    loaded();

    auto again = trial();
    EXPECT_TRUE(again.passes(file));
    EXPECT_EQ(again.children(), 0);
    EXPECT_THAT(loaded(), ElementsAre());

    fs::copy_file(fs::path(LIBRARIES) / "trial_aborts.so", file,
                  fs::copy_options::overwrite_existing);
    auto changed = trial();
    changed.run({file});
    EXPECT_FALSE(changed.passes(file));
}

TEST_F(TrialTest, TriesAgainWhatFailed) {
    const auto file = copy("trial_aborts");
    EXPECT_FALSE(trial().passes(file));
    EXPECT_FALSE(trial().passes(file));
    EXPECT_THAT(loaded(), ElementsAre("aborts", "aborts"));
}

TEST_F(TrialTest, IgnoresAMemoryThatIsDamaged) {
    const auto file = copy("trial_sound");
    for (const std::string damage : {"", "{", "[]", R"({"program":1,"passed":[]})"}) {
        std::ofstream(folder / "memory") << damage;
        auto it = trial();
        EXPECT_TRUE(it.passes(file)) << damage;
        EXPECT_EQ(it.children(), 1) << damage;
    }
}

TEST_F(TrialTest, LeavesToTheHostWhatTheLoaderRefuses) {
    std::ofstream(folder / "text.so") << "no library";
    EXPECT_TRUE(trial().passes(folder / "text.so"));
}

}  // namespace
}  // namespace streamwall::modules

int main(int argc, char** argv) {
    if (argc > 1 && streamwall::modules::kTrialVerb == std::string_view(argv[1])) {
        streamwall::modules::load_and_exit(std::vector<std::string>(argv + 2, argv + argc));
    }
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
