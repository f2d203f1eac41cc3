// The one table of configuration error codes. A code, once released, keeps its meaning for ever.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace streamwall::config {

// 00xx: the text and its YAML. 01xx: a setting against its schema. 02xx: nodes and plugins.
// 03xx: substitution. 04xx: a plugin's schema itself.
enum class Code : std::uint16_t {
    kTextTooLarge = 1,
    kNotText = 2,
    kTooDeep = 3,
    kYamlSyntax = 4,
    kTabIndentation = 5,
    kDuplicateKey = 6,
    kAnchor = 7,
    kAlias = 8,
    kMergeKey = 9,
    kTag = 10,
    kManyDocuments = 11,
    kKeyNotScalar = 12,
    kTooManyValues = 13,

    kUnknownKey = 101,
    kMissingKey = 102,
    kWrongType = 103,
    kOutOfRange = 104,
    kNotAllowed = 105,
    kBadLength = 106,
    kBadPattern = 107,
    kBadFormat = 108,
    kBadItems = 109,
    kNoMatchingForm = 110,

    kNoNodes = 201,
    kUnknownNode = 202,
    kAmbiguousNode = 203,
    kBadName = 204,
    kRepeatedInstance = 205,
    kUnusedInstance = 206,
    kStrayOverride = 207,
    kUnknownPlugin = 208,
    kMissingService = 209,
    kSeparatedInterface = 210,
    kSharedAddress = 211,
    kNoTransport = 212,
    kUnreachable = 213,
    kWeakSecret = 214,

    kUnknownVariable = 301,
    kBadSubstitution = 302,
    kUnreadableFile = 303,

    kBadSchema = 401,
};

struct CodeInfo {
    Code code;
    std::string_view help;  // what it means and what to do, for `check --explain` and the manual
};

// "SW-CFG-0103"
std::string code_id(Code code);

std::string_view code_help(Code code);

std::span<const CodeInfo> all_codes();

}  // namespace streamwall::config
