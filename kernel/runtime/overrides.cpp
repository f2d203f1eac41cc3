#include "runtime/overrides.hpp"

#include "runtime/replace_file.hpp"

#include <fmt/format.h>
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
    if (replace_file(file, json::serialize(document) + "\n")) return {};
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
