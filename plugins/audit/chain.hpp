// The chain: each entry's hash covers the entry and the hash of the one before it.
//
// SHA-256 over the previous hash, a line feed, and a JSON array of the entry's fields in the order
// of kHashed, members of objects sorted by name. The first entry's previous hash is empty.
#pragma once

#include <boost/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace streamwall::audit {

inline constexpr std::string_view kEntries = "audit_entries";
inline constexpr std::string_view kHeads = "audit_heads";
inline constexpr std::string_view kByNumber = "number";
inline constexpr std::string_view kByEvent = "event";
inline constexpr std::string_view kByName = "name";
inline constexpr std::string_view kHead = "head";

// The request of `store.declare`. An event is one entry for ever: a journal may keep events, and
// hand them over again, longer than the inbox remembers.
inline constexpr std::string_view kDeclaration = R"({"collections":[
{"name":"audit_entries","fields":[
  {"name":"number","type":"integer"},{"name":"at","type":"time"},
  {"name":"actor_type","type":"text"},{"name":"actor_id","type":"text"},
  {"name":"actor_name","type":"text"},{"name":"action","type":"text"},
  {"name":"resource","type":"text"},{"name":"resource_id","type":"text"},
  {"name":"before","type":"json"},{"name":"after","type":"json"},
  {"name":"request_id","type":"text"},
  {"name":"epoch","type":"text"},{"name":"sequence","type":"integer"},
  {"name":"hash","type":"text"}],
 "unique":[{"name":"number","fields":["number"]},{"name":"event","fields":["epoch","sequence"]}],
 "indexes":[{"name":"resource","fields":["resource","resource_id","number"]}]},
{"name":"audit_heads","fields":[
  {"name":"name","type":"text"},{"name":"number","type":"integer"},{"name":"hash","type":"text"}],
 "unique":[{"name":"name","fields":["name"]}],"indexes":[]}]})";

inline constexpr std::array<std::string_view, 13> kHashed = {
    "number",      "at",     "actor_type", "actor_id",   "actor_name", "action",  "resource",
    "resource_id", "before", "after",      "request_id", "epoch",      "sequence"};

// 64 lower-case hex digits. `entry` has all fields of kHashed.
std::string hash_of(std::string_view previous, const boost::json::object& entry);

}  // namespace streamwall::audit
