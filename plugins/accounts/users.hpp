// accounts.users: signing up, logging in, and what administrators do with users.
#pragma once

#include "login_news.hpp"
#include "login_tries.hpp"
#include "passwords.hpp"
#include "tokens.hpp"

namespace streamwall::accounts {

class Users {
  public:
    Users(Parts& parts, Tokens& tokens, LoginTries& tries);

    // `request` as in <streamwall/contracts/accounts.hpp>.
    Task<Result<Buffer>> sign_up(std::string request, Context context);
    Task<Result<Buffer>> log_in(std::string request, Context context);
    Task<Result<Buffer>> me(Context context);
    Task<Result<Buffer>> change_password(std::string request, Context context);
    Task<Result<Buffer>> list(std::string request, Context context);
    Task<Result<Buffer>> get(std::string request, Context context);
    Task<Result<Buffer>> create(std::string request, Context context);
    Task<Result<Buffer>> take_over(std::string request, Context context);
    Task<Result<Buffer>> update(std::string request, Context context);
    Task<Result<Buffer>> remove(std::string request, Context context);

  private:
    struct NewUser {
        boost::json::object record;
        std::string password;
    };
    struct Change;
    struct Target {
        boost::json::object user;
        boost::json::object secret;
    };
    Task<Result<boost::json::object>> add(NewUser user, Context context);
    Task<Result<boost::json::object>> add_hashed(boost::json::object record, std::string hash,
                                                 Context context);
    // The user that a request of an administrator names, with what is secret of them.
    Task<Result<Target>> target_of(std::string request, Context context);
    Task<Result<>> keep_an_admin(boost::json::object user, Context context);
    Task<> renew_hash(boost::json::object secret, std::string password, Context context);
    // The user who asks; PERMISSION_DENIED where a key does.
    Task<Result<boost::json::object>> asking(Context context);
    // Whether a log-in may be tried now.
    Task<Result<>> count_try(LoginNews::Try who, Context context);
    // UNAUTHENTICATED where `who` is nobody or has another password.
    Task<Result<Target>> known_by(LoginNews::Try who, std::string password, Context context);
    Task<Error> refuse(LoginNews::Try who, std::string_view reason, Context context);

    Parts& parts_;
    Tokens& tokens_;
    Passwords passwords_;
    LoginTries& tries_;
    LoginNews news_{parts_};
};

}  // namespace streamwall::accounts
