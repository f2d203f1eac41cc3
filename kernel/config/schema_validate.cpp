// Checks a JSON value against a compiled schema.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <unordered_set>

#include "config/nearest.hpp"
#include "config/schema.hpp"

namespace streamwall::config {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxPrinted = 60;

bool is_integer(const json::value& value) {
    if (value.is_int64() || value.is_uint64()) return true;
    return value.is_double() && std::trunc(value.get_double()) == value.get_double();
}

bool has_type(const SchemaNode& schema, const json::value& value) {
    if (schema.types == 0) return true;
    switch (value.kind()) {
        case json::kind::null:
            return schema.allows(Type::kNull);
        case json::kind::bool_:
            return schema.allows(Type::kBoolean);
        case json::kind::string:
            return schema.allows(Type::kString);
        case json::kind::array:
            return schema.allows(Type::kArray);
        case json::kind::object:
            return schema.allows(Type::kObject);
        case json::kind::int64:
        case json::kind::uint64:
        case json::kind::double_:
            return schema.allows(Type::kNumber) ||
                   (schema.allows(Type::kInteger) && is_integer(value));
    }
    return false;
}

// Equality as JSON Schema means it: 1 and 1.0 are the same number.
bool same_value(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number() && (a.is_double() || b.is_double())) {
        return a.to_number<double>() == b.to_number<double>();
    }
    return a == b;
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string plain_number(double number) {
    if (std::trunc(number) == number && std::abs(number) < 9.0e15) {
        return fmt::format("{}", static_cast<std::int64_t>(number));
    }
    return fmt::format("{}", number);
}

std::string describe_range(const SchemaNode& schema) {
    if (schema.minimum && schema.maximum) {
        return fmt::format(" {}..{}", plain_number(*schema.minimum), plain_number(*schema.maximum));
    }
    std::string text;
    const auto add = [&](const char* word, const std::optional<double>& bound) {
        if (!bound) return;
        text += fmt::format("{} {} {}", text.empty() ? "" : " and", word, plain_number(*bound));
    };
    add("of at least", schema.minimum);
    add("above", schema.exclusive_minimum);
    add("of at most", schema.maximum);
    add("below", schema.exclusive_maximum);
    return text;
}

std::string describe_count(const std::optional<std::size_t>& least,
                           const std::optional<std::size_t>& most, std::string_view unit) {
    if (least && most) return fmt::format(" of {}..{} {}", *least, *most, unit);
    if (least) return fmt::format(" of at least {} {}", *least, unit);
    if (most) return fmt::format(" of at most {} {}", *most, unit);
    return "";
}

std::string describe_type(const SchemaNode& schema, Type type) {
    switch (type) {
        case Type::kNull:
            return "null";
        case Type::kBoolean:
            return "true or false";
        case Type::kInteger:
            return "integer" + describe_range(schema);
        case Type::kNumber:
            return "number" + describe_range(schema);
        case Type::kString:
            if (schema.format != nullptr) return std::string(schema.format->expected);
            return "text" + describe_count(schema.min_length, schema.max_length, "characters") +
                   (schema.pattern ? fmt::format(" matching {}", schema.pattern_text) : "");
        case Type::kArray:
            return "a list" + describe_count(schema.min_items, schema.max_items, "entries");
        case Type::kObject:
            return "a mapping";
    }
    return "";
}

class Validator {
  public:
    explicit Validator(const ValidateOptions& options) : options_(options) {}

    std::vector<Violation> violations;

    void check(const SchemaNode& schema, const json::value& value, bool secret) {
        secret = secret || schema.secret;
        if (!has_type(schema, value)) {
            return report(schema, value, secret, Code::kWrongType);
        }
        check_allowed(schema, value, secret);
        if (value.is_number()) check_number(schema, value, secret);
        if (value.is_string()) check_string(schema, value, secret);
        if (value.is_array()) check_array(schema, value.get_array(), secret);
        if (value.is_object()) check_object(schema, value.get_object(), secret);
        for (const SchemaNode::Ptr& branch : schema.all_of)
            check_branch(*branch, value, secret);
        if (!schema.any_of.empty()) check_forms(schema.any_of, value, secret, false);
        if (!schema.one_of.empty()) check_forms(schema.one_of, value, secret, true);
    }

  private:
    void report(const SchemaNode& schema, const json::value& value, bool secret, Code code) {
        Violation violation{path_, code, "expected " + describe(schema), printed(value, secret),
                            "",    false};
        add(std::move(violation));
    }

    void add(Violation violation) {
        if (violations.size() < options_.max_violations) violations.push_back(std::move(violation));
    }

