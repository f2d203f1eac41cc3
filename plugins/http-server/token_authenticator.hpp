// TokenAuthenticator: the bootstrap key, and tokens that a service knows.
//
// What the service said of a token is kept by the token's hash until the token's end, or until it
// is told that the credentials of whom it stands for have changed, so that requests ask nobody.
// Where such news may have been missed everything is asked anew, and while none can be heard
// nothing is kept longer than CredentialNews::kSilence: that bounds how long a listener that is cut
// off takes for granted what has ended elsewhere.
#pragma once

#include "auth.hpp"
#include "credential_news.hpp"
#include "host.hpp"
#include "token_cache.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace streamwall::http_server {

// Principal::rate_id of whom the service knows.
PrincipalId rate_id_of(std::string_view type, std::string_view id);

class TokenAuthenticator final : public Authenticator {
  public:
    // The service notes when a key was used last. It hears of one that is in use so often.
    static constexpr std::chrono::minutes kUseTold{5};
    static constexpr std::size_t kMaxToken = 8 * 1024;

    // What `verify` answered: its reply, or why there is none.
    struct Reply {
        std::string_view body = {};  // empty: there is none
        bool is_refusal = false;
    };
    using OnReply = std::function<void(const Reply&)>;
    struct Outside {
        // Calls `done` once, on any thread, also before it returns.
        std::function<void(const std::string& request, OnReply done)> ask;
        std::function<std::int64_t()> wall_ms;
        std::function<Time()> now;
        // What tokens opened may stand for what has ended, see CredentialNews::heard(). [any]
        std::function<void()> doubted;
    };

    // Outlives every answer.
    TokenAuthenticator(std::string_view bootstrap_key, Outside outside);

    Verdict authenticate(std::string_view token) override;
    void verify(std::string_view token, std::function<void(Verdict)> done) override;
    bool may_change(const PrincipalId& who) const override { return who != bootstrap_.id(); }
    // Somebody's credentials have changed: what was said of them is asked anew. [any]
    void forget(const PrincipalId& who);
    // What a teller says of changes; everything is asked anew where that is called for. [any]
    void heard(const CredentialNews::Told& told);
    std::size_t size() const { return cache_.size(); }

  private:
    struct Asked {
        Time at;
        std::uint64_t position;  // among the news
    };
    static bool is_worth_asking(std::string_view token);
    void ask(std::string token, int tries, std::function<void(Verdict)> done);
    // Nothing where what was said may be out of date by now.
    std::optional<Verdict> learn(const TokenDigest& digest, const Reply& reply, Asked asked);

    BootstrapKey bootstrap_;
    const Outside outside_;
    TokenCache cache_;
    CredentialNews news_;
};

}  // namespace streamwall::http_server
