// ModuleStore: finds plugins, inspects them and loads them, in that order.
//
// Inspecting reads the file only: permissions, ELF header, manifest, ABI. Nothing of a refused file
// is ever executed; where a Trial is set, what passed is first loaded in a process of its own.
// Loaded libraries stay resident until the process ends: code that ran once may
// be pinned by thread-local or unique symbols, and `dlclose` does not say so.
#pragma once

#include "exec/buffer.hpp"
#include "modules/manifest.hpp"
#include "modules/trial.hpp"

#include <streamwall/plugin.h>

#include <deque>
#include <expected>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamwall::modules {

struct Inspection {
    std::filesystem::path file;
    std::optional<Manifest> manifest;  // absent: refused
    Failure failure;                   // why; message is one line
    std::vector<std::string> warnings;
    const sw_plugin_entry* built_in = nullptr;  // of a plugin that is part of this program
    // The name a node would use: the manifest's, else the file's.
    std::string name() const;
};

class ModuleStore {
  public:
    explicit ModuleStore(std::vector<std::filesystem::path> folders);
    ~ModuleStore();

    // Inspects every *.so of the folders, sorted by name; the first of two equal names wins, the
    // other is refused with both paths.
    const std::deque<Inspection>& scan();
    // Inspects one file more.
    const Inspection& add(const std::filesystem::path& file);
    // Inspects what has come to the folders since, and again what was refused. What is known stays
    // as it is, and so do pointers to it; a library that was loaded is resident. One at a time, and
    // nobody else may be looking at found(). [any]
    void look_again();
    // A plugin that is linked into this program: `manifest` as its section would hold it. For hosts
    // of tests; `entry` lives as long as the store.
    std::expected<void, Failure> add_built_in(std::string_view manifest,
                                              const sw_plugin_entry* entry);
    const std::deque<Inspection>& found() const { return found_; }
    // Valid until the next scan(). [any]
    const Inspection* find(const std::string& name) const;

    static Inspection inspect(const std::filesystem::path& file);

    // From now on load() takes only what a process survives loading.
    void try_first(TrialOptions options);
    // Tries these plugins together, which costs less than one by one in load().
    void try_together(const std::vector<const Inspection*>& plugins);

    // Loads what was inspected; again: the same entry. `sha256` pins the file's content, hex.
    std::expected<const sw_plugin_entry*, Failure> load(const Inspection& inspection,
                                                        const std::string& sha256 = "");

  private:
    struct Loaded;
    std::vector<std::filesystem::path> folders_;
    mutable std::mutex found_mutex_;
    std::deque<Inspection> found_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Loaded>> loaded_;
    std::optional<Trial> trial_;
};

}  // namespace streamwall::modules
