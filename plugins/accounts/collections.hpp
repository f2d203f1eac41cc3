// What accounts keep in the store.
//
// `users` holds what others may see, exactly as it is shown; what nobody may see is in
// `user_secrets`, found by the same e-mail. Keys and tokens are kept as hashes.
#pragma once

#include <string_view>

namespace streamwall::accounts {

inline constexpr std::string_view kUserCollection = "users";
inline constexpr std::string_view kSecretCollection = "user_secrets";
inline constexpr std::string_view kKeyCollection = "api_keys";
inline constexpr std::string_view kRevokedCollection = "revoked_tokens";

// Names of unique keys.
inline constexpr std::string_view kByEmail = "email";
inline constexpr std::string_view kByHash = "hash";
inline constexpr std::string_view kByOldHash = "old_hash";
inline constexpr std::string_view kByToken = "token";

// The request of `store.declare`.
inline constexpr std::string_view kDeclaration = R"({"collections":[
{"name":"users","fields":[
  {"name":"email","type":"text"},{"name":"display_name","type":"text"},
  {"name":"role","type":"text","default":"viewer"},
  {"name":"service","type":"boolean","default":false},
  {"name":"active","type":"boolean","default":true}],
 "unique":[{"name":"email","fields":["email"]}],
 "indexes":[{"name":"role","fields":["role"]}]},
{"name":"user_secrets","fields":[
  {"name":"email","type":"text"},{"name":"password_hash","type":"text"},
  {"name":"valid_from","type":"integer","default":0}],
 "unique":[{"name":"email","fields":["email"]}],"indexes":[]},
{"name":"api_keys","fields":[
  {"name":"name","type":"text"},{"name":"prefix","type":"text"},
  {"name":"scopes","type":"json","default":[]},
  {"name":"rate_class","type":"text","default":"service"},
  {"name":"expires_at","type":"time"},{"name":"last_used_at","type":"time"},
  {"name":"revoked_at","type":"time"},
  {"name":"hash","type":"text"},{"name":"old_hash","type":"text"},
  {"name":"old_hash_until","type":"time"},
  {"name":"rotated_at","type":"time"},
  {"name":"fixed_end","type":"boolean","default":false},
  {"name":"told_state","type":"text","default":"active"}],
 "unique":[{"name":"hash","fields":["hash"]},{"name":"old_hash","fields":["old_hash"]}],
 "indexes":[{"name":"expiry","fields":["expires_at"]}]},
{"name":"revoked_tokens","fields":[
  {"name":"token","type":"text"},{"name":"expires_at","type":"time"}],
 "unique":[{"name":"token","fields":["token"]}],
 "indexes":[{"name":"expiry","fields":["expires_at"]}]}]})";

}  // namespace streamwall::accounts
