#include "runtime/overrides.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace streamwall::runtime {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr int kVersion = 1;

fs::path file_in(const fs::path& data_dir) {
    return data_dir / "overrides.json";
}

config::Overlay read_overlay(const json::value& from) {
    config::Overlay out;
    const auto* object = from.if_object();
    if (object == nullptr) return out;
    if (const auto* enabled = object->if_contains("enabled"); enabled && enabled->is_bool()) {
        out.enabled = enabled->get_bool();
    }
    if (const auto* settings = object->if_contains("settings"); settings && settings->is_object()) {
        out.settings = settings->get_object();
    }
    return out;
}

json::object to_json(const config::Overlay& overlay) {
    json::object out;
    if (overlay.enabled) out["enabled"] = *overlay.enabled;
    if (!overlay.settings.empty()) out["settings"] = overlay.settings;
    return out;
}

// Closes on destruction.
struct File {
    int descriptor;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// The usual three steps: new content on disk, renamed over the old, the renaming on disk too.
bool replace(const fs::path& file, const std::string& text) {
    const auto next = file.string() + ".new";
    const File made{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (made.descriptor < 0 || !write_all(made.descriptor, text)) return false;
    if (::fsync(made.descriptor) != 0 || ::rename(next.c_str(), file.c_str()) != 0) return false;
    const auto folder = file.parent_path();
    const File holder{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return holder.descriptor >= 0 && ::fsync(holder.descriptor) == 0;
}

}  // namespace

std::expected<Overrides, Failure> read_overrides(const fs::path& data_dir) {
    Overrides out;
    if (data_dir.empty()) return out;
    const auto file = file_in(data_dir);
    std::error_code failed;
    if (!fs::exists(file, failed)) return out;
    std::ifstream stream(file);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto refuse = [&](std::string_view why) {
        return std::unexpected(
            Failure::of(SW_DATA_LOSS, fmt::format("{} is ignored: {}", file.string(), why)));
    };
    if (!stream) return refuse("it cannot be read");
    boost::system::error_code malformed;
    const auto document = json::parse(text, malformed);
    if (malformed || !document.is_object()) return refuse("it is no JSON object");
    const auto* version = document.get_object().if_contains("version");
    if (version == nullptr || *version != kVersion) return refuse("its version is unknown");
    const auto* instances = document.get_object().if_contains("instances");
    if (instances == nullptr || !instances->is_object()) return refuse("it has no instances");
    for (const auto& [name, value] : instances->get_object()) {
        auto overlay = read_overlay(value);
        if (!overlay.empty()) out.emplace(name, std::move(overlay));
    }
    return out;
}

Failure write_overrides(const fs::path& data_dir, const Overrides& overrides) {
    if (data_dir.empty()) return {};
    json::object instances;
    for (const auto& [name, overlay] : overrides)
        instances[name] = to_json(overlay);
    const json::object document{{"version", kVersion}, {"instances", std::move(instances)}};
    const auto file = file_in(data_dir);
    if (replace(file, json::serialize(document) + "\n")) return {};
    return Failure::of(SW_INTERNAL, fmt::format("it is done, but only until the host ends: {}: {}",
                                                file.string(), std::strerror(errno)));
}

json::array describe(const Overrides& overrides) {
    json::array out;
    for (const auto& [name, overlay] : overrides) {
        json::object one{{"instance", name}};
        if (overlay.enabled) one["enabled"] = *overlay.enabled;
        one["settings"] = json::value_from(config::setting_names(overlay.settings));
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace streamwall::runtime
