// The service `locks`: something that only one of many may do, for a while.
//
//   acquire  {"name","owner","ttl_ms"}  → {"granted":bool,"owner","token","expires_in_ms"}
//   renew    {"name","token","ttl_ms"}  → {"held":bool}
//   release  {"name","token"}           → {"released":bool}
//
// A lock ends when its time is over, however its owner fares; who holds it renews well before. The
// owner that holds a lock gets it again with the same token, and a new time. Tokens grow with every
// new owner, for ever: what a lock protects refuses a token smaller than the last it saw, so that
// an owner which was held up and does not know that its time is over can do no harm. Without that
// the lock is advice: a Redis that lost its data grants again.
//
// While the server behind it is away every method fails with UNAVAILABLE. Whether a call that
// failed so had its effect is not known; the time to live bounds the harm.
#pragma once

#include <streamwall/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace streamwall::contracts::locks {

inline constexpr std::string_view kService = "locks";
inline constexpr std::chrono::milliseconds kMaxTtl = std::chrono::hours(24);

inline Buffer acquire_request(std::string_view name, std::string_view owner,
                              std::chrono::milliseconds ttl) {
    return json::Writer()
        .text("name", name)
        .text("owner", owner)
        .number("ttl_ms", ttl.count())
        .buffer();
}
inline Buffer renew_request(std::string_view name, std::int64_t token,
                            std::chrono::milliseconds ttl) {
    return json::Writer()
        .text("name", name)
        .number("token", token)
        .number("ttl_ms", ttl.count())
        .buffer();
}
inline Buffer release_request(std::string_view name, std::int64_t token) {
    return json::Writer().text("name", name).number("token", token).buffer();
}

}  // namespace streamwall::contracts::locks