    static std::string printed(const json::value& value, bool secret) {
        return secret ? "***" : print_for_message(value);
    }

    void check_allowed(const SchemaNode& schema, const json::value& value, bool secret) {
        if (schema.allowed.empty()) return;
        const auto is_it = [&](const json::value& allowed) { return same_value(allowed, value); };
        if (std::ranges::any_of(schema.allowed, is_it)) return;
        report(schema, value, secret, Code::kNotAllowed);
        if (!value.is_string() || secret || violations.empty()) return;
        std::vector<std::string> words;
        for (const json::value& allowed : schema.allowed) {
            if (allowed.is_string()) words.emplace_back(allowed.get_string());
        }
        violations.back().hint = nearest_word(value.get_string(), words);
    }

    void check_number(const SchemaNode& schema, const json::value& value, bool secret) {
        const auto number = value.to_number<double>();
        const bool fits = (!schema.minimum || number >= *schema.minimum) &&
                          (!schema.maximum || number <= *schema.maximum) &&
                          (!schema.exclusive_minimum || number > *schema.exclusive_minimum) &&
                          (!schema.exclusive_maximum || number < *schema.exclusive_maximum);
        if (!fits) report(schema, value, secret, Code::kOutOfRange);
    }

    void check_string(const SchemaNode& schema, const json::value& value, bool secret) {
        const std::string_view text = value.get_string();
        if (schema.min_length || schema.max_length) {
            const std::size_t length = count_characters(text);
            const bool fits = (!schema.min_length || length >= *schema.min_length) &&
                              (!schema.max_length || length <= *schema.max_length);
            // A text that is far too long is not worth a regular expression.
            if (!fits) return report(schema, value, secret, Code::kBadLength);
        }
        if (schema.format != nullptr && !schema.format->matches(text)) {
            return report(schema, value, secret, Code::kBadFormat);
        }
        if (schema.pattern &&
            !re2::RE2::PartialMatch({text.data(), text.size()}, *schema.pattern)) {
            report(schema, value, secret, Code::kBadPattern);
        }
    }

    void check_array(const SchemaNode& schema, const json::array& array, bool secret) {
        const bool fits = (!schema.min_items || array.size() >= *schema.min_items) &&
                          (!schema.max_items || array.size() <= *schema.max_items);
        if (!fits) {
            add({path_, Code::kBadItems, "expected " + describe(schema),
                 fmt::format("{} entries", array.size()), "", false});
        }
        std::unordered_set<std::string> seen;
        for (std::size_t i = 0; i < array.size(); ++i) {
            path_.push_back(std::to_string(i));
            if (schema.unique_items && !seen.insert(json::serialize(array[i])).second) {
                add({path_, Code::kBadItems,
                     fmt::format("{} stands in the list twice", printed(array[i], secret)), "", "",
                     false});
            }
            if (schema.items) check(*schema.items, array[i], secret);
            path_.pop_back();
        }
    }

    void check_object(const SchemaNode& schema, const json::object& object, bool secret) {
        for (const std::string& name : schema.required) {
            if (object.contains(name)) continue;
            path_.push_back(name);
            add({path_, Code::kMissingKey, fmt::format("required setting '{}' is absent", name), "",
                 missing_hint(schema, object, name), true});
            path_.pop_back();
        }
        const bool closed = schema.allows_additional.has_value()
                                ? !*schema.allows_additional
                                : options_.closed && !is_branch_ && !schema.properties.empty();
        for (const auto& [key, value] : object) {
            path_.emplace_back(key);
            check_member(schema, std::string(key), value, closed, secret);
            path_.pop_back();
        }
    }

    void check_member(const SchemaNode& schema, const std::string& key, const json::value& value,
                      bool closed, bool secret) {
        const auto own = std::ranges::find(schema.properties, key,
                                           &std::pair<std::string, SchemaNode::Ptr>::first);
        const bool was_branch = std::exchange(is_branch_, false);
        if (own != schema.properties.end()) {
            check(*own->second, value, secret);
        } else if (schema.additional) {
            check(*schema.additional, value, secret);
        } else if (closed && (schema.allows_additional || schema.find_property(key) == nullptr)) {
            const std::vector<std::string> names = schema.property_names();
            add({path_, Code::kUnknownKey, fmt::format("unknown setting '{}'", key), "",
                 nearest_word(key, names), true});
        }
        is_branch_ = was_branch;
    }

