#include "entry.hpp"

#include <algorithm>
#include <array>

namespace streamwall::audit {
namespace {

namespace bj = boost::json;

// Nothing publishes them; if somebody ever does, they stop here.
constexpr std::array<std::string_view, 8> kSecrets = {
    "password", "password_hash", "hash", "old_hash", "secret", "token", "api_key", "private_key"};

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

bj::value without_secrets(bj::object from) {
    bj::value out(std::move(from));
    drop_secrets(out);
    return out;
}

// One side of {"field":{"from":…,"to":…}}.
bj::object side(const bj::object& changes, std::string_view name) {
    bj::object out;
    for (const auto& change : changes) {
        const auto* both = change.value().if_object();
        const auto* value = both == nullptr ? nullptr : both->if_contains(name);
        if (value != nullptr) out[change.key()] = *value;
    }
    return out;
}

// Events about records bear the record, which says in which version it is.
bool is_record(const bj::object& data) {
    const auto* version = data.if_contains("version");
    return version != nullptr && version->is_int64();
}

bj::value text_or_null(std::string_view text) {
    return text.empty() ? bj::value(nullptr) : bj::value(text);
}

std::string_view last_token(std::string_view type) {
    return type.substr(type.rfind('.') + 1);
}

}  // namespace

std::optional<bj::object> entry_of(Happening happening) {
    auto& data = happening.data;
    const auto slash = happening.subject.find('/');
    if (slash == happening.subject.npos || !is_record(data)) return std::nullopt;
    if (auto* within = data.if_contains("changes"); within && within->is_object()) {
        happening.changes = std::move(within->get_object());
    }
    data.erase("changes");
    bj::value before(nullptr);
    bj::value after(nullptr);
    if (last_token(happening.type) == "deleted") {
        before = without_secrets(std::move(data));
    } else if (happening.changes.empty()) {
        after = without_secrets(std::move(data));
    } else {
        before = without_secrets(side(happening.changes, "from"));
        after = without_secrets(side(happening.changes, "to"));
    }
    return bj::object{{"at", happening.timestamp},
                      {"actor_type", text_or_null(happening.actor_type)},
                      {"actor_id", text_or_null(happening.actor_id)},
                      {"actor_name", text_or_null(happening.actor_name)},
                      {"action", happening.type},
                      {"resource", happening.subject.substr(0, slash)},
                      {"resource_id", happening.subject.substr(slash + 1)},
                      {"before", std::move(before)},
                      {"after", std::move(after)},
                      {"request_id", text_or_null(happening.request_id)},
                      {"epoch", happening.epoch},
                      {"sequence", happening.sequence}};
}

bj::object shown(const bj::object& record) {
    bj::object actor{{"type", record.at("actor_type")},
                     {"id", record.at("actor_id")},
                     {"name", record.at("actor_name")}};
    bj::object out{{"id", record.at("number")}, {"at", record.at("at")}};
    out["actor"] = std::move(actor);
    for (const auto* name :
         {"action", "resource", "resource_id", "before", "after", "request_id", "hash"})
        out[name] = record.at(name);
    return out;
}

}  // namespace streamwall::audit
