#include "config/overlay.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace streamwall::config {

namespace json = boost::json;

namespace {

// Lays `over` on `base`; unlike a patch it holds no nulls that remove.
void lay_values(json::object& base, const json::object& over) {
    for (const auto& [key, value] : over) {
        auto* known = base.if_contains(key);
        if (known && known->is_object() && value.is_object())
            lay_values(known->get_object(), value.get_object());
        else
            base[key] = value;
    }
}

// JSON as the tree that files are read into, so that both are checked by the same code.
Node to_node(const json::value& value) {
    Node node;
    if (const auto* object = value.if_object()) {
        node.kind = Node::Kind::kMapping;
        for (const auto& [key, member] : *object)
            node.entries.push_back({std::string(key), {}, to_node(member)});
    } else if (const auto* array = value.if_array()) {
        node.kind = Node::Kind::kSequence;
        for (const auto& item : *array)
            node.items.push_back(to_node(item));
    } else if (!value.is_null()) {
        node.kind = Node::Kind::kScalar;
        node.quoted = value.is_string();
        node.text = node.quoted ? std::string(value.get_string()) : json::serialize(value);
    }
    return node;
}

void collect_names(const json::object& settings, const std::string& path,
                   std::vector<std::string>& out) {
    for (const auto& [key, value] : settings) {
        const auto name = join_path(path, key);
        if (const auto* object = value.if_object(); object && !object->empty())
            collect_names(*object, name, out);
        else
            out.push_back(name);
    }
}

}  // namespace

void merge_settings(json::object& into, const json::object& patch) {
    for (const auto& [key, value] : patch) {
        if (value.is_null()) {
            into.erase(key);
            continue;
        }
        const auto* changes = value.if_object();
        if (changes == nullptr) {
            into[key] = value;
            continue;
        }
        auto& known = into[key];
        if (!known.is_object()) known = json::object();
        merge_settings(known.get_object(), *changes);
        if (known.get_object().empty() && !changes->empty()) into.erase(key);
    }
}

ResolvedInstance lay_over(const ResolvedInstance& from_file, const Overlay& overlay,
                          std::string_view data, Diagnostics& out) {
    ResolvedInstance result = from_file;
    result.config.enabled = overlay.enabled.value_or(from_file.config.enabled);
    if (overlay.settings.empty()) return result;
    auto merged = from_file.settings.value.is_object() ? from_file.settings.value.get_object()
                                                       : json::object();
    lay_values(merged, overlay.settings);
    result.settings =
        normalise_settings(to_node(merged), from_file.schema, "", from_file.config.path(), out);
    fill_in_data_folder(result.settings.value, data);
    // What came out of a secret file stays secret, whatever its setting is called.
    const auto& before = from_file.settings;
    result.settings.secrets.insert(before.secrets.begin(), before.secrets.end());
    result.settings.secret_paths.insert(before.secret_paths.begin(), before.secret_paths.end());
    return result;
}

std::vector<std::string> setting_names(const json::object& settings) {
    std::vector<std::string> out;
    collect_names(settings, "", out);
    return out;
}

}  // namespace streamwall::config
