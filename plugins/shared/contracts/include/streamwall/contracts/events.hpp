// Types of the events about streams.
#pragma once

#include <string_view>

namespace streamwall::contracts::events {

inline constexpr std::string_view kStreamDiscovered = "stream.discovered";
inline constexpr std::string_view kStreamCreated = "stream.created";
inline constexpr std::string_view kStreamUpdated = "stream.updated";
inline constexpr std::string_view kStreamStatusChanged = "stream.status_changed";
inline constexpr std::string_view kStreamPinned = "stream.pinned";
inline constexpr std::string_view kStreamArchived = "stream.archived";
inline constexpr std::string_view kStreamDeleted = "stream.deleted";
inline constexpr std::string_view kStreamDuplicateSeen = "stream.duplicate_seen";

}  // namespace streamwall::contracts::events
