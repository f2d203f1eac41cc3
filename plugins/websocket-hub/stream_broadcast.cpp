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
    return {action, record, changes == "{}" ? "" : changes, action == "updated"};
}

std::string render_message(std::string_view identifier_json, const StreamBroadcast& broadcast) {
    constexpr std::string_view kIdentifier = R"({"identifier":)";
    constexpr std::string_view kAction = R"(,"message":{"action":")";
    constexpr std::string_view kStream = R"(","stream":)";
    constexpr std::string_view kChanges = R"(,"changes":)";
    std::string out;
    out.reserve(kIdentifier.size() + kAction.size() + kStream.size() + kChanges.size() + 2 +
                identifier_json.size() + broadcast.action.size() + broadcast.record.size() +
                broadcast.changes.size());
    out.append(kIdentifier).append(identifier_json);
    out.append(kAction).append(broadcast.action);
    out.append(kStream).append(broadcast.record);
    if (!broadcast.changes.empty()) out.append(kChanges).append(broadcast.changes);
    return out.append("}}");
}

}  // namespace streamwall::hub
