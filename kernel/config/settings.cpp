// Conversion of a settings tree under a schema. The tree is converted first and the JSON validated
// then, so there is one validator; violations find their way back to positions by their path.
#include "config/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>

namespace streamwall::config {

namespace json = boost::json;

namespace {

bool may_be_text(const SchemaNode& schema) {
    const auto texts = [](const SchemaNode::Ptr& branch) { return may_be_text(*branch); };
    if (schema.types != 0) return schema.allows(Type::kString);
    if (schema.format != nullptr || schema.pattern) return true;
    for (const json::value& allowed : schema.allowed) {
        if (allowed.is_string()) return true;
    }
    return std::ranges::any_of(schema.any_of, texts) || std::ranges::any_of(schema.one_of, texts) ||
           std::ranges::any_of(schema.all_of, texts);
}

bool says_nothing_of_types(const SchemaNode& schema) {
    return schema.types == 0 && schema.allowed.empty() && schema.format == nullptr &&
           !schema.pattern && schema.any_of.empty() && schema.one_of.empty() &&
           schema.all_of.empty();
}

json::value convert_scalar(const Node& node, const SchemaNode& schema) {
    if (node.quoted && !node.substituted) return json::value(node.text);
    Node plain = node;
    plain.quoted = false;
    const json::value guess = scalar_to_json(plain);
    if (says_nothing_of_types(schema)) return node.quoted ? json::value(node.text) : guess;
    if (guess.is_string() || validate(schema, guess).empty()) return guess;
    // `version: 1.10` for a text stays "1.10", as written.
    const json::value text(node.text);
    if (may_be_text(schema) && validate(schema, text).empty()) return text;
    const bool guess_has_type =
        schema.types != 0 &&
        ((guess.is_bool() && schema.allows(Type::kBoolean)) ||
         (guess.is_number() && (schema.allows(Type::kNumber) || schema.allows(Type::kInteger))));
    return guess_has_type || !may_be_text(schema) ? guess : text;
}

class Converter {
  public:
    explicit Converter(Settings& settings) : settings_(settings) {}

    json::value convert(const Node& node, const SchemaNode& schema, const std::string& pointer,
                        bool secret) {
        secret = secret || schema.secret;
        switch (node.kind) {
            case Node::Kind::kScalar: {
                if (secret || node.secret) note_secret(node.text, pointer);
                return convert_scalar(node, schema);
            }
            case Node::Kind::kSequence: {
                json::array array;
                for (std::size_t i = 0; i < node.items.size(); ++i) {
                    array.push_back(convert(node.items[i], items_of(schema),
                                            fmt::format("{}/{}", pointer, i), secret));
                }
                return array;
            }
            case Node::Kind::kMapping: {
                json::object object;
                for (const Entry& entry : node.entries) {
                    object[entry.key] = convert(entry.value, member_of(schema, entry.key),
                                                child_pointer(pointer, entry.key), secret);
                }
                apply_defaults(object, schema, pointer, secret);
                return object;
            }
            case Node::Kind::kNull:
            case Node::Kind::kUnreadable:
                return nullptr;
        }
        return nullptr;
    }

    static std::string child_pointer(const std::string& pointer, const std::string& key) {
        Violation step;
        step.path = {key};
        return pointer + step.pointer();
    }

  private:
    const SchemaNode& items_of(const SchemaNode& schema) const {
        if (schema.items) return *schema.items;
        for (const auto* branches : {&schema.all_of, &schema.any_of, &schema.one_of}) {
            for (const SchemaNode::Ptr& branch : *branches) {
                if (branch->items) return *branch->items;
            }
        }
        return anything_;
    }

    const SchemaNode& member_of(const SchemaNode& schema, const std::string& key) const {
        if (const SchemaNode* found = schema.find_property(key)) return *found;
        return schema.additional ? *schema.additional : anything_;
    }

    void apply_defaults(json::object& object, const SchemaNode& schema, const std::string& pointer,
                        bool secret) {
        for (const auto& [name, property] : schema.properties) {
            if (object.contains(name) || !property->default_value) continue;
            json::value value = *property->default_value;
            fill(value, *property, child_pointer(pointer, name), secret || property->secret);
            object[name] = std::move(value);
        }
        for (const SchemaNode::Ptr& branch : schema.all_of) {
            apply_defaults(object, *branch, pointer, secret);
        }
    }

    // Defaults inside a default: `default: {}` of a group means "all of its defaults".
    void fill(json::value& value, const SchemaNode& schema, const std::string& pointer,
              bool secret) {
        if (secret && value.is_string()) note_secret(std::string(value.get_string()), pointer);
        if (value.is_object()) apply_defaults(value.get_object(), schema, pointer, secret);
    }

    void note_secret(const std::string& text, const std::string& pointer) {
        settings_.secret_paths.insert(pointer);
        if (!text.empty()) settings_.secrets.insert(text);
    }