    // The value under a mistyped name is probably what is missing here.
    static std::string missing_hint(const SchemaNode& schema, const json::object& object,
                                    const std::string& name) {
        std::vector<std::string> unknown;
        for (const auto& [key, value] : object) {
            if (schema.find_property(key) == nullptr) unknown.emplace_back(key);
        }
        const std::string near = nearest_word(name, unknown);
        return near.empty() ? "" : fmt::format("'{}' is probably meant to be '{}'", near, name);
    }

    void check_branch(const SchemaNode& branch, const json::value& value, bool secret) {
        const bool was_branch = std::exchange(is_branch_, true);
        check(branch, value, secret);
        is_branch_ = was_branch;
    }

    void check_forms(const std::vector<SchemaNode::Ptr>& forms, const json::value& value,
                     bool secret, bool exactly_one) {
        std::vector<std::vector<Violation>> results;
        std::vector<std::size_t> of_same_type;
        std::size_t matching = 0;
        std::vector<Violation> outer = std::exchange(violations, {});
        for (std::size_t i = 0; i < forms.size(); ++i) {
            check_branch(*forms[i], value, secret);
            if (violations.empty()) ++matching;
            if (has_type(*forms[i], value)) of_same_type.push_back(i);
            results.push_back(std::exchange(violations, {}));
        }
        violations = std::move(outer);
        if (exactly_one ? matching == 1 : matching > 0) return;
        if (matching > 1) {
            add({path_, Code::kNoMatchingForm,
                 fmt::format("fits {} forms, expected exactly one", matching),
                 printed(value, secret), "", false});
            return;
        }
        // Where the type singles out one form, its own complaints say more than "none of them".
        if (of_same_type.size() == 1) {
            for (Violation& violation : results[of_same_type[0]])
                add(std::move(violation));
            return;
        }
        std::string expected;
        for (const SchemaNode::Ptr& form : forms) {
            expected +=
                fmt::format("{}{}", expected.empty() ? "expected " : " or ", describe(*form));
        }
        add({path_, Code::kNoMatchingForm, expected, printed(value, secret), "", false});
    }

    const ValidateOptions& options_;
    std::vector<std::string> path_;
    bool is_branch_ = false;  // inside allOf, anyOf, oneOf: the outer schema knows the other keys
};

bool is_index(std::string_view token) {
    return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string describe(const SchemaNode& schema) {
    if (!schema.allowed.empty()) {
        std::string text = schema.allowed.size() == 1 ? "" : "one of ";
        for (std::size_t i = 0; i < schema.allowed.size(); ++i) {
            text += fmt::format("{}{}", i == 0 ? "" : ", ", print_for_message(schema.allowed[i]));
        }
        return text;
    }
    if (schema.types == 0) {
        if (schema.format != nullptr) return std::string(schema.format->expected);
        return schema.properties.empty() ? "another value" : "a mapping";
    }
    std::string text;
    for (unsigned bit = 1; bit <= static_cast<unsigned>(Type::kObject); bit <<= 1U) {
        if ((schema.types & bit) == 0) continue;
        // Leaving a setting empty is rarely what the author of a wrong value wants to hear of.
        if (bit == static_cast<unsigned>(Type::kNull) && schema.types != bit) continue;
        text += fmt::format("{}{}", text.empty() ? "" : " or ",
                            describe_type(schema, static_cast<Type>(bit)));
    }
    return text;
}

std::string print_for_message(const json::value& value) {
    if (value.is_object()) return "a mapping";
    if (value.is_array()) return "a list";
    if (value.is_null()) return "nothing";
    if (!value.is_string()) return json::serialize(value);
    std::string_view text = value.get_string();
    if (text.size() <= kMaxPrinted) return json::serialize(json::value(text));
    text = text.substr(0, kMaxPrinted);
    // Cut between characters, not inside one.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U)
        text.remove_suffix(1);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.remove_suffix(1);
    return json::serialize(json::value(text)) + "…";
}

std::vector<Violation> validate(const SchemaNode& schema, const json::value& value,
                                const ValidateOptions& options) {
    Validator validator(options);
    validator.check(schema, value, false);
    return std::move(validator.violations);
}

std::string Violation::pointer() const {
    std::string result;
    for (const std::string& token : path) {
        result += '/';
        for (const char c : token) {
            if (c == '~') {
                result += "~0";
            } else if (c == '/') {
                result += "~1";
            } else {
                result += c;
            }
        }
    }
    return result;
}

std::string Violation::field_path() const {
    std::string result;
    for (const std::string& token : path) {
        if (is_index(token)) {
            result += "[" + token + "]";
        } else {
            result += (result.empty() ? "" : ".") + token;
        }
    }
    return result;
}

std::string Violation::message() const {
    return got.empty() ? expected : fmt::format("{}, got {}", expected, got);
}

}  // namespace streamwall::config
