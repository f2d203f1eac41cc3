// Argument vectors and what comes of them: exit code, output, messages. No host runs here.
#include "cli/app.hpp"
#include "cli/progress.hpp"
#include "exec/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

namespace streamwall::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Result {
    int code;
    std::string out, err;
};

// A machine of its own: one folder, the plugins of this build, and the given variables.
class CommandLine : public testing::Test {
  protected:
    CommandLine() {
        variables["STREAMWALL_PLUGIN_PATH"] = PLUGINS;
        variables["STREAMWALL_DATA_DIR"] = (folder / "data").string();
    }

    Result run(const std::vector<std::string>& arguments, const std::string& input = "") {
        std::istringstream in(input);
        std::ostringstream out, err;
        const Environment environment{
            [this](std::string_view name) -> std::optional<std::string> {
                const auto found = variables.find(name);
                return found == variables.end() ? std::nullopt : std::optional(found->second);
            },
            folder / "bin" / "streamwall"};
        const int code = run_command_line(arguments, {in, out, err}, environment);
        return {code, out.str(), err.str()};
    }
    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(folder / name) << text;
        return (folder / name).string();
    }

    exec::testing::TemporaryFolder folder{"cli"};
    std::map<std::string, std::string, std::less<>> variables;
};

struct Usage {
    std::vector<std::string> arguments;
    int code;
    std::string out, err;  // parts that must occur
};

TEST(Progress, IsABarWithCounts) {
    EXPECT_EQ(progress_line(0, 2500), "[                              ]   0 %  0 of 2,500");
    EXPECT_EQ(progress_line(1250, 2500), "[###############               ]  50 %  1,250 of 2,500");
    EXPECT_EQ(progress_line(9, 3), "[##############################] 100 %  3 of 3");
    EXPECT_EQ(progress_line(0, 0), "[##############################] 100 %  0 of 0");
}

TEST_F(CommandLine, EndsWithTheDocumentedCodes) {
    const std::vector<Usage> cases = {
        {{"version"}, kDone, "streamwall ", ""},
        {{"version", "--output", "json"}, kDone, R"("plugin_abi":"1.0")", ""},
        {{"--help"}, kDone, "discover", ""},
        {{"run", "--help"}, kDone, "Examples:", ""},
        {{}, kWrongUsage, "", "Usage: streamwall"},
        {{"chek"}, kWrongUsage, "", "did you mean 'check'?"},
        {{"plugins", "lst"}, kWrongUsage, "", "no command 'plugins lst'; did you mean 'list'?"},
        {{"plugins"}, kWrongUsage, "", "subcommand"},
        {{"run", "--bogus"}, kWrongUsage, "", "--bogus"},
        {{"version", "--output", "xml"}, kWrongUsage, "", "xml"},
        {{"dead-letters", "retry", "x"}, kWrongUsage, "", "ID"},
        {{"call", "a", "b", "{"}, kWrongUsage, "", "not JSON"},
        {{"check", "-c", "/no/such.yaml"}, kBadConfig, "", "/no/such.yaml cannot be read"},
        {{"check", "-c", "/"}, kBadConfig, "", "is a folder"},
        {{"run", "-c", "/no/such.yaml"}, kBadConfig, "", "/no/such.yaml cannot be read"},
        {{"status"}, kUnreachable, "", "streamwall run"},
        {{"nodes"}, kUnreachable, "", "streamwall run"},
        {{"show", "health"}, kUnreachable, "", "no host runs"},
        {{"events", "tap"}, kUnreachable, "", "no host runs"},
        {{"plugins", "restart", "catalog"}, kUnreachable, "", "no host runs"},
        {{"status", "--output", "json"}, kUnreachable, R"("code":"UNAVAILABLE")", ""},
        {{"plugins", "inspect", "nothing"}, kFailed, "", "no plugin is called 'nothing'"},
        {{"plugins", "inspect", "discovery"}, kDone, "seen_capacity", ""},
    };
    for (const auto& [arguments, code, out, err] : cases) {
        SCOPED_TRACE(testing::PrintToString(arguments));
        const auto result = run(arguments);
        EXPECT_EQ(result.code, code);
        EXPECT_THAT(result.out, HasSubstr(out));
        EXPECT_THAT(result.err, HasSubstr(err));
        if (code == kDone) EXPECT_THAT(result.err, IsEmpty());
    }
}

