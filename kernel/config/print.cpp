// Renders the effective configuration with its secrets taken out.
#include "config/print.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace streamwall::config {

namespace json = boost::json;

namespace {

constexpr std::string_view kRedacted = "***";
// A secret this short would turn half of the output into stars; its own setting is redacted anyway.
constexpr std::size_t kShortestSearched = 4;

void redact(json::value& value, const std::string& pointer, const std::set<std::string>& paths,
            const std::set<std::string>& secrets) {
    const bool is_empty_text = value.is_string() && value.get_string().empty();
    if (paths.contains(pointer) && !is_empty_text && !value.is_null()) {
        value = kRedacted;
    } else if (value.is_string()) {
        const std::string_view text = value.get_string();
        const bool holds_secret = std::ranges::any_of(secrets, [&](const std::string& secret) {
            return secret.size() >= kShortestSearched && text.find(secret) != text.npos;
        });
        if (holds_secret) value = kRedacted;
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            redact(value.get_array()[i], pointer + "/" + std::to_string(i), paths, secrets);
        }
    } else if (value.is_object()) {
        for (auto& member : value.get_object()) {
            Violation step;
            step.path = {std::string(member.key())};
            redact(member.value(), pointer + step.pointer(), paths, secrets);
        }
    }
}

json::object instance_json(const ResolvedInstance& instance, const std::set<std::string>& secrets) {
    const InstanceConfig& config = instance.config;
    json::object result{{"plugin", config.plugin},
                        {"enabled", config.enabled},
                        {"required", config.required},
                        {"restart", to_string(config.restart)}};
    if (!config.isolation.empty()) result["isolation"] = config.isolation;
    if (!config.sha256.empty()) result["sha256"] = config.sha256;
    if (config.permissions) {
        json::array granted;
        for (const std::string& permission : *config.permissions)
            granted.emplace_back(permission);
        result["permissions"] = std::move(granted);
    }
    json::value settings = instance.settings.value;
    redact(settings, "", instance.settings.secret_paths, secrets);
    if (!settings.is_object()) return result;
    for (auto& member : settings.get_object())
        result[member.key()] = std::move(member.value());
    return result;
}

// True if YAML's core schema reads the text back as the same text, without quotes.
bool is_plain(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
    constexpr std::string_view kReserved[] = {"null", "true", "false", "yes", "no",
                                              "on",   "off",  "y",     "n"};
    const bool begins_well =
        !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') ||
                          (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '/');
    if (!begins_well || text.find_first_not_of(kAllowed) != text.npos) return false;
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return std::ranges::find(kReserved, lower) == std::end(kReserved);
}

// JSON's quoted form is valid YAML; DEL alone must be escaped for it.
std::string text_to_yaml(std::string_view text) {
    if (is_plain(text)) return std::string(text);
    std::string quoted = json::serialize(json::value(text));
    for (std::size_t at = quoted.find('\x7F'); at != quoted.npos; at = quoted.find('\x7F', at)) {
        quoted.replace(at, 1, "\\x7F");
    }
    return quoted;
}

void write_yaml(const json::value& value, std::size_t indent, std::string& out) {
    const std::string margin(indent, ' ');
    const auto write_child = [&](const json::value& child) {
        const bool is_block = (child.is_object() && !child.get_object().empty()) ||
                              (child.is_array() && !child.get_array().empty());
        if (is_block) {
            out += '\n';
            write_yaml(child, indent + 2, out);
        } else {
            out += ' ';
            write_yaml(child, 0, out);
            out += '\n';
        }
    };
    if (value.is_object() && !value.get_object().empty()) {
        for (const auto& member : value.get_object()) {
            out += margin + text_to_yaml(member.key()) + ":";
            write_child(member.value());
        }
    } else if (value.is_array() && !value.get_array().empty()) {
        for (const json::value& item : value.get_array()) {
            out += margin + "-";
            write_child(item);
        }
    } else if (value.is_string()) {
        out += text_to_yaml(value.get_string());
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

json::value effective_json(const ResolvedNode& node) {
    json::object plugins;
    for (const ResolvedInstance& instance : node.instances) {
        plugins[instance.config.name] = instance_json(instance, node.secrets);
    }
    json::value kernel = node.kernel;
    redact(kernel, "", {}, node.secrets);
    return json::object{{"node", node.identity.node},
                        {"replica", node.identity.replica},
                        {"kernel", std::move(kernel)},
                        {"plugins", std::move(plugins)}};
}

json::array to_json(const Diagnostics& diagnostics) {
    json::array list;
    for (const Diagnostic& found : diagnostics) {
        const bool is_error = found.severity == Severity::kError;
        list.push_back({{"severity", is_error ? "error" : "warning"},
                        {"code", code_id(found.code)},
                        {"file", found.file},
                        {"line", found.position.line},
                        {"column", found.position.column},
                        {"path", found.path},
                        {"message", found.message},
                        {"hint", found.hint},
                        {"text", to_string(found)}});
    }
    return list;
}

std::string to_yaml(const json::value& value) {
    std::string out;
    write_yaml(value, 0, out);
    if (!out.ends_with('\n')) out += '\n';
    return out;
}

std::string effective_yaml(const ResolvedNode& node) {
    return to_yaml(effective_json(node));
}

}  // namespace streamwall::config
