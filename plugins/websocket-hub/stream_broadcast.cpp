// The messages of StreamsChannel.
#include "stream_broadcast.hpp"

#include <streamwall/sdk/json_scan.hpp>

#include <algorithm>
#include <utility>

namespace streamwall::hub {

std::string_view choose_action(std::string_view type, std::string_view changes) {
    constexpr std::pair<std::string_view, std::string_view> kActions[] = {
        {"stream.created", "created"},        {"stream.updated", "updated"},
        {"stream.status_changed", "updated"}, {"stream.pinned", "updated"},
        {"stream.archived", "archived"},      {"stream.deleted", "deleted"}};
    const auto* found =
        std::ranges::find(kActions, type, [](const auto& each) { return each.first; });
    if (found == std::end(kActions)) return {};
    if (found->second != "updated") return found->second;
    // A stream that comes out of the archive appears again.
    const auto archived = json::find_member(changes, "archived");
    const bool returns = json::find_member(archived, "from") == "true" &&
                         json::find_member(archived, "to") == "false";
    return returns ? "created" : "updated";
}

StreamBroadcast make_broadcast(std::string_view action, std::string_view record,
                               std::string_view changes) {
    const bool is_step = !json::find_member(changes, "status").empty();
    return {action, record, changes == "{}" ? "" : changes, action == "updated" && !is_step};
}

namespace {

constexpr std::string_view kIdentifier = R"({"identifier":)";
constexpr std::string_view kMessage = R"(,"message":)";
constexpr std::string_view kAction = R"({"action":")";
constexpr std::string_view kStream = R"(","stream":)";
constexpr std::string_view kChanges = R"(,"changes":)";

std::size_t payload_size(const StreamBroadcast& broadcast) {
    return kAction.size() + kStream.size() + kChanges.size() + 1 + broadcast.action.size() +
           broadcast.record.size() + broadcast.changes.size();
}

void append_payload(std::string& out, const StreamBroadcast& broadcast) {
    out.append(kAction).append(broadcast.action).append(kStream).append(broadcast.record);
    if (!broadcast.changes.empty()) out.append(kChanges).append(broadcast.changes);
    out += '}';
}

}  // namespace

std::string render_payload(const StreamBroadcast& broadcast) {
    std::string out;
    out.reserve(payload_size(broadcast));
    append_payload(out, broadcast);
    return out;
}

std::string render_message(std::string_view identifier_json, const StreamBroadcast& broadcast,
                           std::string_view stream_id, const StreamPlace& place) {
    constexpr std::size_t kPlace = 120;
    std::string out;
    out.reserve(kIdentifier.size() + identifier_json.size() + kMessage.size() +
                payload_size(broadcast) + (stream_id.empty() ? 1 : kPlace));
    out.append(kIdentifier).append(identifier_json).append(kMessage);
    append_payload(out, broadcast);
    if (!stream_id.empty()) {
        // Both are made of plain characters.
        out.append(R"(,"stream_id":")").append(stream_id);
        out.append(R"(","epoch":")").append(place.epoch);
        out.append(R"(","offset":)").append(std::to_string(place.sequence));
    }
    return out += '}';
}

std::string render_batch(std::string_view identifier_json,
                         std::span<const StreamBroadcast* const> broadcasts) {
    std::string out;
    std::size_t size = kIdentifier.size() + identifier_json.size() + kMessage.size() + 40;
    for (const auto* broadcast : broadcasts)
        size += payload_size(*broadcast) + 1;
    out.reserve(size);
    out.append(kIdentifier).append(identifier_json).append(kMessage);
    out.append(R"({"action":"batch","messages":[)");
    for (const auto* broadcast : broadcasts) {
        if (broadcast != broadcasts.front()) out += ',';
        append_payload(out, *broadcast);
    }
    return out += "]}}";
}

}  // namespace streamwall::hub
