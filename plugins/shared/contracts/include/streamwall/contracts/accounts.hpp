// The services of accounts. Requests and replies are JSON objects; `body` is what a client sent.
//
//   accounts.tokens
//     verify       {"token"}        → {"principal":{"type","id","name","role","scopes"},
//                                      "rate_class":"user|service","expires_at":ms,
//                                      "teller","count"}
//                                     UNAUTHENTICATED for whatever is not valid now
//     public_keys  {}               → a JWK set (RFC 7517)
//   accounts.users
//     sign_up      {"body","strict"}            → {"token","expires_at","user"}
//     log_in       {"body","address"}           → the same; UNAUTHENTICATED; RESOURCE_EXHAUSTED
//                                                 with details.code "too_many_tries" and retry_after
//     log_out      {"token","address"}          → {}
//     me           {}                           → the user that asks
//     change_password {"body","address","strict"} → a new log-in, as log_in; all others have ended
//     list         {"limit","offset","cursor"}  → {"records":[…],"count","next_cursor"}
//     get          {"id"} · create {"body","strict"} ·
//     take_over    {"body" with password_hash,"dry_run"} → {"id","created"}: a user of another
//                                                 system; who has the e-mail stays as they are
//     update       {"id","versions","replace","body","strict"} ·
//     remove       {"id","versions"}            → the user
//   accounts.keys
//     list, get    as above                     → keys without their secrets
//     create       {"body","strict"} · rotate {"id"} → the key with its secret as "key"
//     revoke       {"id"}                       → the key
//
// All of accounts.keys, and list to remove of accounts.users, are for administrators and the host.
// What happens to somebody's credentials is told by the transient event kCredentialsChanged:
// whoever keeps verified principals forgets those of {"type","id"}. Each is numbered by its teller,
// which says each second by kCredentialsCounted how many there were, and beside what `verify` found
// how many there were before it. Whoever heard fewer, or nothing for a while, verifies everything
// anew. {"last":true} says that the teller stops.
#pragma once

#include <array>
#include <string_view>

namespace streamwall::contracts::accounts {

inline constexpr std::string_view kTokens = "accounts.tokens";
inline constexpr std::string_view kVerify = "verify";
inline constexpr std::string_view kPublicKeys = "public_keys";

inline constexpr std::string_view kUsers = "accounts.users";
inline constexpr std::string_view kSignUp = "sign_up";
inline constexpr std::string_view kLogIn = "log_in";
inline constexpr std::string_view kLogOut = "log_out";
inline constexpr std::string_view kMe = "me";
inline constexpr std::string_view kChangePassword = "change_password";
inline constexpr std::string_view kTakeOver = "take_over";

inline constexpr std::string_view kKeys = "accounts.keys";
inline constexpr std::string_view kRotate = "rotate";
inline constexpr std::string_view kRevoke = "revoke";

inline constexpr std::string_view kList = "list";
inline constexpr std::string_view kGet = "get";
inline constexpr std::string_view kCreate = "create";
inline constexpr std::string_view kUpdate = "update";
inline constexpr std::string_view kRemove = "remove";

// Members of requests.
inline constexpr std::string_view kBody = "body";
inline constexpr std::string_view kStrict = "strict";

// Values of details.code.
inline constexpr std::string_view kTooManyTries = "too_many_tries";
inline constexpr std::string_view kLastAdmin = "last_admin";
inline constexpr std::string_view kSignUpClosed = "sign_up_closed";

inline constexpr std::string_view kCredentialsChanged = "credentials.changed";
inline constexpr std::string_view kCredentialsCounted = "credentials.counted";
inline constexpr std::string_view kUserRegistered = "user.registered";
inline constexpr std::string_view kUserUpdated = "user.profile.updated";
inline constexpr std::string_view kUserDeleted = "user.deleted";
inline constexpr std::string_view kUserLoggedIn = "user.logged_in";
inline constexpr std::string_view kLogInFailed = "user.log_in_failed";
inline constexpr std::string_view kUserLockedOut = "user.locked_out";
inline constexpr std::string_view kUserLoggedOut = "user.logged_out";
inline constexpr std::string_view kKeyCreated = "api_key.created";
inline constexpr std::string_view kKeyRotated = "api_key.rotated";
inline constexpr std::string_view kKeyRevoked = "api_key.revoked";
inline constexpr std::string_view kKeyFlagged = "api_key.flagged";

// What every key begins with, so that it is told from a log-in token at a glance.
inline constexpr std::string_view kKeyMark = "swk_";

inline constexpr std::array<std::string_view, 6> kScopes = {
    "streams:read", "streams:write", "status:write", "lists:read", "events:read", "admin"};

}  // namespace streamwall::contracts::accounts
