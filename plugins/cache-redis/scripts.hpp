// Scripts that run inside of Redis, each as one step that nothing comes between (Lua 5.1). Times
// are the server's own, so that clocks of several hosts do not matter.
#pragma once

#include <string>
#include <string_view>

namespace streamwall::redis {

// Known to Redis by its SHA-1 once it has run; sent whole where the server does not know it.
class Script {
  public:
    explicit Script(std::string_view source);
    std::string_view source() const { return source_; }
    const std::string& sha1() const { return sha1_; }

  private:
    std::string_view source_;
    std::string sha1_;
};

struct Scripts {
    // KEYS: the log of a window. ARGV: window in µs, limit, cost.
    // → {allowed 0|1, remaining, µs until `cost` more will pass}
    Script check;
    // KEYS: the registry of instances, then a window each. ARGV: this instance, then for each
    // window "age count age count…" of what passed here and was not reported yet; age in seconds.
    // → {instances, then "age count age count…" of all instances together}
    Script exchange;
    // KEYS: lock, last token. ARGV: owner, time to live in ms.
    // → {granted 0|1, owner, token, ms it is held for}
    Script acquire;
    // KEYS: lock. ARGV: token, time to live in ms. → 1 where the lock is still that token's
    Script renew;
    // KEYS: lock. ARGV: token. → 1 where the lock was still that token's
    Script release;
};

Scripts make_scripts();

}  // namespace streamwall::redis
