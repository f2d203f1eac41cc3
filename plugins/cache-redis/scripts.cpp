#include "scripts.hpp"

#include <openssl/evp.h>

#include <array>

namespace streamwall::redis {

namespace {

// A log of the times at which requests passed: exact, and refused ones leave no trace.
constexpr std::string_view kCheck = R"(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window, limit, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - window))
local used = redis.call('ZCARD', KEYS[1])
if used + cost <= limit then
  local stamp = string.format('%.0f', now)
  for n = 1, cost do
    redis.call('ZADD', KEYS[1], stamp, stamp .. ':' .. (used + n))
  end
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  return {1, limit - used - cost, 0}
end
local blocking = redis.call('ZRANGE', KEYS[1], used + cost - limit - 1, used + cost - limit - 1,
                            'WITHSCORES')
local wait = window
if blocking[2] then wait = tonumber(blocking[2]) + window - now end
return {0, math.max(0, limit - used), wait}
)";

// A hash of counters by second. Seconds that left the window are dropped as they are met.
constexpr std::string_view kExchange = R"(
local now = tonumber(redis.call('TIME')[1])
local last = 60
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 5)
redis.call('EXPIRE', KEYS[1], 5)
local reply = {redis.call('ZCARD', KEYS[1])}
for k = 2, #KEYS do
  local key = KEYS[k]
  for age, count in string.gmatch(ARGV[k], '(%d+) (%d+)') do
    redis.call('HINCRBY', key, string.format('%d', now - tonumber(age)), count)
  end
  if ARGV[k] ~= '' then redis.call('EXPIRE', key, last + 1) end
  local counters = redis.call('HGETALL', key)
  local parts = {}
  for n = 1, #counters, 2 do
    local age = now - tonumber(counters[n])
    if age > last then
      redis.call('HDEL', key, counters[n])
    else
      parts[#parts + 1] = string.format('%d %s', math.max(age, 0), counters[n + 1])
    end
  end
  reply[#reply + 1] = table.concat(parts, ' ')
end
return reply
)";

// Tokens grow for ever: by the counter, and by the clock where the counter was lost with its data.
constexpr std::string_view kAcquire = R"(
local held = redis.call('HMGET', KEYS[1], 'owner', 'token')
if held[1] and held[1] ~= ARGV[1] then
  return {0, held[1], held[2], redis.call('PTTL', KEYS[1])}
end
local token = held[2]
if not token then
  local time = redis.call('TIME')
  local least = time[1] * 1000000 + time[2]
  local last = tonumber(redis.call('GET', KEYS[2]) or '0')
  token = string.format('%.0f', math.max(last + 1, least))
  redis.call('SET', KEYS[2], token)
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', token)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, ARGV[1], token, tonumber(ARGV[2])}
)";

constexpr std::string_view kRenew = R"(
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
)";

constexpr std::string_view kRelease = R"(
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
)";

}  // namespace

Script::Script(std::string_view source) : source_(source) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_Digest(source.data(), source.size(), digest.data(), &length, EVP_sha1(), nullptr);
    constexpr char kHex[] = "0123456789abcdef";
    for (unsigned n = 0; n < length; ++n) {
        sha1_ += kHex[digest[n] >> 4];
        sha1_ += kHex[digest[n] & 15];
    }
}

Scripts make_scripts() {
    return {Script(kCheck), Script(kExchange), Script(kAcquire), Script(kRenew), Script(kRelease)};
}

}  // namespace streamwall::redis
