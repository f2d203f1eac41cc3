// The services of the catalog beside `catalog.streams`: kinds of records that are read, listed and
// changed alike. Requests and replies are JSON objects; `body` is what a client sent.
//
//   catalog.ignore_lists, catalog.streamers, catalog.locations, catalog.timestamps,
//   catalog.walls, catalog.layouts
//     list    {"filters":{name:[value…]},"sort","descending","limit","offset","cursor","count"}
//                                                     → {"records":[…],"count":n,"next_cursor":…}
//     get     {"id"}                                  → the record
//     create  {"strict","body"}                       → the record; ALREADY_EXISTS with details.id
//     update  {"id","versions","replace","strict","body"}, remove {"id","versions"} → the record
//   catalog.ignore_lists also
//     by_type      {}        → {"twitch_users":[…],"discord_users":[…],"urls":[…],"domains":[…]}
//     bulk_create  {"body"}  → {"created":[record…],"errors":[{"index","value","errors":[…]}]}
//     bulk_delete  {"body"}  → {"deleted_count":n}
//   catalog.locations also
//     all, known_cities {}   → {"locations":[…]}
//   catalog.timestamps also
//     resolve, dismiss {"id","versions"}              → the record
//     add_stream    {"id","versions","strict","body"} → the record
//     remove_stream {"id","versions","stream_id"}     → the record
//   catalog.layouts takes in all of them also "wall_id", the wall whose layouts are meant; one of
//   another wall is not found
//
// Changes are announced by the durable events NOUN.created, NOUN.updated and NOUN.deleted, such as
// ignore_entry.created. `versions`, errors: as in <streamwall/contracts/streams.hpp>.
#pragma once

#include <streamwall/contracts/streams.hpp>

#include <string_view>

namespace streamwall::contracts::resources {

inline constexpr std::string_view kIgnoreLists = "catalog.ignore_lists";
inline constexpr std::string_view kStreamers = "catalog.streamers";
inline constexpr std::string_view kLocations = "catalog.locations";
inline constexpr std::string_view kTimestamps = "catalog.timestamps";
inline constexpr std::string_view kWalls = "catalog.walls";
inline constexpr std::string_view kLayouts = "catalog.layouts";

// Methods that all of them have.
inline constexpr std::string_view kList = "list";
inline constexpr std::string_view kGet = "get";
inline constexpr std::string_view kCreate = "create";
inline constexpr std::string_view kUpdate = "update";
inline constexpr std::string_view kRemove = "remove";

inline constexpr std::string_view kByType = "by_type";
inline constexpr std::string_view kBulkCreate = "bulk_create";
inline constexpr std::string_view kBulkDelete = "bulk_delete";
inline constexpr std::string_view kAll = "all";
inline constexpr std::string_view kKnownCities = "known_cities";
inline constexpr std::string_view kResolve = "resolve";
inline constexpr std::string_view kDismiss = "dismiss";
inline constexpr std::string_view kAddStream = "add_stream";
inline constexpr std::string_view kRemoveStream = "remove_stream";

// Every event about the lists of what is ignored.
inline constexpr std::string_view kIgnoreEntryEvents = "ignore_entry.*";

// Values of list_type.
inline constexpr std::string_view kTwitchUser = "twitch_user";
inline constexpr std::string_view kDiscordUser = "discord_user";
inline constexpr std::string_view kUrl = "url";
inline constexpr std::string_view kDomain = "domain";

inline Buffer create_request(std::string_view body, bool strict) {
    return json::Writer().boolean("strict", strict).raw("body", body).buffer();
}

inline Buffer update_request(const streams::Update& update) {
    json::Writer writer;
    writer.number("id", update.id).boolean("replace", update.replace);
    writer.boolean("strict", update.strict);
    streams::detail::add_versions(writer, update.versions);
    return writer.raw("body", update.body).buffer();
}

}  // namespace streamwall::contracts::resources
