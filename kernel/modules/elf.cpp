// A reader of ELF section headers. Source: System V ABI, "Object Files"; <elf.h>.
#include "modules/elf.hpp"

#include <streamwall/plugin.h>

#include <elf.h>
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <vector>

namespace streamwall::modules {

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
#else
#error "name this architecture's ELF machine here"
#endif

constexpr std::uint64_t kMaxSection = 4u << 20;

std::unexpected<Failure> refuse(std::string message) {
    return std::unexpected(Failure::of(SW_FAILED_PRECONDITION, std::move(message)));
}

// Reads pieces of a file within its size.
class Reader {
  public:
    explicit Reader(const std::filesystem::path& path) : file_(path, std::ios::binary) {
        file_.seekg(0, std::ios::end);
        size_ = file_ ? static_cast<std::uint64_t>(file_.tellg()) : 0;
    }
    explicit operator bool() const { return static_cast<bool>(file_); }
    bool read(std::uint64_t offset, void* into, std::uint64_t length) {
        if (offset > size_ || length > size_ - offset) return false;
        file_.seekg(static_cast<std::streamoff>(offset));
        file_.read(static_cast<char*>(into), static_cast<std::streamsize>(length));
        return static_cast<bool>(file_);
    }
    std::uint64_t size() const { return size_; }

  private:
    std::ifstream file_;
    std::uint64_t size_ = 0;
};

std::expected<Elf64_Ehdr, Failure> read_header(Reader& reader) {
    Elf64_Ehdr header{};
    if (!reader.read(0, &header, sizeof header)) {
        char magic[4] = {};
        if (reader.read(0, magic, 4) && std::memcmp(magic, ELFMAG, SELFMAG) == 0) {
            return refuse("the file is truncated: it ends inside the ELF header");
        }
        return refuse("not an ELF file");
    }
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return refuse("not an ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != kMachine) {
        return refuse(
            fmt::format("built for another architecture (ELF machine {}, this host is {})",
                        header.e_machine, kMachine));
    }
    if (header.e_type != ET_DYN) return refuse("an ELF file, but not a shared library");
    return header;
}

}  // namespace

std::expected<std::string, Failure> read_manifest_section(const std::filesystem::path& path) {
    Reader reader(path);
    if (!reader) return refuse("cannot be read");
    const auto header = read_header(reader);
    if (!header) return std::unexpected(header.error());
    const auto truncated = [&] {
        return refuse(fmt::format("the file is truncated: {} bytes, its section table lies behind",
                                  reader.size()));
    };
    if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 ||
        header->e_shstrndx >= header->e_shnum) {
        return refuse("the ELF file has no section table, so no manifest can be found");
    }
    std::vector<Elf64_Shdr> sections(header->e_shnum);
    if (!reader.read(header->e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr))) {
        return truncated();
    }
    const auto& names = sections[header->e_shstrndx];
    std::string text(names.sh_size < kMaxSection ? names.sh_size : 0, '\0');
    if (!reader.read(names.sh_offset, text.data(), text.size())) return truncated();
    for (const auto& section : sections) {
        if (section.sh_name >= text.size()) continue;
        if (std::strcmp(text.c_str() + section.sh_name, SW_MANIFEST_SECTION) != 0) continue;
        if (section.sh_size > kMaxSection) return refuse("the manifest is larger than 4 MiB");
        std::string manifest(section.sh_size, '\0');
        if (!reader.read(section.sh_offset, manifest.data(), manifest.size())) return truncated();
        return manifest;
    }
    return refuse(
        "a shared library without a manifest: not a plugin, or built without "
        "streamwall_add_plugin()");
}

}  // namespace streamwall::modules
