// Checks on files, and the only use of Boost.DLL.
#include "modules/module_store.hpp"

#include "modules/elf.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <fstream>
#include <set>

namespace streamwall::modules {

namespace fs = std::filesystem;

namespace {

std::optional<Failure> check_writers(const fs::path& path, std::vector<std::string>& warnings) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
        return Failure::of(SW_NOT_FOUND, fmt::format("cannot be read: {}", std::strerror(errno)));
    }
    if (info.st_mode & S_IWOTH) {
        const bool sticky = S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX);
        if (!sticky || !S_ISDIR(info.st_mode)) {
            return Failure::of(SW_PERMISSION_DENIED,
                               fmt::format("{} is writable by others (mode {:o}); chmod o-w it",
                                           path.string(), info.st_mode & 07777));
        }
    }
    if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
        return Failure::of(SW_PERMISSION_DENIED,
                           fmt::format("{} belongs to user {}, not to root or this user",
                                       path.string(), info.st_uid));
    }
    if (info.st_mode & S_IWGRP) warnings.push_back(path.string() + " is writable by its group");
    return std::nullopt;
}

std::optional<Failure> check_abi(const Manifest& manifest) {
    if (manifest.abi_major == SW_ABI_MAJOR && manifest.abi_minor <= SW_ABI_MINOR) return {};
    const bool newer = manifest.abi_major > SW_ABI_MAJOR ||
                       (manifest.abi_major == SW_ABI_MAJOR && manifest.abi_minor > SW_ABI_MINOR);
    return Failure::of(
        SW_FAILED_PRECONDITION,
        fmt::format("needs plugin ABI {}.{}, this host offers {}.{} (field 'abi'); {}",
                    manifest.abi_major, manifest.abi_minor, SW_ABI_MAJOR, SW_ABI_MINOR,
                    newer ? "install a newer host" : "rebuild the plugin with this host's SDK"));
}

std::optional<Failure> check_entry(const sw_plugin_entry* entry, const Manifest& manifest) {
    const auto differ = [](const char* field, std::string_view in_manifest,
                           std::string_view in_code) {
        return Failure::of(SW_FAILED_PRECONDITION,
                           fmt::format("manifest and code disagree on '{}': '{}' and '{}'; rebuild "
                                       "the plugin from one source tree",
                                       field, in_manifest, in_code));
    };
    if (entry == nullptr || !SW_HAS(entry, plugin) || entry->plugin == nullptr ||
        entry->name == nullptr || entry->version == nullptr) {
        return Failure::of(SW_FAILED_PRECONDITION, "the entry function returns no usable table");
    }
    if (entry->abi_major != SW_ABI_MAJOR) {
        return differ("abi", std::to_string(manifest.abi_major), std::to_string(entry->abi_major));
    }
    if (manifest.name != entry->name) return differ("name", manifest.name, entry->name);
    if (manifest.version != entry->version)
        return differ("version", manifest.version, entry->version);
    return {};
}

// Hex SHA-256 of an open file.
std::string digest(int descriptor) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    std::vector<char> chunk(1 << 16);
    for (off_t at = 0;;) {
        const auto count = ::pread(descriptor, chunk.data(), chunk.size(), at);
        if (count <= 0) break;
        EVP_DigestUpdate(context.get(), chunk.data(), static_cast<std::size_t>(count));
        at += count;
    }
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(context.get(), bytes, &length);
    std::string hex;
    for (unsigned n = 0; n < length; ++n)
        hex += fmt::format("{:02x}", bytes[n]);
    return hex;
}

