// Compiles a JSON Schema into SchemaNodes and finds everything wrong with the schema itself.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>

#include "config/nearest.hpp"
#include "config/schema.hpp"

namespace streamwall::config {

namespace json = boost::json;

namespace {

constexpr int kMaxSchemaDepth = 32;
constexpr std::int64_t kMaxPatternMemory = std::int64_t{1} << 20;

constexpr std::pair<std::string_view, Type> kTypes[] = {
    {"null", Type::kNull},     {"boolean", Type::kBoolean}, {"integer", Type::kInteger},
    {"number", Type::kNumber}, {"string", Type::kString},   {"array", Type::kArray},
    {"object", Type::kObject}};

class Compiler {
  public:
    std::vector<SchemaError> errors;

    SchemaNode::Ptr compile(const json::value& source, const std::string& pointer, int depth) {
        auto node = std::make_shared<SchemaNode>();
        if (source.is_bool()) {
            // `false` allows nothing: an empty set of values says that.
            if (!source.get_bool()) node->one_of = {node_that_is_never_true()};
            return node;
        }
        if (!source.is_object() || depth > kMaxSchemaDepth) {
            fail(pointer, source.is_object() ? "schemas are nested too deep" : "expected a schema");
            return node;
        }
        for (const auto& [keyword, value] : source.get_object()) {
            read_keyword(*node, keyword, value, pointer + "/" + std::string(keyword), depth);
        }
        check_consistency(*node, pointer);
        return node;
    }

  private:
    using Read = void (Compiler::*)(SchemaNode&, const json::value&, const std::string&, int);

    static SchemaNode::Ptr node_that_is_never_true() {
        auto impossible = std::make_shared<SchemaNode>();
        impossible->min_items = 1;
        impossible->max_items = 0;
        impossible->types = static_cast<std::uint8_t>(Type::kArray);
        return impossible;
    }

    void fail(const std::string& pointer, std::string message) {
        errors.push_back({pointer, std::move(message)});
    }

    void read_keyword(SchemaNode& node, std::string_view keyword, const json::value& value,
                      const std::string& pointer, int depth) {
        static constexpr std::pair<std::string_view, Read> kReaders[] = {
            {"type", &Compiler::read_type},
            {"properties", &Compiler::read_properties},
            {"required", &Compiler::read_required},
            {"additionalProperties", &Compiler::read_additional},
            {"items", &Compiler::read_items},
            {"enum", &Compiler::read_enum},
            {"const", &Compiler::read_const},
            {"pattern", &Compiler::read_pattern},
            {"format", &Compiler::read_format},
            {"default", &Compiler::read_default},
            {"x-reload", &Compiler::read_reload},
            {"x-endpoint", &Compiler::read_endpoint},
        };
        static constexpr std::string_view kAnnotations[] = {"title",   "examples", "deprecated",
                                                            "$schema", "$id",      "$comment"};
        const auto reader =
            std::ranges::find(kReaders, keyword, &std::pair<std::string_view, Read>::first);
        if (reader != std::end(kReaders))
            return (this->*reader->second)(node, value, pointer, depth);
        if (read_number_keyword(node, keyword, value, pointer)) return;
        if (read_size_keyword(node, keyword, value, pointer)) return;
        if (read_branches(node, keyword, value, pointer, depth)) return;
        if (keyword == "uniqueItems") return read_flag(node.unique_items, value, pointer);
        if (keyword == "x-secret") return read_flag(node.secret, value, pointer);
        if (keyword == "description") {
            if (!value.is_string()) return fail(pointer, "expected a text");
            node.description = value.get_string();
            return;
        }
        if (std::ranges::find(kAnnotations, keyword) != std::end(kAnnotations)) return;
        fail(pointer, unsupported(keyword));
    }

