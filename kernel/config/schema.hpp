// The part of JSON Schema (2020-12) that settings, events and request bodies are described with.
//
// Supported: type (one or a list), properties, required, additionalProperties, items, enum, const,
// minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern (RE2, so
// linear in time), minItems, maxItems, uniqueItems, oneOf, anyOf, allOf, default, format
// (formats.hpp), x-secret, x-reload; title, description, examples, deprecated, $schema, $id and
// $comment say something to people only. Any other keyword is an error: a constraint that is
// silently ignored is worse than none.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/error_codes.hpp"
#include "config/formats.hpp"

namespace re2 {
class RE2;
}

namespace streamwall::config {

enum class Type : std::uint8_t {
    kNull = 1,
    kBoolean = 2,
    kInteger = 4,
    kNumber = 8,
    kString = 16,
    kArray = 32,
    kObject = 64,
};

enum class Reload { kInherit, kRestart, kLive };

// One compiled (sub)schema. Immutable and shared; safe to read from any thread.
struct SchemaNode {
    using Ptr = std::shared_ptr<const SchemaNode>;

    std::uint8_t types = 0;  // of Type; 0 allows every type
    std::vector<std::pair<std::string, Ptr>> properties;
    std::vector<std::string> required;
    std::optional<bool> allows_additional;  // nullopt: not said
    Ptr additional;
    Ptr items;
    std::vector<boost::json::value> allowed;  // enum, or the one value of const
    std::optional<double> minimum, maximum, exclusive_minimum, exclusive_maximum;
    std::optional<std::size_t> min_length, max_length, min_items, max_items;
    bool unique_items = false;
    std::shared_ptr<const re2::RE2> pattern;
    std::string pattern_text;
    const Format* format = nullptr;
    std::vector<Ptr> one_of, any_of, all_of;
    std::optional<boost::json::value> default_value;
    std::string description;
    bool secret = false;
    // x-endpoint: the text says where another program listens; 0 or the port that is meant where it
    // names none.
    std::optional<int> endpoint;
    Reload reload = Reload::kInherit;

    [[nodiscard]] bool allows(Type type) const {
        return types == 0 || (types & static_cast<std::uint8_t>(type)) != 0;
    }
    // The schema of a property, also where only a branch of allOf, anyOf or oneOf names it.
    [[nodiscard]] const SchemaNode* find_property(std::string_view key) const;
    // Every property name that the schema or one of its branches knows.
    [[nodiscard]] std::vector<std::string> property_names() const;
};

struct SchemaError {
    std::string pointer;  // into the schema: "/properties/port/minimum"
    std::string message;
};

class Schema {
  public:
    // Allows everything.
    Schema();

    // Every mistake of the schema at once, wrong defaults included.
    static std::expected<Schema, std::vector<SchemaError>> compile(
        const boost::json::value& source);

    [[nodiscard]] const SchemaNode& root() const { return *root_; }

  private:
    explicit Schema(SchemaNode::Ptr root) : root_(std::move(root)) {}

    SchemaNode::Ptr root_;
};

// "integer 1..65535", "one of 'a', 'b'", "a duration such as 5s or 250ms"
std::string describe(const SchemaNode& schema);

// One violation. `path` leads to the value; for an unknown or a missing key it ends with that key.
struct Violation {
    std::vector<std::string> path;
    Code code = Code::kWrongType;
    std::string expected;  // "expected integer 1..65535", or a whole sentence where got is empty
    std::string got;       // as printed, "***" for secrets
    std::string hint;
    bool at_key = false;  // about the key itself, not its value

    [[nodiscard]] std::string pointer() const;     // RFC 6901: "/tags/2"
    [[nodiscard]] std::string field_path() const;  // "tags[2]" style for lists, dots for keys
    [[nodiscard]] std::string message() const;     // expected integer 1..65535, got "80x"
};

struct ValidateOptions {
    // Objects with `properties` and no word on additionalProperties refuse unknown keys. For
    // settings, where an unknown key is a typing error; not for events, which may grow.
    bool closed = false;
    std::size_t max_violations = 200;
};

// Empty means valid. Time is linear in the value for a given schema.
std::vector<Violation> validate(const SchemaNode& schema, const boost::json::value& value,
                                const ValidateOptions& options = {});

// A value as messages show it: short, quoted, escaped, one line.
std::string print_for_message(const boost::json::value& value);

}  // namespace streamwall::config
