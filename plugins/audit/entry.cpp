#include "entry.hpp"

#include "page_index.hpp"

#include <streamwall/contracts/record.hpp>
#include <streamwall/model/rfc3339.hpp>
#include <streamwall/sdk/json.hpp>

#include <algorithm>
#include <array>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;

// Nothing publishes them; if somebody ever does, they stop here.
constexpr std::array<std::string_view, 8> kSecrets = {
    "password", "password_hash", "hash", "old_hash", "secret", "token", "api_key", "private_key"};
constexpr std::string_view kFirstLetters = "phosta";

void drop_secrets(bj::value& value) {
    if (auto* list = value.if_array()) {
        for (auto& item : *list)
            drop_secrets(item);
    }
    auto* object = value.if_object();
    if (object == nullptr) return;
    for (const auto name : kSecrets)
        object->erase(name);
    for (auto& member : *object)
        drop_secrets(member.value());
}

bool begins_with_secret(std::string_view text) {
    if (text.empty() || kFirstLetters.find(text.front()) == text.npos) return false;
    return std::ranges::any_of(kSecrets, [&](std::string_view name) {
        return text.starts_with(name) && text.substr(name.size()).starts_with('"');
    });
}

// Where a secret may stand in it, or a name written with escapes; and a line must be one line.
bool wants_care(std::string_view json) {
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (c == '\n' || (c == '\\' && json.substr(at + 1).starts_with('u'))) return true;
        if (c == '"' && begins_with_secret(json.substr(at + 1))) return true;
    }
    return false;
}

void append_without_secrets(std::string& out, std::string_view json) {
    if (!wants_care(json)) {
        out += json;
        return;
    }
    auto value = bj::parse(json);
    drop_secrets(value);
    out += bj::serialize(value);
}

// One side of {"field":{"from":…,"to":…}}, as an object.
std::string side(std::string_view changes, std::string_view name) {
    std::string out = "{";
    json::scan_members(changes, [&](std::string_view field, std::string_view both) {
        const auto value = json::find_member(both, name);
        if (value.empty()) return true;
        if (out.size() > 1) out += ',';
        out += '"';
        out += field;
        out += "\":";
        out += value;
        return true;
    });
    return out += '}';
}

bool is_empty_object(std::string_view json) {
    return json::scan_members(json, [](auto, auto) { return false; }) &&
           json.find('"') == json.npos;
}

// The record and what changed in it. A record's version is its last member; where an event came as
// an envelope, `changes` are behind it.
struct Told {
    std::string_view whole, changes;
    std::string cut = {};  // the record where something was cut out of it

    std::string_view record() const { return cut.empty() ? whole : cut; }
};

std::optional<Told> told_by(const Happening& happening) {
    Told out{.whole = happening.data, .changes = happening.changes};
    if (!contracts::record_version_text(out.whole).empty()) return out;
    // Events about records say in which version they are, those of deeds how these came out.
    const auto version = json::to_integer(json::find_member(out.whole, "version"));
    if (!version && json::find_member(out.whole, "outcome").empty()) return std::nullopt;
    const auto within = json::find_member(out.whole, "changes");
    if (within.empty()) return out;
    if (within.front() == '{') out.changes = within;
    auto record = bj::parse(out.whole).as_object();
    record.erase("changes");
    out.cut = bj::serialize(record);
    return out;
}

void append_before_and_after(std::string& out, std::string_view type, const Told& told) {
    const bool is_removal = type.substr(type.rfind('.') + 1) == "deleted";
    const bool has_changes = !told.changes.empty() && !is_empty_object(told.changes);
    out += R"(,"before":)";
    if (is_removal)
        append_without_secrets(out, told.record());
    else if (has_changes)
        append_without_secrets(out, side(told.changes, "from"));
    else
        out += "null";
    out += R"(,"after":)";
    if (is_removal)
        out += "null";
    else if (has_changes)
        append_without_secrets(out, side(told.changes, "to"));
    else
        append_without_secrets(out, told.record());
}

// `name` with what stands before it, then the text, or null where it is empty.
void append_text(std::string& out, std::string_view name, std::string_view text) {
    out += name;
    if (text.empty())
        out += "null";
    else
        json::append_string(out, text);
}

}  // namespace

std::optional<Entry> entry_of(const Happening& happening) {
    const auto slash = happening.subject.find('/');
    if (slash == happening.subject.npos) return std::nullopt;
    const auto told = told_by(happening);
    if (!told) return std::nullopt;
    const auto resource = happening.subject.substr(0, slash);
    const auto id = happening.subject.substr(slash + 1);
    Entry out;
    out.epoch = happening.epoch;
    out.sequence = happening.sequence;
    auto& text = out.members;
    text.reserve(happening.changes.size() + happening.data.size() + 400);
    append_text(text, R"(,"at":)", happening.timestamp);
    append_text(text, R"(,"actor":{"type":)", happening.actor_type);
    append_text(text, R"(,"id":)", happening.actor_id);
    append_text(text, R"(,"name":)", happening.actor_name);
    append_text(text, R"(},"action":)", happening.type);
    append_text(text, R"(,"resource":)", resource);
    append_text(text, R"(,"resource_id":)", id);
    append_before_and_after(text, happening.type, *told);
    append_text(text, R"(,"request_id":)", happening.request_id);
    append_text(text, R"(,"epoch":)", happening.epoch);
    text += R"(,"sequence":)" + std::to_string(happening.sequence);
    out.keys = entry_keys(resource, id, happening.actor_id, happening.actor_name);
    if (const auto at = model::parse_time(happening.timestamp)) {
        out.at_ms = at->time_since_epoch().count();
    }
    return out;
}

bj::object shown(std::string_view line) {
    auto out = bj::parse(line).as_object();
    out.erase("epoch");
    out.erase("sequence");
    return out;
}

}  // namespace streamwall::audit
