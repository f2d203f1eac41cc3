#include "config/check_secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

namespace streamwall::config {

namespace json = boost::json;

namespace {

constexpr std::size_t kShortest = 8;

// What manuals, images and habits put where a secret belongs; letters and digits alone.
constexpr auto kKnown = std::to_array<std::string_view>(
    {"12345678",     "123456789",    "1234567890", "abcdefgh",    "administrator", "bootstrap",
     "correcthorse", "default",      "devsecret",  "hunter2",     "jwtsecret",     "letmein",
     "letmein1",     "mysecret",     "password",   "password1",   "password12",    "password123",
     "passw0rd",     "postgres",     "qwertyui",   "qwerty123",   "secret",        "secret123",
     "secretkey",    "secretsecret", "streamwall", "supersecret", "testsecret",    "testtest",
     "thisisasecret"});

// Whatever stands around them, nobody has replaced it.
constexpr auto kPlaceholders = std::to_array<std::string_view>(
    {"changeme", "changethis", "replaceme", "replacethis", "yoursecret", "yourpassword",
     "yourtoken", "yourkey", "yourapikey", "insertsecret", "placeholder", "notsecret",
     "notasecret"});

std::string letters_and_digits(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    }
    return out;
}

bool is_of_one_letter(std::string_view text) {
    return text.find_first_not_of(text.front()) == text.npos;
}

std::string_view weakness_of_text(std::string_view secret) {
    if (secret.empty()) return "is empty";
    const std::string plain = letters_and_digits(secret);
    const auto is_within = [&](std::string_view word) { return plain.find(word) != plain.npos; };
    if (std::ranges::find(kKnown, plain) != kKnown.end() ||
        std::ranges::any_of(kPlaceholders, is_within)) {
        return "is a well-known one";
    }
    if (secret.size() < kShortest) return "is shorter than 8 bytes";
    return is_of_one_letter(secret) ? "is one letter over and over" : "";
}

// Of a list of URLs the first weakness.
std::string_view weakness_of_urls(std::string_view text) {
    constexpr std::string_view kMark = "://";
    for (auto at = text.find(kMark); at != text.npos; at = text.find(kMark, at)) {
        at += kMark.size();
        const auto authority = text.substr(at, text.find_first_of("/?#", at) - at);
        const auto user = authority.substr(0, std::min(authority.rfind('@'), authority.size()));
        if (user.size() == authority.size()) continue;
        const auto colon = user.find(':');
        if (colon == user.npos) continue;  // a name without a password
        if (const auto found = weakness_of_text(user.substr(colon + 1)); !found.empty())
            return found;
    }
    return "";
}

// What the plugin's schema and the file say of the setting that a pointer leads to.
struct Place {
    const SchemaNode* schema;
    const Node* written;
    Position position;
    std::string path;
    bool is_secret = false;

    void step_to(const std::string& token) {
        const bool is_item = schema != nullptr && schema->items != nullptr &&
                             schema->find_property(token) == nullptr;
        if (is_item) {
            const auto index = static_cast<std::size_t>(std::stoul(token));
            path = join_path(path, index);
            schema = schema->items.get();
            const bool is_there = written && index < written->items.size();
            written = is_there ? &written->items[index] : nullptr;
        } else {
            path = join_path(path, token);
            schema = schema ? schema->find_property(token) : nullptr;
            written = written ? written->find(token) : nullptr;
        }
        is_secret = is_secret || (schema && schema->secret);
        if (written && written->position.known()) position = written->position;
    }
};

Place find_place(const ResolvedInstance& instance, std::string_view pointer) {
    Place place{&instance.schema.root(), &instance.config.settings, instance.config.position,
                instance.config.path()};
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const std::string token(pointer.substr(0, pointer.find('/')));
        pointer.remove_prefix(token.size());
        place.step_to(token);
    }
    return place;
}

std::string_view weakness_of_setting(std::string_view secret, const SchemaNode* schema) {
    const auto* preset = schema && schema->default_value ? &*schema->default_value : nullptr;
    const bool is_preset = preset && preset->is_string() && secret == preset->get_string();
    if (is_preset && secret.empty()) return "";
    const auto found = find_weakness(secret);
    const bool is_url = secret.find("://") != secret.npos;
    return found.empty() && is_preset && !is_url ? "is the one that the plugin ships" : found;
}

void check_instance(const std::string& file, const ResolvedInstance& instance, Diagnostics& out) {
    for (const std::string& pointer : instance.settings.secret_paths) {
        boost::system::error_code error;
        const json::value* value = instance.settings.value.find_pointer(pointer, error);
        if (value == nullptr || !value->is_string()) continue;
        const Place place = find_place(instance, pointer);
        if (!place.is_secret) continue;  // it came from a file, as anything may
        const auto weakness = weakness_of_setting(value->get_string(), place.schema);
        if (weakness.empty()) continue;
        out.push_back({file, place.position, place.path, Code::kWeakSecret,
                       fmt::format("kernel.production refuses this secret: it {}", weakness),
                       "make one with `openssl rand -hex 32`"});
    }
}

}  // namespace

std::string_view find_weakness(std::string_view secret) {
    return secret.find("://") == secret.npos ? weakness_of_text(secret) : weakness_of_urls(secret);
}

void check_secrets(const Topology& topology, const ResolvedNode& node, Diagnostics& out) {
    const auto* kernel = node.kernel.if_object();
    const auto* production = kernel ? kernel->if_contains("production") : nullptr;
    if (production == nullptr || !production->is_bool() || !production->get_bool()) return;
    for (const ResolvedInstance& instance : node.instances) {
        if (instance.config.enabled) check_instance(topology.file, instance, out);
    }
}

}  // namespace streamwall::config
