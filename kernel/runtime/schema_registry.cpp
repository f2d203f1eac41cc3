#include "runtime/schema_registry.hpp"

#include "config/schema_compat.hpp"
#include "runtime/replace_file.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <charconv>
#include <fstream>
#include <optional>

namespace streamwall::runtime {

namespace json = boost::json;

namespace {

// "1.2" → {1, 2}; "2" → {2, 0}
std::optional<std::pair<int, int>> parse_version(std::string_view text) {
    std::pair<int, int> out;
    const auto* end = text.data() + text.size();
    auto [at, failed] = std::from_chars(text.data(), end, out.first);
    if (failed != std::errc{}) return std::nullopt;
    if (at == end) return out;
    if (*at != '.') return std::nullopt;
    const auto minor = std::from_chars(at + 1, end, out.second);
    if (minor.ec != std::errc{} || minor.ptr != end) return std::nullopt;
    return out;
}

std::string to_text(std::pair<int, int> version) {
    return fmt::format("{}.{}", version.first, version.second);
}

}  // namespace

SchemaRegistry::SchemaRegistry(std::filesystem::path data_dir)
    : file_(data_dir.empty() ? data_dir : data_dir / "schemas.json") {
    read();
}

// A file that cannot be read is as good as none: what runs now will be written.
void SchemaRegistry::read() {
    if (file_.empty()) return;
    std::ifstream stream(file_);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    boost::system::error_code malformed;
    const auto document = json::parse(text, malformed);
    if (malformed || !document.is_array()) return;
    for (const auto& value : document.get_array()) {
        const auto* entry = value.if_object();
        const auto text_of = [&](const char* name) {
            const auto* found = entry ? entry->if_contains(name) : nullptr;
            return found && found->is_string() ? std::string(found->get_string()) : std::string();
        };
        const auto version = parse_version(text_of("version"));
        const auto* source = entry ? entry->if_contains("schema") : nullptr;
        auto schema = source ? config::Schema::compile(*source) : config::Schema();
        if (!version || !source || !schema) continue;
        types_[text_of("type")][*version] = {std::move(*schema), *source, text_of("plugin")};
    }
}

void SchemaRegistry::write() const {
    if (file_.empty()) return;
    // What is not remembered is learned again at the next start.
    static_cast<void>(replace_file(file_, json::serialize(described()) + "\n"));
}

Failure SchemaRegistry::compare(const modules::EventSchema& fresh, const config::Schema& schema,
                                Version version, const std::string& plugin, const Versions& known) {
    for (const auto& [other, seen] : known) {
        if (other.first != version.first) continue;
        const auto broken =
            other == version  ? config::find_difference(seen.schema.root(), schema.root())
            : other < version ? config::find_break(seen.schema.root(), schema.root())
                              : config::find_break(schema.root(), seen.schema.root());
        if (!broken) continue;
        const auto member = broken->member.empty() ? "the data" : "'" + broken->member + "'";
        const auto advice =
            other == version
                ? fmt::format("give it version {}.{}", version.first, version.second + 1)
                : fmt::format("give it version {}.0", std::max(version.first, other.first) + 1);
        auto failure =
            Failure::of(SW_FAILED_PRECONDITION,
                        fmt::format("event '{}' {} of '{}' does not fit {} of '{}': {} {}; {}",
                                    fresh.type, to_text(version), plugin, to_text(other),
                                    seen.plugin, member, broken->why, advice));
        failure.where = fresh.type;
        return failure;
    }
    return {};
}

Failure SchemaRegistry::admit(const std::string& plugin,
                              const std::vector<modules::EventSchema>& schemas) {
    std::lock_guard lock(mutex_);
    auto next = types_;
    bool is_new = false;
    for (const auto& fresh : schemas) {
        const auto version = parse_version(fresh.version);
        if (!version) {
            return Failure::of(SW_FAILED_PRECONDITION,
                               fmt::format("event '{}': '{}' is no version; write 1.0", fresh.type,
                                           fresh.version));
        }
        auto schema = config::Schema::compile(fresh.source);
        if (!schema) continue;  // the manifest would have been refused
        auto& known = next[fresh.type];
        auto failure = compare(fresh, *schema, *version, plugin, known);
        if (failure.code != SW_OK) return failure;
        if (known.contains(*version)) continue;
        known[*version] = {std::move(*schema), fresh.source, plugin};
        is_new = true;
    }
    if (!is_new) return {};
    types_ = std::move(next);
    write();
    return {};
}

json::array SchemaRegistry::described() const {
    json::array out;
    for (const auto& [type, versions] : types_) {
        for (const auto& [version, known] : versions) {
            out.push_back(json::object{{"type", type},
                                       {"version", to_text(version)},
                                       {"plugin", known.plugin},
                                       {"schema", known.source}});
        }
    }
    return out;
}

json::array SchemaRegistry::list() const {
    std::lock_guard lock(mutex_);
    return described();
}

}  // namespace streamwall::runtime