    static std::string unsupported(std::string_view keyword) {
        static const std::vector<std::string> known = {"type",
                                                       "properties",
                                                       "required",
                                                       "additionalProperties",
                                                       "items",
                                                       "enum",
                                                       "const",
                                                       "pattern",
                                                       "format",
                                                       "default",
                                                       "x-reload",
                                                       "x-secret",
                                                       "x-endpoint",
                                                       "uniqueItems",
                                                       "description",
                                                       "minimum",
                                                       "maximum",
                                                       "exclusiveMinimum",
                                                       "exclusiveMaximum",
                                                       "minLength",
                                                       "maxLength",
                                                       "minItems",
                                                       "maxItems",
                                                       "oneOf",
                                                       "anyOf",
                                                       "allOf",
                                                       "title"};
        const std::string near = nearest_word(keyword, known);
        return fmt::format("keyword '{}' is not supported{}", keyword,
                           near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
    }

    void read_type(SchemaNode& node, const json::value& value, const std::string& pointer, int) {
        const auto add = [&](const json::value& name) {
            const auto found = std::ranges::find_if(kTypes, [&](const auto& known) {
                return name.is_string() && known.first == std::string_view(name.get_string());
            });
            if (found == std::end(kTypes)) {
                fail(pointer, "expected null, boolean, integer, number, string, array or object");
            } else {
                node.types |= static_cast<std::uint8_t>(found->second);
            }
        };
        if (!value.is_array()) return add(value);
        for (const json::value& name : value.get_array())
            add(name);
        if (value.get_array().empty()) fail(pointer, "the list of types is empty");
    }

    void read_properties(SchemaNode& node, const json::value& value, const std::string& pointer,
                         int depth) {
        if (!value.is_object()) return fail(pointer, "expected a mapping of names to schemas");
        for (const auto& [name, schema] : value.get_object()) {
            node.properties.emplace_back(
                std::string(name), compile(schema, pointer + "/" + std::string(name), depth + 1));
        }
    }

    void read_required(SchemaNode& node, const json::value& value, const std::string& pointer,
                       int) {
        if (!value.is_array()) return fail(pointer, "expected a list of names");
        for (const json::value& name : value.get_array()) {
            if (!name.is_string()) return fail(pointer, "expected a list of names");
            node.required.emplace_back(name.get_string());
        }
    }

    void read_additional(SchemaNode& node, const json::value& value, const std::string& pointer,
                         int depth) {
        node.allows_additional = !value.is_bool() || value.get_bool();
        if (!value.is_bool()) node.additional = compile(value, pointer, depth + 1);
    }

    void read_items(SchemaNode& node, const json::value& value, const std::string& pointer,
                    int depth) {
        node.items = compile(value, pointer, depth + 1);
    }

    void read_enum(SchemaNode& node, const json::value& value, const std::string& pointer, int) {
        if (!value.is_array() || value.get_array().empty())
            return fail(pointer, "expected a list of values");
        node.allowed.assign(value.get_array().begin(), value.get_array().end());
    }

    void read_const(SchemaNode& node, const json::value& value, const std::string&, int) {
        node.allowed = {value};
    }

    void read_pattern(SchemaNode& node, const json::value& value, const std::string& pointer, int) {
        if (!value.is_string()) return fail(pointer, "expected a regular expression");
        node.pattern_text = value.get_string();
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(kMaxPatternMemory);
        auto pattern = std::make_shared<re2::RE2>(node.pattern_text, options);
        if (!pattern->ok()) return fail(pointer, fmt::format("bad pattern: {}", pattern->error()));
        node.pattern = std::move(pattern);
    }

    void read_format(SchemaNode& node, const json::value& value, const std::string& pointer, int) {
        node.format = value.is_string() ? find_format(value.get_string()) : nullptr;
        if (node.format != nullptr) return;
        std::string names;
        for (const Format& format : all_formats()) {
            names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
        }
        fail(pointer, fmt::format("unknown format; known are {}", names));
    }

    void read_default(SchemaNode& node, const json::value& value, const std::string&, int) {
        node.default_value = value;
    }

    void read_reload(SchemaNode& node, const json::value& value, const std::string& pointer, int) {
        if (value == json::value("live")) {
            node.reload = Reload::kLive;
        } else if (value == json::value("restart")) {
            node.reload = Reload::kRestart;
        } else {
            fail(pointer, "expected 'live' or 'restart'");
        }
    }

    // true, or the port where the text names none.
    void read_endpoint(SchemaNode& node, const json::value& value, const std::string& pointer,
                       int /*depth*/) {
        if (value.is_bool()) {
            if (value.get_bool()) node.endpoint = 0;
        } else if (value.is_int64() && value.get_int64() > 0 && value.get_int64() <= 65535) {
            node.endpoint = static_cast<int>(value.get_int64());
        } else {
            fail(pointer, "expected true, or the port where the setting names none");
        }
    }

    void read_flag(bool& flag, const json::value& value, const std::string& pointer) {
        if (!value.is_bool()) return fail(pointer, "expected true or false");
        flag = value.get_bool();
    }

    bool read_number_keyword(SchemaNode& node, std::string_view keyword, const json::value& value,
                             const std::string& pointer) {
        std::optional<double>* target = keyword == "minimum"            ? &node.minimum
                                        : keyword == "maximum"          ? &node.maximum
                                        : keyword == "exclusiveMinimum" ? &node.exclusive_minimum
                                        : keyword == "exclusiveMaximum" ? &node.exclusive_maximum
                                                                        : nullptr;
        if (target == nullptr) return false;
        if (value.is_number()) {
            *target = value.to_number<double>();
        } else {
            fail(pointer, "expected a number");
        }
        return true;
    }

    bool read_size_keyword(SchemaNode& node, std::string_view keyword, const json::value& value,
                           const std::string& pointer) {
        std::optional<std::size_t>* target = keyword == "minLength"   ? &node.min_length
                                             : keyword == "maxLength" ? &node.max_length
                                             : keyword == "minItems"  ? &node.min_items
                                             : keyword == "maxItems"  ? &node.max_items
                                                                      : nullptr;
        if (target == nullptr) return false;
        boost::system::error_code error;
        const auto size = value.is_number() ? value.to_number<std::size_t>(error) : 0;
        if (value.is_number() && !error) {
            *target = size;
        } else {
            fail(pointer, "expected a whole number, not negative");
        }
        return true;
    }

    bool read_branches(SchemaNode& node, std::string_view keyword, const json::value& value,
                       const std::string& pointer, int depth) {
        std::vector<SchemaNode::Ptr>* target = keyword == "oneOf"   ? &node.one_of
                                               : keyword == "anyOf" ? &node.any_of
                                               : keyword == "allOf" ? &node.all_of
                                                                    : nullptr;
        if (target == nullptr) return false;
        if (!value.is_array() || value.get_array().empty()) {
            fail(pointer, "expected a list of schemas");
            return true;
        }
        for (std::size_t i = 0; i < value.get_array().size(); ++i) {
            target->push_back(
                compile(value.get_array()[i], fmt::format("{}/{}", pointer, i), depth + 1));
        }
        return true;
    }

    void check_consistency(const SchemaNode& node, const std::string& pointer) {
        const auto crossed = [](const auto& low, const auto& high) {
            return low && high && *low > *high;
        };
        if (crossed(node.minimum, node.maximum)) fail(pointer, "minimum is above maximum");
        if (crossed(node.min_length, node.max_length))
            fail(pointer, "minLength is above maxLength");
        if (crossed(node.min_items, node.max_items)) fail(pointer, "minItems is above maxItems");
        for (const std::string& name : node.required) {
            if (node.properties.empty() || node.find_property(name) != nullptr) continue;
            fail(pointer + "/required",
                 fmt::format("'{}' is required but not among the properties", name));
        }
        // A wrong default would surface as the user's mistake.
        if (!node.default_value || !errors.empty()) return;
        for (const Violation& violation : validate(node, *node.default_value)) {
            fail(pointer + "/default", violation.message());
        }
    }
};

}  // namespace

Schema::Schema() : root_(std::make_shared<SchemaNode>()) {}

std::expected<Schema, std::vector<SchemaError>> Schema::compile(const json::value& source) {
    Compiler compiler;
    SchemaNode::Ptr root = compiler.compile(source, "", 0);
    if (!compiler.errors.empty()) return std::unexpected(std::move(compiler.errors));
    return Schema(std::move(root));
}

const SchemaNode* SchemaNode::find_property(std::string_view key) const {
    for (const auto& [name, schema] : properties) {
        if (name == key) return schema.get();
    }
    for (const auto* branches : {&all_of, &any_of, &one_of}) {
        for (const Ptr& branch : *branches) {
            if (const SchemaNode* found = branch->find_property(key)) return found;
        }
    }
    return nullptr;
}

std::vector<std::string> SchemaNode::property_names() const {
    std::vector<std::string> names;
    for (const auto& [name, schema] : properties)
        names.push_back(name);
    for (const auto* branches : {&all_of, &any_of, &one_of}) {
        for (const Ptr& branch : *branches) {
            for (std::string& name : branch->property_names())
                names.push_back(std::move(name));
        }
    }
    return names;
}

}  // namespace streamwall::config
