// Who asks: credentials of a request turned into a principal.
#pragma once

#include "host.hpp"

#include <streamwall/base.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace streamwall::http_server {

struct RequestHead;

// Whose a credential is: one for all tokens of a user, and for both secrets of a key.
using PrincipalId = std::array<std::uint8_t, 16>;

// Texts live as long as the principal or a copy of it.
struct Principal {
    std::string_view type = "anonymous";  // user, key, service, anonymous
    std::string_view id;
    std::string_view name;
    std::string_view role;    // viewer, editor, admin or empty
    std::string_view scopes;  // separated by spaces
    PrincipalId rate_id{};
    PrincipalId likeness{};        // of who may change: the same where handlers are told the same
    bool has_service_rate = true;  // else that of a user
    std::shared_ptr<const void> texts = nullptr;  // what the views point into, where they need it
    Time ends = Time::max();                      // when what was said of it ends by itself

    bool is_anonymous() const { return type == "anonymous"; }
    int rank() const;  // SW_HTTP_OPEN … SW_HTTP_ADMIN
    bool has_scope(std::string_view scope) const;
    // What handlers are told of it; points into it.
    sw_context context() const;
};

// What is known of a token.
struct Verdict {
    enum class State {
        kValid,
        kRefused,
        kUnknown,      // somebody has to be asked
        kUnavailable,  // who should know cannot be asked now
    };
    State state = State::kRefused;
    Principal principal = {};  // where it is valid

    bool is_valid() const { return state == State::kValid; }
    static Verdict valid(Principal principal) { return {State::kValid, std::move(principal)}; }
};

class Authenticator {
  public:
    virtual ~Authenticator() = default;
    // [any; must not block]
    virtual Verdict authenticate(std::string_view token) = 0;
    // Finds out where authenticate() does not know. `done` runs exactly once, also before this
    // returns, on any thread, and never with kUnknown. [any; must not block]
    virtual void verify(std::string_view token, std::function<void(Verdict)> done) {
        done(authenticate(token));
    }
    // Whether what was said of this principal may not hold for as long as this runs. [any]
    virtual bool may_change(const PrincipalId& /*who*/) const { return false; }
};

using TokenDigest = std::array<std::uint8_t, 32>;
// SHA-256. [any]
TokenDigest digest_of(std::string_view text);

// One key that is everything: the way in while nobody has an account.
class BootstrapKey final : public Authenticator {
  public:
    explicit BootstrapKey(std::string_view key);
    Verdict authenticate(std::string_view token) override;
    std::optional<Principal> find(const TokenDigest& digest) const;
    const PrincipalId& id() const { return id_; }

  private:
    TokenDigest digest_;  // the key itself is not kept
    PrincipalId id_{};    // Principal::rate_id
};

// The key kept in `path` (mode 0600), made there first where it is missing: "sw_" and 256 random
// bits. Throws std::system_error, or std::runtime_error where others could read the file.
std::string load_or_make_key(const std::string& path);

// The token of a request: of Authorization, else of ?token= where `allow_query`, else of the
// sub-protocol "anycable-token.TOKEN" that an upgrade offers, else of the cookie of a page's
// session. `malformed` where an Authorization header is there but holds no Bearer token, or the
// header is repeated.
struct Credential {
    bool present = false;
    bool malformed = false;
    bool by_cookie = false;  // browsers send it by themselves
    std::string token;
};
Credential find_credential(const RequestHead& head, bool allow_query);

inline constexpr std::string_view kSessionCookie = "streamwall_session";

// What a page has to send as X-CSRF-Token with whatever changes something: lower-case hex of the
// first 16 bytes of SHA-256 over "streamwall-csrf:" and the session's token. Other sites can make a
// browser send the cookie, but cannot read it.
std::string csrf_token_of(std::string_view session_token);

}  // namespace streamwall::http_server
