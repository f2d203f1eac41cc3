// accounts.tokens: who a log-in token, a service's own token or a service key speaks for, now.
#pragma once

#include "jwt.hpp"
#include "parts.hpp"

namespace streamwall::accounts {

class Tokens {
  public:
    explicit Tokens(Parts& parts) : parts_(parts) {}

    // Reads the ring's file, or makes it; begins a new key where the current one is too old.
    Result<> open_ring();

    Task<Result<Buffer>> verify(std::string token, Context context);
    // The claims of a token that is valid but for what the store and the list of services say.
    std::expected<jwt::Claims, jwt::Flaw> check(std::string_view token) const;
    // {"token","expires_at","user"} for a user's record. Tokens from before `valid_from` have
    // ended.
    Buffer issue(const boost::json::object& user, Seconds valid_from) const;
    // `address` as of login_news.hpp.
    Task<Result<Buffer>> log_out(std::string token, std::string address, Context context);
    // Takes revoked tokens off the list that have ended by themselves.
    Task<> forget_ended(Context context);

  private:
    Task<Result<Buffer>> verify_signed(std::string token, Context context);
    Task<Result<Buffer>> verify_user(jwt::Claims claims, Context context);
    Result<Buffer> verify_service(const jwt::Claims& claims) const;
    Task<Result<Buffer>> verify_key(std::string token, Context context);
    Task<> note_use(boost::json::object key, Context context);

    Parts& parts_;
};

// A service key's form and hash.
std::string make_key_text();  // "swk_" and 8 letters, "_", 256 random bits
std::string_view prefix_of_key(std::string_view key);
bool is_key_text(std::string_view text);

}  // namespace streamwall::accounts