TEST_F(CommandLine, HasExamplesInTheHelpOfEveryBuiltInCommand) {
    const std::vector<std::vector<std::string>> commands = {{"run"},
                                                            {"check"},
                                                            {"print-config"},
                                                            {"plugins"},
                                                            {"plugins", "list"},
                                                            {"plugins", "inspect"},
                                                            {"plugins", "enable"},
                                                            {"status"},
                                                            {"show"},
                                                            {"events", "tap"},
                                                            {"dead-letters", "list"},
                                                            {"dead-letters", "drop"},
                                                            {"call"},
                                                            {"version"},
                                                            {"completion"}};
    for (auto command : commands) {
        SCOPED_TRACE(testing::PrintToString(command));
        command.emplace_back("--help");
        const auto result = run(command);
        EXPECT_EQ(result.code, kDone);
        EXPECT_THAT(result.out, HasSubstr("Examples:\n  "));
    }
}

TEST_F(CommandLine, ChecksAValidConfigurationSilently) {
    const auto file = write("a.yaml", "nodes: {main: {plugins: [discovery]}}\n");
    const auto result = run({"check", "-c", file});
    EXPECT_EQ(result.code, kDone);
    EXPECT_EQ(result.out, file + ": valid\n");
    EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(CommandLine, ChecksForMachinesToo) {
    const auto file = write("a.yaml", "nodes: {main: {plugins: [discovry]}}\n");
    const auto result = run({"check", "-c", file, "--output", "json"});
    EXPECT_EQ(result.code, kBadConfig);
    EXPECT_THAT(result.err, IsEmpty());
    const auto found = json::parse(result.out).as_object();
    EXPECT_FALSE(found.at("valid").as_bool());
    const auto& first = found.at("diagnostics").as_array().at(0).as_object();
    EXPECT_EQ(first.at("code"), "SW-CFG-0208");
    EXPECT_EQ(first.at("line"), 1);
    EXPECT_EQ(first.at("hint"), "discovery");
}

TEST_F(CommandLine, SaysWhyAPluginThatTheConfigurationNamesIsRefused) {
    fs::create_directories(folder / "plugins");
    write("plugins/broken.so", "no library");
    const auto file = write("a.yaml", "nodes: {main: {plugins: [broken]}}\n");
    const auto result = run({"check", "-c", file});
    EXPECT_EQ(result.code, kBadConfig);
    EXPECT_THAT(result.err, AllOf(HasSubstr("broken.so is refused"), HasSubstr("not an ELF file")));
    // A node starts nevertheless, degraded: what is required decides.
    EXPECT_EQ(run({"print-config", "-c", file}).code, kDone);
}

TEST_F(CommandLine, ListsRefusedPluginsWithTheReason) {
    fs::create_directories(folder / "plugins");
    write("plugins/broken.so", "no library");
    const auto result = run({"plugins", "list"});
    EXPECT_EQ(result.code, kDone);
    EXPECT_THAT(result.out, AllOf(HasSubstr("not an ELF file"), HasSubstr("discovery")));
    const auto as_json = json::parse(run({"plugins", "list", "--output", "json"}).out).as_array();
    EXPECT_EQ(as_json.at(0).as_object().at("name"), "broken");
    EXPECT_FALSE(as_json.at(0).as_object().at("usable").as_bool());
}

TEST_F(CommandLine, PrintsTheConfigurationWithDefaultsAndTheDataFolder) {
    const auto file = write("a.yaml",
                            "nodes: {main: {plugins: [storage-sqlite]}}\n"
                            "plugins: {storage-sqlite: {path: \"${data}/wall.db\"}}\n");
    const auto result = run({"print-config", "-c", file});
    EXPECT_EQ(result.code, kDone) << result.err;
    EXPECT_THAT(result.out,
                AllOf(HasSubstr("readers: "), HasSubstr((folder / "data").string() + "/wall.db")));
}

TEST_F(CommandLine, LetsAFileNameTheDataFolder) {
    const auto file = write("a.yaml",
                            "nodes: {main: {plugins: [discovery]}}\n"
                            "kernel: {data_dir: /srv/wall}\n"
                            "plugins: {discovery: {place_hint: \"${data}\"}}\n");
    const auto result = run({"print-config", "-c", file});
    EXPECT_EQ(result.code, kDone) << result.err;
    EXPECT_THAT(result.out, HasSubstr("place_hint: /srv/wall"));
}

TEST_F(CommandLine, AsksForTheNodeWhereThereAreSeveral) {
    const auto file = write("a.yaml", "nodes: {a: {plugins: []}, b: {plugins: []}}\n");
    const auto ambiguous = run({"print-config", "-c", file});
    EXPECT_EQ(ambiguous.code, kBadConfig);
    EXPECT_THAT(ambiguous.err, HasSubstr("--node"));
    EXPECT_EQ(run({"print-config", "-c", file, "--node", "b"}).code, kDone);
    EXPECT_EQ(run({"print-config", "-c", file, "--node", "c"}).code, kBadConfig);
}

TEST_F(CommandLine, RefusesALogLevelThatDoesNotExist) {
    variables["STREAMWALL_LOG"] = "loud";
    const auto file = write("a.yaml", "nodes: {main: {plugins: []}}\n");
    const auto result = run({"print-config", "-c", file});
    EXPECT_EQ(result.code, kBadConfig);
    EXPECT_THAT(result.err, HasSubstr("STREAMWALL_LOG: 'loud' is no level"));
}

TEST_F(CommandLine, RunsAPluginsCommandInThisProcess) {
    const auto result = run({"discover", "twitch.tv/example", "Portland,", "OR"});
    EXPECT_EQ(result.code, kDone) << result.err;
    const auto found = json::parse(result.out).as_object();
    const auto& stream = found.at("streams").as_array().at(0).as_object();
    EXPECT_EQ(stream.at("platform"), "twitch");
    EXPECT_EQ(stream.at("city"), "Portland");
}

TEST_F(CommandLine, GivesAPluginsCommandStandardInput) {
    const auto result = run({"discover", "--stdin"}, "kick.com/one\n\nkick.com/two\n");
    EXPECT_EQ(result.code, kDone) << result.err;
    EXPECT_EQ(std::ranges::count(result.out, '\n'), 3);
}

TEST_F(CommandLine, ReportsWrongUseOfAPluginsCommand) {
    const auto result = run({"discover"});
    EXPECT_EQ(result.code, kWrongUsage);
    EXPECT_THAT(result.err, HasSubstr("--stdin"));
}

TEST_F(CommandLine, ShowsHelpOfAPluginsCommandFromItsManifest) {
    const auto result = run({"discover", "--help"});
    EXPECT_EQ(result.code, kDone);
    EXPECT_THAT(result.out, AllOf(HasSubstr("--explain"), HasSubstr("Examples:")));
}

TEST_F(CommandLine, CompletesCommandsOfPluginsToo) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const auto result = run({"completion", shell});
        EXPECT_EQ(result.code, kDone);
        EXPECT_THAT(result.out,
                    AllOf(HasSubstr("discover"), HasSubstr("dead-letters"), HasSubstr("explain")))
            << shell;
    }
}

}  // namespace
}  // namespace streamwall::cli
