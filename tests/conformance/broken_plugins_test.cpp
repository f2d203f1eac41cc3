// Whatever file lies among the plugins: one clear line says what is wrong with it, none of its code
// ran if a check could tell, and the rest of the host serves.
#include <streamwall/testing/host.hpp>
#include <streamwall/testing/temporary_folder.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace streamwall::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What happens to a file after it was copied among the plugins.
using Damage = void (*)(const fs::path& file);

void leave(const fs::path&) {}

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write(const fs::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}
void cut_in_half(const fs::path& file) {
    const auto content = read(file);
    write(file, content.substr(0, content.size() / 2));
}
void make_text(const fs::path& file) {
    write(file, "#!/bin/sh\necho no plugin\n");
}
void make_empty(const fs::path& file) {
    write(file, "");
}
void make_foreign(const fs::path& file) {
    auto content = read(file);
    content[18] = '\x16';  // e_machine: IBM S/390
    content[19] = '\0';
    write(file, content);
}
void let_others_write(const fs::path& file) {
    fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
}
void link_out(const fs::path& file) {
    const auto outside = file.parent_path().parent_path() / "outside.so";
    fs::rename(file, outside);
    fs::create_symlink(outside, file);
}

struct Case {
    std::string name;    // of the test
    std::string plugin;  // the fixture that is copied
    Damage damage;
    std::string says;  // part of the reason
    bool is_loaded;    // its static constructors ran, here or in a trial: no check knows better
    std::string sha256 = {};
    std::vector<std::string> beside = {};
    std::string state = "failed";

    friend void PrintTo(const Case& self, std::ostream* out) { *out << self.name; }
};

const Case kCases[] = {
    {"MissingEntry", "no-entry", leave, "lacks the function streamwall_plugin_entry_v1", true},
    {"EntryWithoutATable", "no-table", leave, "returns no usable table", true},
    {"OlderAbiInItsManifest", "old-abi", leave,
     "needs plugin ABI 0.9, this host offers 1.0 (field 'abi'); rebuild the plugin", false},
    {"NewerAbiInItsManifest", "future-abi", leave,
     "needs plugin ABI 1.999, this host offers 1.0 (field 'abi'); install a newer host", false},
    {"OtherAbiInItsEntry", "other-entry-abi", leave, "disagree on 'abi': '1' and '9'", true},
    {"Truncated", "sound", cut_in_half, "the file is truncated", false},
    {"NotElf", "sound", make_text, "not an ELF file", false},
    {"Empty", "sound", make_empty, "not an ELF file", false},
    {"OtherArchitecture", "sound", make_foreign, "built for another architecture", false},
    {"OtherNameInItsEntry", "other-name", leave, "disagree on 'name': 'other-name' and 'another'",
     true},
    {"OtherVersionInItsEntry", "other-version", leave, "disagree on 'version': '1.0.0' and '2.0.0'",
     true},
    {"WritableByOthers", "sound", let_others_write, "is writable by others", false},
    {"ThrowingConstructor", "throws-sdk", leave, "create: the constructor threw", false},
    {"ThrowingAcrossTheBoundary", "throws-raw", leave, "create: threw an exception", false},
    {"ExceptionWhileItIsLoaded", "throws-loading", leave,
     "loading it ends the process with signal 6 (Aborted): terminate called", true},
    {"CrashWhileItIsLoaded", "crashes-loading", leave, "loading it ends the process with ", true},
    {"ExitWhileItIsLoaded", "exits-loading", leave, "loading it ends the process with exit code 0",
     true},
    {"CyclicNeed",
     "cycle-a",
     leave,
     "needs itself: cycle-a → cycle-b → cycle-a",
     false,
     "",
     {"cycle-b"}},
    {"MissingNeed", "lonely", leave, "for nobody.offers", false, "", {}, "waiting"},
    {"MissingLibrary", "needs-absent", leave, "libstreamwall_absent.so", false},
    {"LinkOutOfItsFolder", "sound", link_out, "a link that leads out of its folder", false},
    {"WrongChecksum", "sound", leave, "the configuration pins 00", false, std::string(64, '0')},
};

class ABrokenPlugin : public ::testing::TestWithParam<Case> {
  protected:
    ABrokenPlugin() {
        fs::create_directories(root / "plugins");
        fs::create_directories(root / "marks");
        ::setenv("STREAMWALL_MARKS", (root / "marks").c_str(), 1);
    }
    ~ABrokenPlugin() override { ::unsetenv("STREAMWALL_MARKS"); }
    fs::path copy(const fs::path& plugin) {
        const auto to = root / "plugins" / plugin.filename();
        fs::copy_file(plugin, to);
        return to;
    }
    static fs::path broken(const std::string& name) {
        return fs::path(BROKEN_DIR) / (name + ".so");
    }
    // The broken plugin, what belongs to it, and a sound one that offers a service.
    Options options() {
        const auto& it = GetParam();
        Options out;
        out.plugins = {copy(broken(it.plugin)), copy(PROBE_SO)};
        it.damage(out.plugins[0]);
        for (const auto& other : it.beside)
            out.plugins.push_back(copy(broken(other)));
        out.program = PROGRAM;
        if (!it.sha256.empty()) out.sha256[it.plugin] = it.sha256;
        return out;
    }

    const streamwall::testing::TemporaryFolder root{"broken"};
};

INSTANTIATE_TEST_SUITE_P(With, ABrokenPlugin, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

TEST_P(ABrokenPlugin, IsNamedInOneLineWhileTheRestServes) {
    const auto& it = GetParam();
    Host host(options());
    const auto started = host.start();
    EXPECT_TRUE(started) << started.message;

    const auto state = host.state(it.plugin);
    EXPECT_EQ(state.state, it.state);
    EXPECT_THAT(state.reason, HasSubstr(it.says));
    EXPECT_EQ(state.reason.find('\n'), std::string::npos) << state.reason;
    std::vector<std::string> lines;
    for (const auto& line : host.logs(it.plugin)) {
        if (line.level == "error" || line.level == "warn") lines.push_back(line.message);
    }
    EXPECT_EQ(lines.size(), it.state == "failed" ? 1u : 0u) << ::testing::PrintToString(lines);
    EXPECT_EQ(fs::exists(root / "marks" / it.plugin), it.is_loaded);

    EXPECT_EQ(host.call("probe", "echo", "1").body, "1");
    EXPECT_THAT(host.document("health"), HasSubstr("degraded"));
}

TEST_P(ABrokenPlugin, StopsTheStartWhereItIsRequired) {
    const auto& it = GetParam();
    auto given = options();
    given.required = {it.plugin};
    Host host(given);
    const auto started = host.start();
    EXPECT_FALSE(started);
    EXPECT_THAT(started.message, HasSubstr(it.says));
    EXPECT_THAT(started.message, HasSubstr("required plugin '" + it.plugin + "'"));
    EXPECT_EQ(host.state("probe").state, "destroyed") << "rolled back";
    EXPECT_THAT(host.complaints(), IsEmpty());
}

}  // namespace
}  // namespace streamwall::testing