    Settings& settings_;
    SchemaNode anything_;
};

// What the path of a violation leads to in the tree.
struct Target {
    const Node* node = nullptr;    // the deepest node that exists
    const Entry* entry = nullptr;  // of the last step, if that was a key that exists
    bool is_complete = true;       // the whole path exists
    bool is_unreadable = false;    // a mistake on the way has been reported already
};

Target follow(const Node& root, const std::vector<std::string>& path) {
    Target target{&root};
    for (const std::string& token : path) {
        target.is_unreadable = target.is_unreadable || target.node->kind == Node::Kind::kUnreadable;
        const Node* next = nullptr;
        target.entry = nullptr;
        if (target.node->is_sequence()) {
            const auto index = static_cast<std::size_t>(std::stoul(token));
            if (index < target.node->items.size()) next = &target.node->items[index];
        } else if (const Entry* entry = target.node->find_entry(token)) {
            next = &entry->value;
            target.entry = entry;
        }
        if (next == nullptr) {
            target.is_complete = false;
            return target;
        }
        target.node = next;
    }
    target.is_unreadable = target.is_unreadable || target.node->kind == Node::Kind::kUnreadable;
    return target;
}

// A word about the traps of YAML's types, empty if none applies.
std::string type_hint(const Node& node, const Violation& violation) {
    if (violation.code != Code::kWrongType || !node.is_scalar() || node.secret) return "";
    static constexpr std::array<std::string_view, 6> kYes = {"yes", "Yes", "YES", "on", "On", "ON"};
    static constexpr std::array<std::string_view, 6> kNo = {"no", "No", "NO", "off", "Off", "OFF"};
    const bool wants_boolean = violation.expected.find("true or false") != std::string::npos;
    if (wants_boolean && std::ranges::find(kYes, node.text) != kYes.end()) return "true";
    if (wants_boolean && std::ranges::find(kNo, node.text) != kNo.end()) return "false";
    const bool wants_number = violation.expected.find("integer") != std::string::npos ||
                              violation.expected.find("number") != std::string::npos;
    Node plain = node;
    plain.quoted = false;
    const json::value guess = scalar_to_json(plain);
    const bool fits = (wants_number && guess.is_number()) || (wants_boolean && guess.is_bool());
    if (node.quoted && fits) return "remove the quotes, they make it text";
    const bool has_leading_zero = node.text.size() > 1 && node.text[0] == '0' &&
                                  node.text.find_first_not_of("0123456789") == std::string::npos;
    if (wants_number && has_leading_zero) return "write it without the leading zero";
    return "";
}

Diagnostic to_diagnostic(const Violation& violation, const Target& target, const Node& root,
                         std::string_view file, const std::string& path) {
    Diagnostic diagnostic;
    diagnostic.file = file;
    diagnostic.code = violation.code;
    diagnostic.message = violation.message();
    diagnostic.hint = violation.hint;
    const std::string field = violation.field_path();
    diagnostic.path =
        field.empty() || field.starts_with('[') ? path + field : join_path(path, field);
    if (violation.at_key && target.entry != nullptr) {
        diagnostic.position = target.entry->key_position;
    } else {
        diagnostic.position = target.node->position;
        if (target.is_complete && target.node->secret && !violation.got.empty()) {
            diagnostic.message = violation.expected + ", got ***";
            diagnostic.hint.clear();
        }
        const std::string hint = target.is_complete ? type_hint(*target.node, violation) : "";
        if (!hint.empty()) diagnostic.hint = hint;
    }
    if (!diagnostic.position.known()) diagnostic.position = root.position;
    return diagnostic;
}

}  // namespace

Settings normalise_settings(const Node& settings, const Schema& schema, std::string_view file,
                            const std::string& path, Diagnostics& out) {
    Settings result;
    if (settings.kind == Node::Kind::kUnreadable) {
        result.value = json::object();
        return result;
    }
    Node root = settings;
    if (root.kind == Node::Kind::kNull) root.kind = Node::Kind::kMapping;  // `web-ui:` and no more
    if (!root.is_mapping()) {
        out.push_back({std::string(file), root.position, path, Code::kWrongType,
                       "expected a mapping of settings", ""});
        result.value = json::object();
        return result;
    }
    Converter converter(result);
    result.value = converter.convert(root, schema.root(), "", false);
    for (const Violation& violation : validate(schema.root(), result.value, {.closed = true})) {
        const Target target = follow(root, violation.path);
        if (target.is_unreadable) continue;
        out.push_back(to_diagnostic(violation, target, root, file, path));
    }
    return result;
}

void fill_in_data_folder(boost::json::value& settings, std::string_view data) {
    constexpr std::string_view kMark = "${data}";
    if (auto* text = settings.if_string()) {
        for (auto at = text->find(kMark); at != boost::json::string::npos;
             at = text->find(kMark, at + data.size())) {
            text->replace(at, kMark.size(), data);
        }
    } else if (auto* object = settings.if_object()) {
        for (auto& member : *object)
            fill_in_data_folder(member.value(), data);
    } else if (auto* array = settings.if_array()) {
        for (auto& item : *array)
            fill_in_data_folder(item, data);
    }
}

}  // namespace streamwall::config
