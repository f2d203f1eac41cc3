// Announcements as JSON.
#include "transport/mesh/announcement.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace streamwall::transport {

namespace json = boost::json;

namespace {

json::object describe(const PeerIdentity& peer) {
    return {{"peer", peer.name},         {"node", peer.node}, {"isolation", peer.isolation},
            {"version", peer.version},   {"boot", peer.boot}, {"pid", peer.pid},
            {"started", peer.started_ms}};
}

std::string text(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}
std::int64_t number(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_int64() ? found->get_int64() : 0;
}
bool flag(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_bool() && found->get_bool();
}

const json::array& list(const json::object& from, std::string_view name) {
    static const json::array empty;
    const auto* found = from.if_contains(name);
    return found && found->is_array() ? found->get_array() : empty;
}
std::set<std::string> texts(const json::object& from, std::string_view name) {
    std::set<std::string> out;
    for (const auto& entry : list(from, name)) {
        if (entry.is_string()) out.emplace(entry.get_string());
    }
    return out;
}

PeerIdentity identity(const json::object& from) {
    return {text(from, "peer"), text(from, "node"),  text(from, "isolation"), text(from, "version"),
            text(from, "boot"), number(from, "pid"), number(from, "started")};
}

bool same_journals(const std::vector<JournalInfo>& one, const std::vector<JournalInfo>& other) {
    return std::ranges::equal(one, other, [](const JournalInfo& a, const JournalInfo& b) {
        return a.epoch == b.epoch && a.peer == b.peer;
    });
}

}  // namespace

std::string encode_announcement(const Announcement& announcement) {
    auto out = describe(announcement.peer);
    if (announcement.leave) {
        out["leave"] = true;
        return json::serialize(out);
    }
    if (announcement.hello) out["hello"] = true;
    out["services"] = json::value_from(announcement.services);
    out["node_services"] = json::value_from(announcement.node_services);
    out["patterns"] = json::value_from(announcement.patterns);
    out["follows"] = json::value_from(announcement.follows);
    json::array journals, behind;
    for (const auto& journal : announcement.journals) {
        journals.push_back({{"epoch", journal.epoch},
                            {"peer", journal.peer},
                            {"first", static_cast<std::int64_t>(journal.first)},
                            {"last", static_cast<std::int64_t>(journal.last)}});
    }
    for (const auto& peer : announcement.behind)
        behind.push_back(describe(peer));
    out["journals"] = std::move(journals);
    out["behind"] = std::move(behind);
    return json::serialize(out);
}

std::expected<Announcement, Failure> decode_announcement(std::string_view from) {
    boost::system::error_code failed;
    const auto value = json::parse(from, failed);
    const auto* object = failed ? nullptr : value.if_object();
    Announcement out;
    if (object) out.peer = identity(*object);
    if (out.peer.name.empty() || out.peer.boot.empty()) {
        return std::unexpected(Failure::of(SW_DATA_LOSS, "an announcement is unreadable"));
    }
    out.leave = flag(*object, "leave");
    out.hello = flag(*object, "hello");
    out.services = texts(*object, "services");
    out.node_services = texts(*object, "node_services");
    out.patterns = texts(*object, "patterns");
    out.follows = texts(*object, "follows");
    for (const auto& entry : list(*object, "journals")) {
        if (!entry.is_object()) continue;
        const auto& journal = entry.get_object();
        out.journals.push_back({text(journal, "epoch"), text(journal, "peer"),
                                static_cast<std::uint64_t>(number(journal, "first")),
                                static_cast<std::uint64_t>(number(journal, "last"))});
    }
    for (const auto& entry : list(*object, "behind")) {
        if (entry.is_object()) out.behind.push_back(identity(entry.get_object()));
    }
    return out;
}

bool says_the_same(const Announcement& one, const Announcement& other) {
    return one.peer == other.peer && one.leave == other.leave && one.services == other.services &&
           one.node_services == other.node_services && one.patterns == other.patterns &&
           one.follows == other.follows && same_journals(one.journals, other.journals) &&
           one.behind == other.behind;
}

}  // namespace streamwall::transport
