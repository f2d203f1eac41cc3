// Files that are no plugins, and manifests with mistakes. Real plugins, good and broken, are loaded
// in tests/conformance.
#include "exec/testing/temporary_folder.hpp"
#include "modules/elf.hpp"
#include "modules/module_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace streamwall::modules {
namespace {

namespace fs = std::filesystem;

class ModulesTest : public testing::Test {
  protected:
    fs::path write(const std::string& name, const std::string& content) {
        const auto path = folder / name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    static std::string read(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string refusal(const fs::path& file) { return ModuleStore::inspect(file).failure.message; }
    exec::testing::TemporaryFolder folder{"modules"};
};

TEST_F(ModulesTest, SaysWhatAFileIsInsteadOfAPlugin) {
    const auto self = read("/proc/self/exe");
    EXPECT_EQ(refusal(write("text.so", "hello")), "not an ELF file");
    EXPECT_EQ(refusal(write("empty.so", "")), "not an ELF file");
    EXPECT_NE(refusal(write("short.so", self.substr(0, 40))).find("truncated"), std::string::npos);
    EXPECT_NE(refusal(write("cut.so", self.substr(0, self.size() / 2))).find("truncated"),
              std::string::npos);
    auto other = self;
    other[18] = '\xb7';  // e_machine: AArch64
    other[19] = '\0';
    EXPECT_NE(refusal(write("arch.so", other)).find("another architecture"), std::string::npos);
    EXPECT_NE(refusal(write("plain.so", self)).find("without a manifest"), std::string::npos);
    EXPECT_NE(refusal(folder / "absent.so").find("cannot be read"), std::string::npos);
}

TEST_F(ModulesTest, RefusesFilesThatOthersMayWriteAndLinksOutOfTheFolder) {
    const auto file = write("open.so", "x");
    fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
    EXPECT_NE(refusal(file).find("writable by others"), std::string::npos);
    fs::create_symlink("/proc/self/exe", folder / "link.so");
    EXPECT_NE(refusal(folder / "link.so").find("out of its folder"), std::string::npos);
    const auto inner = folder / "inner";
    fs::create_directory(inner);
    std::ofstream(inner / "a.so") << "x";
    fs::permissions(inner, fs::perms::others_write, fs::perm_options::add);
    EXPECT_NE(refusal(inner / "a.so").find("writable by others"), std::string::npos);
}

TEST_F(ModulesTest, NoSingleByteOfAnElfFileCanCrashTheReader) {
    auto self = read("/proc/self/exe").substr(0, 4096);
    for (std::size_t at = 0; at < 64; ++at) {
        for (const char value : {'\0', '\xff', '\x7f'}) {
            auto changed = self;
            changed[at] = value;
            EXPECT_FALSE(read_manifest_section(write("fuzz.so", changed))) << at;
        }
    }
}

constexpr const char* kGood = R"(name: hello
version: 1.2.0
abi: "1.0"
threading: {mode: parallel}
provides: [hello.greetings]
requires:
  - {service: store}
  - {interface: streamwall.http/1, optional: true}
publishes:
  - {type: hello.said, class: durable}
subscribes: ["chat.*"]
settings:
  type: object
  additionalProperties: false
  properties:
    greeting: {type: string, default: "hi"}
--- events/hello.said.json
{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}}
)";

TEST(Manifest, ReadsEveryField) {
    const auto parsed = parse_manifest(kGood, "hello.so");
    ASSERT_TRUE(parsed) << config::to_string(parsed.error().front());
    EXPECT_EQ(parsed->name, "hello");
    EXPECT_TRUE(parsed->parallel);
    ASSERT_EQ(parsed->needs.size(), 2u);
    EXPECT_TRUE(parsed->needs[1].interface);
    EXPECT_TRUE(parsed->needs[1].optional);
    EXPECT_EQ(parsed->find_published("hello.said")->event_class, EventClass::durable);
    EXPECT_EQ(parsed->event_schemas.count("hello.said"), 1u);
}

TEST(Manifest, NamesEveryMistakeWithItsPlace) {
    const auto parsed =
        parse_manifest("name: Hello\nversion: 1.0.0\nabi: one\nprovide: [a]\n", "x.so");
    ASSERT_FALSE(parsed);
    std::string all;
    for (const auto& diagnostic : parsed.error())
        all += config::to_string(diagnostic) + "\n";
    EXPECT_NE(all.find("x.so:1:"), std::string::npos) << all;
    EXPECT_NE(all.find("x.so:3:"), std::string::npos) << all;
    EXPECT_NE(all.find("did you mean 'provides'"), std::string::npos) << all;
}

TEST(Manifest, RefusesAnEventSchemaItCannotEnforce) {
    const auto parsed = parse_manifest(
        "name: a\nversion: 1.0.0\nabi: \"1.0\"\n--- events/a.b.json\n{\"typo\":1}\n", "a.so");
    EXPECT_FALSE(parsed);
}

}  // namespace
}  // namespace streamwall::modules
