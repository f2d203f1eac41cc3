// Help texts of the configuration error codes.
#include "config/error_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace streamwall::config {

namespace {

constexpr auto kCodes = std::to_array<CodeInfo>({
    {Code::kTextTooLarge, "The file is larger than 1 MiB. Move bulk data out of the settings."},
    {Code::kNotText,
     "The file holds bytes that are not UTF-8 text, such as NUL or other control characters. Save "
     "it as UTF-8."},
    {Code::kTooDeep, "Values are nested more than 64 levels deep. Flatten them."},
    {Code::kYamlSyntax,
     "The text is not YAML at this place. Check indentation, quotes, brackets and colons here and "
     "on the line before."},
    {Code::kTabIndentation, "YAML is indented with spaces only. Replace the tab."},
    {Code::kDuplicateKey, "The same key stands twice in one mapping. Remove one of them."},
    {Code::kAnchor, "Anchors (&name) are refused. Write the value where it is needed."},
    {Code::kAlias, "Aliases (*name) are refused. Write the value out."},
    {Code::kMergeKey,
     "Merge keys (<<) are refused. Write the keys out, or use nodes.<node>.settings."},
    {Code::kTag, "Tags (!name) are refused. The schema of the setting decides its type."},
    {Code::kManyDocuments, "A file is one YAML document. Remove what follows the second '---'."},
    {Code::kKeyNotScalar, "A key must be a plain word, not a list or a mapping."},
    {Code::kTooManyValues, "The file holds more than 50,000 values. Move bulk data out of it."},
    {Code::kUnknownKey, "No setting has this name. Compare with the plugin's README."},
    {Code::kMissingKey, "A required setting is absent. Add it."},
    {Code::kWrongType, "The value has another type than the setting's schema asks for."},
    {Code::kOutOfRange, "The number is outside the range that the setting allows."},
    {Code::kNotAllowed, "The value is not among those that the setting allows."},
    {Code::kBadLength, "The text is shorter or longer than the setting allows."},
    {Code::kBadPattern, "The text does not match the pattern of the setting."},
    {Code::kBadFormat, "The text is not of the format that the setting asks for."},
    {Code::kBadItems, "The list has too few, too many or repeated entries."},
    {Code::kNoMatchingForm, "The value fits none, or more than one, of the forms allowed here."},
    {Code::kNoNodes, "The file names no node. Add one under 'nodes:' with its list of plugins."},
    {Code::kUnknownNode, "The file has no node of this name. Use one of those it lists."},
    {Code::kAmbiguousNode, "The file has several nodes. Say which one to run with --node."},
    {Code::kBadName, "Names are kebab-case: a-z, 0-9 and single hyphens, beginning with a letter."},
    {Code::kRepeatedInstance, "A node lists the same instance twice. Remove one of them."},
    {Code::kUnusedInstance, "No node runs this instance. List it under a node, or remove it."},
    {Code::kStrayOverride, "A node overrides settings of an instance that it does not run."},
    {Code::kUnknownPlugin,
     "No plugin of this name was found. Compare with `streamwall plugins list`; a new instance of "
     "a plugin names it with 'plugin:'."},
    {Code::kMissingService, "A plugin needs a service that no plugin of this file provides."},
    {Code::kSeparatedInterface,
     "A plugin needs a local interface, so its provider must run on the same node and in the same "
     "isolation."},
    {Code::kSharedAddress,
     "Two listeners have one address, so that the second cannot start where the first runs. Give "
     "each its own port; 0 picks a free one."},
    {Code::kNoTransport,
     "Nodes in several processes meet through a transport. List one under every node, or run the "
     "file with `streamwall up` on one machine."},
    {Code::kUnreachable,
     "Nobody answers where the setting says (asked with `check --connect`). Start the server, or "
     "correct the address."},
    {Code::kWeakSecret,
     "With `production: true` no secret may be one that anybody could know: the plugin's default, a "
     "word of manuals, a placeholder, a few letters. Make one with `openssl rand -hex 32`."},
    {Code::kUnknownVariable,
     "The environment variable is not set and has no default. Set it, or write ${NAME:-default}."},
    {Code::kBadSubstitution,
     "Known are ${NAME}, ${NAME:-default}, ${file:/path}, ${node} and ${replica}. Write $${ for a "
     "literal ${."},
    {Code::kUnreadableFile, "The file named by ${file:...} cannot be read. Check path and rights."},
    {Code::kBadSchema,
     "The plugin's own settings schema is wrong or uses a keyword that is not supported. Tell the "
     "plugin's author."},
});

}  // namespace

std::string code_id(Code code) {
    return fmt::format("SW-CFG-{:04}", static_cast<std::uint16_t>(code));
}

std::string_view code_help(Code code) {
    const auto found = std::ranges::find(kCodes, code, &CodeInfo::code);
    return found == kCodes.end() ? std::string_view{} : found->help;
}

std::span<const CodeInfo> all_codes() {
    return kCodes;
}

}  // namespace streamwall::config