// In the order of their names.
std::vector<fs::path> libraries_in(const fs::path& folder) {
    std::error_code failed;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        if (at->path().extension() == ".so") files.push_back(at->path());
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

struct ModuleStore::Loaded {
    fs::path file;
    boost::dll::shared_library library;
    const sw_plugin_entry* entry = nullptr;
    int descriptor = -1;  // of a pinned file; kept, since the loader knows the library by its name

    Loaded() = default;
    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;
    ~Loaded() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

std::string Inspection::name() const {
    return manifest ? manifest->name : file.stem().string();
}

ModuleStore::ModuleStore(std::vector<fs::path> folders) : folders_(std::move(folders)) {}

ModuleStore::~ModuleStore() = default;

Inspection ModuleStore::inspect(const fs::path& file) {
    Inspection out{file, {}, {}, {}, nullptr};
    std::error_code failed;
    const auto real = fs::canonical(file, failed);
    if (failed) {
        out.failure = Failure::of(SW_NOT_FOUND, "cannot be read: " + failed.message());
        return out;
    }
    if (real.parent_path() != fs::canonical(file.parent_path(), failed)) {
        out.failure = Failure::of(SW_PERMISSION_DENIED,
                                  "a link that leads out of its folder, to " + real.string());
        return out;
    }
    for (const auto& path : {real.parent_path(), real}) {
        if (auto refused = check_writers(path, out.warnings)) {
            out.failure = std::move(*refused);
            return out;
        }
    }
    auto section = read_manifest_section(real);
    if (!section) {
        out.failure = std::move(section.error());
        return out;
    }
    auto manifest = parse_manifest(*section, real.filename().string());
    if (!manifest) {
        out.failure = Failure::of(SW_FAILED_PRECONDITION,
                                  "bad manifest: " + config::to_string(manifest.error().front()));
        return out;
    }
    if (auto refused = check_abi(*manifest))
        out.failure = std::move(*refused);
    else
        out.manifest = std::move(*manifest);
    return out;
}

const std::deque<Inspection>& ModuleStore::scan() {
    found_.clear();
    for (const auto& folder : folders_) {
        for (const auto& file : libraries_in(folder))
            add(file);
    }
    return found_;
}

void ModuleStore::look_again() {
    std::set<fs::path> good;
    for (const auto& known : found_) {
        if (known.manifest) good.insert(known.file);
    }
    for (const auto& folder : folders_) {
        for (const auto& file : libraries_in(folder)) {
            if (good.contains(file)) continue;
            const auto refused = std::ranges::find(found_, file, &Inspection::file);
            if (refused == found_.end() || inspect(file).manifest) add(file);
        }
    }
}

const Inspection& ModuleStore::add(const fs::path& file) {
    auto inspection = inspect(file);
    const auto* twin = inspection.manifest ? find(inspection.name()) : nullptr;
    if (twin && twin->manifest) {
        inspection.failure =
            Failure::of(SW_ALREADY_EXISTS, fmt::format("plugin '{}' is already found at {}",
                                                       inspection.name(), twin->file.string()));
        inspection.manifest.reset();
    }
    std::lock_guard lock(found_mutex_);
    return found_.emplace_back(std::move(inspection));
}

std::expected<void, Failure> ModuleStore::add_built_in(std::string_view text,
                                                       const sw_plugin_entry* entry) {
    auto manifest = parse_manifest(text, "built-in");
    if (!manifest) {
        return std::unexpected(
            Failure::of(SW_FAILED_PRECONDITION,
                        "bad manifest: " + config::to_string(manifest.error().front())));
    }
    if (auto refused = check_entry(entry, *manifest)) return std::unexpected(std::move(*refused));
    std::lock_guard lock(found_mutex_);
    found_.push_back({"built-in", std::move(*manifest), {}, {}, entry});
    return {};
}

const Inspection* ModuleStore::find(const std::string& name) const {
    const Inspection* refused = nullptr;
    std::lock_guard lock(found_mutex_);
    for (const auto& inspection : found_) {
        if (inspection.name() != name) continue;
        if (inspection.manifest) return &inspection;
        refused = &inspection;
    }
    return refused;
}

void ModuleStore::try_first(TrialOptions options) {
    std::lock_guard lock(mutex_);
    trial_.emplace(std::move(options));
}

void ModuleStore::try_together(const std::vector<const Inspection*>& plugins) {
    std::vector<fs::path> files;
    for (const auto* plugin : plugins) {
        if (plugin->manifest && !plugin->built_in) files.push_back(fs::absolute(plugin->file));
    }
    std::lock_guard lock(mutex_);
    if (trial_) trial_->run(files);
}

std::expected<const sw_plugin_entry*, Failure> ModuleStore::load(const Inspection& inspection,
                                                                 const std::string& sha256) {
    if (!inspection.manifest) return std::unexpected(inspection.failure);
    if (inspection.built_in) return inspection.built_in;
    std::lock_guard lock(mutex_);
    for (const auto& loaded : loaded_) {
        if (loaded->file == inspection.file) return loaded->entry;
    }
    auto made = std::make_unique<Loaded>();
    made->file = inspection.file;
    auto path = fs::canonical(inspection.file);
    if (!sha256.empty()) {
        made->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const auto actual = digest(made->descriptor);
        if (actual != sha256) {
            return std::unexpected(Failure::of(
                SW_PERMISSION_DENIED,
                fmt::format("sha256 is {}, the configuration pins {}", actual, sha256)));
        }
        path = fmt::format("/proc/self/fd/{}", made->descriptor);
    }
    if (trial_) {
        if (auto survived = trial_->passes(fs::absolute(inspection.file)); !survived) {
            return std::unexpected(std::move(survived.error()));
        }
    }
    try {
        // Resident: closing the handle unmaps nothing, and a loaded plugin may be used to the end.
        made->library.load(path.string(), static_cast<boost::dll::load_mode::type>(
                                              RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE));
        if (!made->library.has(SW_PLUGIN_ENTRY)) {
            return std::unexpected(Failure::of(
                SW_FAILED_PRECONDITION,
                fmt::format("lacks the function {}; export the class with STREAMWALL_PLUGIN",
                            SW_PLUGIN_ENTRY)));
        }
        made->entry = made->library.get<const sw_plugin_entry*()>(SW_PLUGIN_ENTRY)();
    } catch (const std::exception& error) {
        return std::unexpected(
            Failure::of(SW_FAILED_PRECONDITION, std::string("cannot be loaded: ") + error.what()));
    }
    if (auto refused = check_entry(made->entry, *inspection.manifest)) {
        return std::unexpected(std::move(*refused));
    }
    loaded_.push_back(std::move(made));
    return loaded_.back()->entry;
}

}  // namespace streamwall::modules
